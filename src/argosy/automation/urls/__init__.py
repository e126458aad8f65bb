"""What is behind URLs of functions, and the links to their code."""

"""What control does with logs: metric filters are run, and what is too old or too much goes."""

"""One file per AWS service or SageMaker resource family. Handlers write intent; they never act."""

"""SageMaker Pipelines: definitions and their executions, written down; control carries them out."""

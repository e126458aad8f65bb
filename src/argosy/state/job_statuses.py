"""The statuses that SageMaker's jobs (transform, processing, training, tuning) have in common."""

IN_PROGRESS = "InProgress"
COMPLETED = "Completed"
FAILED = "Failed"
STOPPING = "Stopping"
STOPPED = "Stopped"

UNFINISHED = (IN_PROGRESS, STOPPING)
FINISHED = (COMPLETED, FAILED, STOPPED)

"""Model monitoring's resources: job definitions, schedules, executions. Control runs them."""

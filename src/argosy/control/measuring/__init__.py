"""What the platform measures of endpoints and jobs, published as SageMaker's metrics."""

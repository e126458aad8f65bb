"""What Prometheus is shown: sums since control began, and how things are now."""

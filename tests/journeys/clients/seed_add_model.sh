# Seed 004, "Add model to existing endpoint", as written.
set -euo pipefail

# Add an AdditionalModel to the endpoint and exercise it
aws s3 cp AdditionalModel.tar.gz s3://my-bucket/path/to/artifacts/

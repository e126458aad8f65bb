"""Model monitoring's analysis: what a dataset is like, and where it differs from its baseline.

`python -m argosy.monitor` reads CSV, JSON, Parquet or captured data from S3 as a stream, computes
statistics, constraints and violations in SageMaker Model Monitor's own schemas, and writes them to
S3. It runs no code of users', keeps no schedule and knows no records: control starts it as a child
process with one `analysis.Analysis`, and reads its `analysis.Result`.
"""

"""Argosy shown at work with plain boto3: `script/demo`.

Read it in this order: `__main__.py` (the tour, one step after the other), `aws.py` (what each step
asks of SageMaker, as anybody would write it), `models.py` (what is deployed), `calls.py` (asking an
endpoint and measuring the answers), `show.py` (the screen).
"""

"""The definition of a SageMaker pipeline: read, checked, and its references resolved. Pure.

Source: the schema of pipeline definitions, version 2020-12-01, and what the SageMaker SDK writes.
"""

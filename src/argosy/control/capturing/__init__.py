"""Captured requests and answers, from the edges' spool files to objects in the bucket that the
endpoint's DataCaptureConfig names. Which requests are captured is the edge's affair."""

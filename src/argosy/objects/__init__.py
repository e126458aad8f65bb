"""Objects: the one S3 client of Argosy's own code, and archives packed and unpacked safely.

Knows no service, no record and no agent; what crosses is a `StoreAccess`, an `S3Uri`, a path.
"""

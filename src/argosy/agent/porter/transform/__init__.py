"""Batch transform beside the model: objects in, mini-batches to the model, objects out.

`engine` takes tasks from control; `run` carries one out: a `source` of bytes is cut into
mini-batches (`lines`, `framed`, `whole`, `row_groups`), `slots` ask the model, `processing` filters
and joins, `output` writes pieces that are durable one by one. No object is ever held whole.
"""

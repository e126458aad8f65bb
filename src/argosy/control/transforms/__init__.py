"""Transform jobs: instances for each, and a desk that deals its objects out to their porters.

`lifecycle`, `ranges`, `outputs`, `objects` and `progress` decide (values in, values out);
`reconciler` launches and ends, `work` keeps the book of one job, `desk` speaks with porters,
`listing` and `clearing` ask the store, in threads.
"""

"""Asynchronous requests on an instance: fetched from the store, asked of the model, written back.

    job     takes what control gives, a thread for each request that is open
    trip    one request from its payload to its answer in the store
    model   the connection to the model: frames whose bodies are passed on in pieces
    report  what control is told in the end, and the line in the data log

A payload, or an answer, larger than a few MiB is never held whole here.
"""

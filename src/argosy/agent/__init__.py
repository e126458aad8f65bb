"""The agent: one small process beside each model, the hands of the platform on an instance.

    fetch and unpack → start the worker in its sandbox → have it load → ping → say what is so

It runs no user code itself and decides nothing about endpoints: it reports and obeys signals.
It is one thread around one selector (`watch`), and imports late, to stay small.
"""

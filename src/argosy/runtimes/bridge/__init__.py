"""The bridge: frames on one side, a container's HTTP server on the other.

    edge, agent ── frames ──► bridge ── HTTP/1.1, kept alive ──► the user's `serve`, port 8080

It stands where a model worker stands and keeps the same promises (`argosy.runtimes.frames`), so
that nobody above knows which of the two an instance has. The user's program is its child; or, with
`--connect`, a server that somebody else started. It decodes no body. A container of many
models (`many`) has a slot for each of them, which is to edges what a worker is.
"""

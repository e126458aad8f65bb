"""The public port: parse, authenticate, route; no database, no service models.

    client bytes ─► connection ─► request ─► invocation ─► link  ─► model worker
                                         ├─► relay ─► upstream ─► object store
                                         └─► call  ─► upstream ─► control

On the way of an invocation nothing is awaited: callbacks of protocols, one write for each loop
turn towards each worker. What an edge must know to serve alone is in its routing table.
"""

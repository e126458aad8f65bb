"""Scaling: alarms ring, policies decide, capacities change, activities tell of it.

`policies` and `deciding` are pure; `capacity` reads and writes how many there are; `whole` is what
control starts. Instances come and go by the endpoints' own reconciler.
"""

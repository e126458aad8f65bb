"""Backends that launch, stop and list instances. They do not know each other."""

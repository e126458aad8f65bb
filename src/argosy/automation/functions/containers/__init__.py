"""Functions of container images: what docker or podman is asked for, and how it is heard.

whole       the kind of environment: a container in the place of a process
container   one container, from its making to its removal
definition  what the engine is told of it (pure)
shelf       the images that functions have in the engine
archive     an image of the registry in the form that engines load
"""

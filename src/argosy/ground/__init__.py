"""The ground floor: errors, clock, names, settings, paths and the plain data every floor speaks.

Nothing here does network I/O or knows any other floor.
"""

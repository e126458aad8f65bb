"""Writes the pages of docs/ that the code already knows, and checks pages and links.

A page that is generated cannot drift from the code: `script/check` fails when it has.
"""

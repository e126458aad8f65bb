"""`python -m argosy.cli`: the same as the command `argosy`."""

from argosy.cli import main

main()

"""`python -m argosy.api`: the control process."""

from argosy.api.process import main

main()

"""Control's HTTP face: one ordered list of verbs that a request passes.

Takes only what the edge has checked: signatures are not looked at here, and the socket is
private to the user. No service's meaning is known here; see `argosy.services`.
"""

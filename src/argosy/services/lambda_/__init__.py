"""Lambda: functions, their code, versions and aliases, who may invoke them, and what does.

What runs a function is handed in (`Call.functions`); what invokes it later lies in
`state/invocations.py` and is carried out by `automation/queue`.
"""

"""Notebook instances and EC2 instances: machines that are on until they are told to be off.

`deciding.py` says what is to be done, `kinds.py` what each kind calls it.
"""

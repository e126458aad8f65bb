"""Processing jobs: each is one child process of control, started again should control be killed.

`analysis.py` says what Model Monitor's image does; another image is another such file.
"""

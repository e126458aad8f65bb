"""`argosy up`: starts and watches the processes of one machine, and stops them again.

It takes the data folder's lock, makes the root key, holds the public sockets, and restarts what
dies. It serves nothing itself and keeps no state but the files in the data folder.
"""

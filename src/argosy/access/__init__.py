"""Who calls: signatures made and checked, and the errors of authentication.

Pure values in, values out; nothing here reads a socket, a file or the time. It refuses to decide
what an identity may do: that is policy, and comes on top.
"""

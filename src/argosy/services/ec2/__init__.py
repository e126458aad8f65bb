"""EC2: instances on this machine, with the part of its API that switches them on and off.

There are no networks, disks, images or keys to choose from: what names one is answered as EC2
answers for one that does not exist.
"""

"""An instance that runs something to its end: one host of a training or processing job.

    life       the whole of it, read from top to bottom
    layout     /opt/ml as the algorithm finds it: folders, configuration files, other paths
    objects    which objects a channel means for this host; inputs fetches them, pipes feeds them
    command    what is run, with which variables; enclosure puts it into its sandbox
    algorithm  the running process: its start, its signals, its end
    uploads    what it left goes to S3; syncing does that while it runs, and restores checkpoints

It refuses to decide about the job as a whole: what a host's failure means is control's affair.
"""

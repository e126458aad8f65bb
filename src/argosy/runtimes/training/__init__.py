"""Script mode: a user's training script run as SageMaker's framework containers run it.

    __main__     what to run, its end, the failure file
    settings     /opt/ml's configuration files, read
    variables    the SM_… variables; arguments: hyperparameters as a command line
    entry        how an entry point is started: a program, a shell script, a package, with torchrun
    xgboost_job  sagemaker-xgboost without a script: Amazon's own algorithm mode
    enter        starts any program in its folder, below its root; stands alone

Source: reference/container-contract.md §6; aws/sagemaker-training-toolkit for names and formats.
It refuses to fetch or to upload anything, and knows no other file of Argosy.
"""

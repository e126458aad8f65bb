"""The command line: one file per command, imported when the command is used.

Commands find the platform by its data folder, speak AWS's API to it, and print for people; with
`--json` for machines. Nothing here knows control, compute or the database.
"""

from argosy.cli.lazy import LazyGroup

__all__ = ["main"]

_EPILOG = """\b
Example:
  argosy up                                   # in one terminal
  argosy deploy model.joblib --name iris      # in another
  argosy invoke iris --data '[[5.1, 3.5, 1.4, 0.2]]'
"""

main = LazyGroup(
    name="argosy",
    help=(
        "Deploy and train models behind the Amazon SageMaker API, on your own machine. What these "
        "commands do not do (training jobs, functions, schedules, …) boto3, the AWS CLI and the "
        "SageMaker SDK do, once argosy env has told them where."
    ),
    epilog=_EPILOG,
    names=[
        "up",
        "down",
        "env",
        "deploy",
        "invoke",
        "transform",
        "interrupt",
        "loadtest",
        "rollout",
        "status",
        "scaling",
        "logs",
        "graph",
        "alarms",
        "metrics",
        "monitor",
        "delete",
        "image",
        "doctor",
    ],
    package="argosy.cli",
)

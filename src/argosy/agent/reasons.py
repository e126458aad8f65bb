"""Why an instance does not serve: sentences as SageMaker has them, then what we know. Pure.

Source: reference/container-contract.md §2 ("did not pass the ping health check").
"""

import signal

MAX_REASON = 1024
"""DescribeEndpoint's FailureReason is not longer."""

_LOG_HEADING = " Last log lines:\n"


def not_healthy(container: str, variant: str, cause: str, log: list[str]) -> str:
    """A container that never became well."""
    head = (
        f"The {container} container for production variant {variant} did not pass the ping "
        "health check. Please check CloudWatch logs for this endpoint."
    )
    return with_log(f"{head} {cause}", log)


def no_longer_healthy(container: str, variant: str, cause: str, log: list[str]) -> str:
    """A container that served, and does not any more."""
    head = f"The {container} container for production variant {variant} stopped serving."
    return with_log(f"{head} {cause}", log)


def no_model_data(uri: str, why: str) -> str:
    """The artifact is not where the model says."""
    return f"Could not find model data at {uri}. {why}"


def program_needs_sandbox(why_not: str) -> str:
    """A program of the user's where no sandbox can be made."""
    return (
        "An image folder needs the sandbox, which gives each program an /opt/ml and a port 8080 "
        f"of its own: {why_not}."
    )


def exit_cause(status: int, memory_limit_mb: int) -> str:
    """What a worker's end means; `status` as subprocess gives it, or a shell's 128 + signal."""
    number = -status if status < 0 else status - 128 if 128 < status < 160 else 0
    if number == signal.SIGKILL:
        return (
            "The model process was killed (SIGKILL): most likely the machine ran out of memory, "
            "or somebody killed it."
        )
    if number:
        return f"The model process was ended by signal {_signal_name(number)}."
    limit = f" (its memory limit is {memory_limit_mb} MiB)" if memory_limit_mb else ""
    return f"The model process exited with status {status}{limit}."


def machine_needs_sandbox(why_not: str) -> str:
    """A machine runs in nothing but a sandbox."""
    return f"The machine cannot be started: it needs a sandbox, and there is none: {why_not}."


def disk_full(free: int) -> str:
    """A machine is ended before it has filled the disk that everything is on."""
    return f"The disk is full: {free / 1e6:.0f} MB are free, and the machine was ended."


def with_log(text: str, log: list[str]) -> str:
    """The text and as many of the last log lines as FailureReason has room for."""
    text = text.strip()[:MAX_REASON]
    room = MAX_REASON - len(text) - len(_LOG_HEADING)
    kept: list[str] = []
    for line in reversed(log):
        if room <= len(line):
            if not kept and room > 20:
                kept.append(line[-room:])
            break
        kept.append(line)
        room -= len(line) + 1
    return text + _LOG_HEADING + "\n".join(reversed(kept)) if kept else text


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return str(number)

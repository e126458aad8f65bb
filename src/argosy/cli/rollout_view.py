"""How an update by steps looks on a terminal; where there is none, a line for each change."""

from typing import Any

_BAR = 40
_WORDS = {
    "growing": "starting instances",
    "activating": "moving traffic",
    "baking": "watching",
    "returning": "going back",
    "stuck": "stuck between two versions",
}


def sentence(deployment: dict[str, Any]) -> str:
    """Where an update is, in one line: "25 % on two, step 2 of 4, watching, 48 s left"."""
    share = f"{100 * deployment['share']:g} % on {deployment['to']}"
    step = f"step {deployment['step'] + 1} of {len(deployment['steps'])}"
    parts = [share, step, _WORDS.get(deployment["phase"], deployment["phase"])]
    if deployment.get("left_s") is not None:
        parts.append(f"{deployment['left_s']:.0f} s left")
    return ", ".join(parts)


def figures(deployment: dict[str, Any]) -> str:
    """What the new version did in this step."""
    measured = deployment.get("measured")
    if not measured or not measured["calls"]:
        return "no calls yet"
    wrong = f"{measured['errors_4xx']} 4xx, {measured['errors_5xx']} 5xx"
    return (
        f"{measured['calls']:,} calls, {wrong}, p50 {_ms(measured['p50_ms'])}, "
        f"p99 {_ms(measured['p99_ms'])}"
    )


def _ms(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f} ms"


def render(endpoint: str, report: dict[str, Any]) -> Any:
    """The update as a rich text: a bar of the traffic, and what is measured."""
    from rich.text import Text

    deployment = report.get("deployment")
    text = Text()
    if not deployment:
        text.append(f"{endpoint}  ", style="bold")
        text.append(f"{report['status']}, serves {report['config']}; no update is under way.\n")
        if report["failure_reason"]:
            text.append(report["failure_reason"].splitlines()[0], style="red")
        return text
    text.append(f"{endpoint}  ", style="bold")
    text.append(f"{deployment['from']} → {deployment['to']}\n")
    filled = round(_BAR * deployment["share"])
    text.append("█" * filled, style="green")
    text.append("░" * (_BAR - filled), style="blue")
    text.append(f"  {sentence(deployment)}\n")
    text.append(f"new version in this step: {figures(deployment)}\n", style="dim")
    watched = [*deployment.get("guards", []), *deployment.get("alarms", [])]
    if watched:
        text.append(f"watched: {', '.join(watched)}", style="dim")
    return text


class Display:
    """Drawn in place on a terminal; printed once for each change elsewhere."""

    def __init__(self, endpoint: str, *, silent: bool = False) -> None:
        from rich.console import Console
        from rich.live import Live

        self._endpoint = endpoint
        self._silent = silent
        self._console = Console()
        self._live = (
            Live(console=self._console, auto_refresh=False)
            if self._console.is_terminal and not silent
            else None
        )
        self._said = ""

    def __enter__(self) -> "Display":
        if self._live is not None:
            self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._live is not None:
            self._live.stop()

    def show(self, report: dict[str, Any]) -> None:
        """Draw a report of `argosy status` of the endpoint."""
        if self._silent:
            return
        if self._live is not None:
            self._live.update(render(self._endpoint, report), refresh=True)
            return
        deployment = report.get("deployment")
        if deployment:
            told = sentence({**deployment, "left_s": None})
        else:
            told = f"{report['status']}, serves {report['config']}"
        if told != self._said:
            self._console.print(f"{self._endpoint}: {told}", highlight=False, soft_wrap=True)
        self._said = told

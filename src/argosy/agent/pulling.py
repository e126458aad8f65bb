"""Has an instance's image unpacked, if it is one of the registry's, and waits for that."""

import time
from collections.abc import Callable
from pathlib import Path

from argosy.agent import image
from argosy.agent.child import Child
from argosy.agent.model import CannotServe
from argosy.agent.watch import Watch
from argosy.ground.instances import InstanceSpec


def provide(watch: Watch, spec: InstanceSpec, max_bytes: int, note: Callable[[str], None]) -> None:
    """Returns once the image's root folder is there.

    max_bytes: of all its layers, unpacked. note: takes a line for the endpoint's log.
    Raises CannotServe.
    """
    container = spec.container
    pulled, folder = container.pulled, Path(container.image_folder)
    if pulled is None or image.is_unpacked(folder):
        return
    note(f"Argosy: unpacking the image {container.image}.")

    def work() -> str:
        from argosy.agent.unpacking import unpack

        return unpack(spec.store, container.image, pulled, folder, max_bytes)

    child = Child(watch, work)
    try:
        ended = watch.until(lambda: child.ended, time.monotonic() + spec.download_timeout_s)
    finally:
        child.kill()
    if not ended:
        raise CannotServe(
            f"Unpacking the image {container.image} took longer than {spec.download_timeout_s:g} s."
        )
    if child.sentence:
        raise CannotServe(child.sentence)

"""The images that functions have in the engine: brought there, found again, given up.

An image of this platform's registry is loaded under a name of our own, for which no engine has to
reach or trust the registry; what else there is the engine has, or pulls. Everything blocks.
"""

import hashlib
from collections.abc import Collection
from time import monotonic
from typing import Any

from argosy.agent.engine import Engine, EngineError
from argosy.agent.unpacking import MOST_CONFIG, fetched
from argosy.automation.functions.containers.archive import archive
from argosy.ground.functions import FunctionImage, NoImage
from argosy.ground.instances import PulledImage
from argosy.ground.paths import DataDir
from argosy.means import Means
from argosy.objects.client import ObjectStore
from argosy.objects.errors import BadArchive, StoreError
from argosy.objects.packages import Packages

_NEW_S = 600.0


def repository(data_dir: DataDir) -> str:
    """The engine's name for the images of one platform."""
    owner = hashlib.sha256(str(data_dir.root).encode()).hexdigest()[:12]
    return f"localhost/argosy-{owner}/functions"


class Shelf:
    """Of one platform; several may share an engine."""

    def __init__(self, means: Means, engine: Engine) -> None:
        self._means = means
        self._engine = engine
        self._asked: dict[str, float] = {}
        """Digest → when it was looked up last."""
        self._pull = means.settings.container_pull
        self.repository = repository(means.data_dir)
        """Where images of the registry are, each with its digest as tag."""

    def look_up(self, uri: str, pulled: PulledImage | None) -> FunctionImage:
        """What a name means now, the image being there afterwards. Raises NoImage, EngineError."""
        if pulled is not None:
            self._asked[pulled["digest"]] = monotonic()
            found = self._loaded(pulled)
            return self._image(uri, found, pulled["digest"], pulled["resolved"], pulled)
        found = self._engine_own(uri)
        base = uri.partition("@")[0]
        base = base.rpartition(":")[0] if ":" in base.rpartition("/")[2] else base
        digest = _digest(found)
        return self._image(uri, found, digest, f"{base}@sha256:{digest}", None)

    def find(self, image: FunctionImage) -> dict[str, Any]:
        """What the engine says of an image that was looked up once; brought there again if the
        engine has lost it. Raises NoImage, EngineError."""
        if image.pulled is not None:
            return self._loaded(image.pulled)
        found = self._engine.image(image.engine_id)
        if found is None:
            raise NoImage(
                f"The container engine has no image {image.resolved} any more. Give it the image "
                f"again and call UpdateFunctionCode with {image.uri}."
            )
        return found

    def keep(self, digests: Collection[str]) -> None:
        """Give up what was loaded for functions that are no more. What was looked up in the last
        minutes is left alone: its function may be about to be made. Raises EngineError."""
        before = monotonic() - _NEW_S
        for name in self._engine.images(self.repository):
            digest = name.rpartition(":")[2]
            if digest not in digests and self._asked.get(digest, before) <= before:
                self._asked.pop(digest, None)
                self._engine.untag(name)

    def _engine_own(self, uri: str) -> dict[str, Any]:
        found = None if self._pull == "always" else self._engine.image(uri)
        if found is None and self._pull != "never":
            try:
                self._engine.pull(uri)
            except EngineError as error:
                raise NoImage(str(error)) from None
            found = self._engine.image(uri)
        if found is None:
            raise NoImage("The container engine has no such image, and container_pull is never.")
        return found

    def _loaded(self, pulled: PulledImage) -> dict[str, Any]:
        name = f"{self.repository}:{pulled['digest']}"
        found = self._engine.image(name)
        if found is None:
            self._load(name, pulled)
            found = self._engine.image(name)
        if found is None:
            raise EngineError(f"The container engine did not keep the image {pulled['resolved']}.")
        return found

    def _load(self, name: str, pulled: PulledImage) -> None:
        _check_size(pulled, self._means.settings.max_image_gb)
        store, packages = ObjectStore(self._means.store), Packages(self._means.data_dir)
        folder = packages.coming()
        try:
            config = fetched(store, pulled["config"], folder / "config", MOST_CONFIG)
            layers = [
                fetched(store, blob, folder / str(number))
                for number, blob in enumerate(pulled["layers"])
            ]
            self._engine.load(archive(name, config, layers))
        except (BadArchive, StoreError) as error:
            raise NoImage(str(error)) from None
        finally:
            store.close()
            packages.drop(folder)

    def _image(
        self,
        uri: str,
        found: dict[str, Any],
        digest: str,
        resolved: str,
        pulled: PulledImage | None,
    ) -> FunctionImage:
        config = found.get("Config") or {}
        if not config.get("Entrypoint") and not config.get("Cmd"):
            raise NoImage("It has neither an ENTRYPOINT nor a CMD.")
        return FunctionImage(
            uri=uri, resolved=resolved, digest=digest, engine_id=str(found["Id"]), pulled=pulled
        )


def _check_size(pulled: PulledImage, most_gb: float) -> None:
    """As it was pushed, which is less than what the engine makes of it. Raises NoImage."""
    size = sum(blob["size"] for blob in pulled["layers"])
    if size > most_gb * (1 << 30):
        raise NoImage(f"It has {size} bytes, and ARGOSY_MAX_IMAGE_GB is {most_gb:g}.")


def _digest(found: dict[str, Any]) -> str:
    """Hex: that of its manifest, or of its configuration where the engine has no manifest."""
    named = (found.get("RepoDigests") or [""])[0]
    return str(named or found["Id"]).rpartition(":")[2]

"""Where an instance's things lie, by its id; a spare's id until it takes a spec."""

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from argosy.ground.paths import DataDir


@dataclass(frozen=True)
class Folders:
    """One instance's part of the data folder.

    Its own worker sees `ml`, `temporary` and `run`, and nothing else of the data folder.
    """

    data_dir: DataDir
    instance_id: str

    @property
    def root(self) -> Path:
        """spec.json, state.json and the folders below."""
        return self.data_dir.instance(self.instance_id)

    @property
    def ml(self) -> Path:
        """The worker's /opt/ml."""
        return self.root / "ml"

    @property
    def models(self) -> Path:
        """Of an instance of many models: their files, one folder each.

        Seen read-only at /opt/ml/models: we write here, so no model may put links into it.
        """
        return self.root / "models"

    @property
    def temporary(self) -> Path:
        """The worker's /tmp: on disk, so that it does not eat memory."""
        return self.root / "tmp"

    @property
    def run(self) -> Path:
        """The folder in which the worker makes its socket."""
        return self.data_dir.instance_run(self.instance_id)

    @property
    def worker_socket(self) -> Path:
        return self.run / "worker.sock"

    @property
    def public_socket(self) -> Path:
        """A second name of the worker's socket, out of the worker's reach.

        The model's code could put a link to some other socket in place of the first name.
        """
        return self.data_dir.run / "a" / f"{self.instance_id}.worker"

    @property
    def jupyter_socket(self) -> Path:
        """The same for the JupyterLab of a notebook instance."""
        return self.data_dir.run / "a" / f"{self.instance_id}.jupyter"

    def make(self) -> None:
        """Make the folders that the worker needs. Raises OSError."""
        for folder in (self.ml / "model", self.temporary, self.run):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    def move_to(self, others: "Folders") -> None:
        """Move what the worker sees to another id, and remove what else is left under this one.

        A running worker does not notice: it holds the folders, not their names.
        """
        os.rename(self.ml, others.ml)
        os.rename(self.temporary, others.temporary)
        os.rename(self.run, others.run)
        shutil.rmtree(self.root, ignore_errors=True)

    def publish_socket(self) -> None:
        """To be called before any code of the model runs."""
        self.public_socket.unlink(missing_ok=True)
        os.link(self.worker_socket, self.public_socket)

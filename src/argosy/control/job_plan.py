"""What a reconciler shall make true for one training or processing job that runs on instances."""

from dataclasses import dataclass, field
from typing import Generic, TypeVar

from argosy.ground.jobs import Written

Document = TypeVar("Document")


@dataclass
class JobPlan(Generic[Document]):
    """What the record shall say, and what becomes of the instances, by their ids."""

    status: str
    document: Document
    launch: list[str] = field(default_factory=list)
    """Hosts of the document's run."""
    stop: list[str] = field(default_factory=list)
    forget: list[str] = field(default_factory=list)
    written: list[Written] = field(default_factory=list)
    """Objects that the job has written, once it is over."""

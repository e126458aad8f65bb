"""Transform jobs as a whole: the desk, and the reconciler that gives jobs their instances."""

from collections.abc import Callable

from argosy.control.means import Means
from argosy.control.rollout import Launch
from argosy.control.transforms import placing
from argosy.control.transforms.desk import TransformDesk
from argosy.control.transforms.diary import Diary
from argosy.control.transforms.reconciler import TransformReconciler
from argosy.ground.instances import InstanceSpec
from argosy.state.record import Record


class BatchTransform:
    """What control stops and resets; porters come to `desk`, the loop activates `reconciler`."""

    def __init__(self, means: Means, ring: Callable[[], None]) -> None:
        """`ring`: have the reconcilers look."""
        self._means = means
        self.desk = TransformDesk(means.records, means.store, means.clock, ring, self._new_diary)
        self.reconciler = TransformReconciler(
            means.records,
            means.backend,
            self.desk,
            means.clock,
            self._new_spec,
            engine=bool(means.settings.container_engine),
        )

    def _new_diary(self, record: Record) -> Diary:
        return Diary(record, self._means.data_dir, self._means.settings)

    def _new_spec(self, record: Record, launch: Launch, now: float) -> InstanceSpec:
        return placing.spec_for(record, launch, self._means.settings, self._means.store, now)

"""Where independent pieces of work are done: in this process, or as tasks of a Ray cluster."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, Protocol, TypeVar

from trainer.cluster.connection import connected
from trainer.errors import UserError

Shared = TypeVar("Shared")
Item = TypeVar("Item")
Result = TypeVar("Result")

MOST_WORKERS: Final = 10_000
_WAITING: Final = 2  # pieces for each worker: one is computed, one lies ready
_RETRIES: Final = 10  # of a piece whose process or node was killed


class Workers(Protocol):
    """Does pieces of work that do not depend on one another.

    Attributes:
        count: How many are done at once.
    """

    count: int

    def map(
        self, function: Callable[[Shared, Item], Result], shared: Shared, items: Iterable[Item]
    ) -> Iterator[Result]:
        """Gives `function(shared, item)` of each item, in the order of the items, which are read as they are needed.

        Args:
            function: Of a module: processes elsewhere import it by its name.
            shared: Goes to every process once.
            items: Of which a few for each worker are in memory.
        """
        ...


class Alone:
    """This process alone."""

    count = 1

    def map(
        self, function: Callable[[Shared, Item], Result], shared: Shared, items: Iterable[Item]
    ) -> Iterator[Result]:
        """As `Workers.map`."""
        return (function(shared, item) for item in items)


ALONE: Final = Alone()


class OnRay:
    """Tasks of a Ray cluster. What a killed process or node was doing is done again elsewhere.

    Args:
        ray: The module, connected.
        count: Tasks at once, a processor each.
        storage: A folder that all nodes see; None: all nodes are this machine.
    """

    def __init__(self, ray: Any, count: int, storage: Path | None = None) -> None:
        self.ray, self.count, self.storage = ray, count, storage

    def map(
        self, function: Callable[[Shared, Item], Result], shared: Shared, items: Iterable[Item]
    ) -> Iterator[Result]:
        """As `Workers.map`."""
        task = self.ray.remote(num_cpus=1, max_retries=_RETRIES)(function)
        kept = self.ray.put(shared)
        running: deque[Any] = deque()
        for item in items:
            running.append(task.remote(kept, item))
            if len(running) >= _WAITING * self.count:
                yield self._result(running.popleft())
        while running:
            yield self._result(running.popleft())

    def _result(self, reference: Any) -> Any:
        """Waits for a task.

        Raises:
            UserError: The task's own, as this process would have raised it; or it was killed too often.
        """
        try:
            return self.ray.get(reference)
        except self.ray.exceptions.RayTaskError as error:
            raise error.cause from None
        except self.ray.exceptions.RayError as error:
            reason = (str(error).strip() or type(error).__name__).splitlines()[0]
            raise UserError(f"--workers: a piece of work was lost {_RETRIES + 1} times ({reason})") from error


def check_workers(count: int, address: str = "", storage: Path | None = None) -> None:
    """Refuses what `workers_of` would refuse before it connects, for who has work to do until then.

    Raises:
        ModuleNotFoundError: The extra `byline[ray]` is needed and not installed.
        UserError: The number is out of range, or one worker has no use for an address or a storage.
    """
    if not 1 <= count <= MOST_WORKERS:
        raise UserError(f"--workers: must be from 1 to {MOST_WORKERS}; received {count}")
    if count > 1:
        import ray  # noqa: F401 (that it is there)

        return
    for option, given in (("--address", address), ("--storage", storage)):
        if given:
            raise UserError(f"{option}: needs --workers of 2 or more: one worker is this process")


@contextmanager
def workers_of(count: int, address: str = "", storage: Path | None = None) -> Iterator[Workers]:
    """Gives workers for the block.

    Args:
        count: 1: this process, without Ray.
        address: Of a Ray cluster; empty: this machine.
        storage: A folder that all nodes of the cluster see, for checkpoints.

    Raises:
        ModuleNotFoundError: The extra `byline[ray]` is needed and not installed.
        UserError: The number is out of range, one worker has no use for the address, or no cluster answers there.
    """
    check_workers(count, address, storage)
    if count == 1:
        yield ALONE
        return
    with connected(address, count) as ray:
        yield OnRay(ray, count, storage)

"""Ray: embedded on this machine by default, or a cluster that is there already."""

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from trainer.errors import UserError

ADDRESS_HELP = "a Ray cluster's address, HOST:6379 or auto [this machine alone]"


@contextmanager
def connected(address: str = "", processors: int | None = None) -> Iterator[Any]:
    """Connects to Ray for the block; a connection that stands already is taken and left as it is.

    Args:
        address: Of a cluster, whose nodes have the same version of Byline installed; empty: this machine alone, with no
            port open to others.
        processors: That are used of this machine; None: all.

    Returns:
        The module `ray`.

    Raises:
        ModuleNotFoundError: The extra `byline[ray]` is not installed.
        UserError: No cluster answers at the address.
    """
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # nothing is told to anybody
    os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")  # what set_environment set stays
    os.environ.setdefault("RAY_worker_niceness", "0")  # else its workers wait for everything else on the machine
    import ray

    if ray.is_initialized():
        yield ray
        return
    quiet: dict[str, Any] = {"logging_level": logging.ERROR, "log_to_driver": False}
    try:
        if address:
            ray.init(address=address, **quiet)
        else:
            ray.init(address="local", num_cpus=processors, include_dashboard=False, **quiet)
    except (ConnectionError, RuntimeError, ValueError) as error:
        raise UserError(f"--address: no Ray cluster answers at {address or 'this machine'}: {error}") from error
    try:
        yield ray
    finally:
        ray.shutdown()

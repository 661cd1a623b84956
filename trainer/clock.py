"""The time that outputs bear, which their maker can set."""

import os
from datetime import UTC, datetime

from trainer.errors import UserError

VARIABLE = "SOURCE_DATE_EPOCH"  # https://reproducible-builds.org/specs/source-date-epoch/


def now() -> datetime:
    """Gives the time in UTC: that of `SOURCE_DATE_EPOCH`, in seconds since 1970, where it is set.

    Raises:
        UserError: It is set to something else.
    """
    given = os.environ.get(VARIABLE)
    if not given:
        return datetime.now(UTC)
    try:
        return datetime.fromtimestamp(int(given), UTC)
    except (ValueError, OverflowError, OSError) as error:
        raise UserError(f"{VARIABLE}: must be whole seconds since 1970; received {given!r}") from error

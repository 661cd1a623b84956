"""What stops a command: a user's mistake, and an export that is out of bounds."""


class UserError(Exception):
    """What the user can mend. Its text is one line: the file, the row where there is one, and the rule."""


class ExportCheckFailed(Exception):  # noqa: N818 (it is what happened, and no fault of the program)
    """An artefact is out of bounds. Its text has a line for each fault."""

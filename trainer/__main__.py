"""The command line of the trainer: `python -m trainer --help`."""

import sys

from trainer.cli.parser import parser
from trainer.cli.terminal import exit_code
from trainer.quiet import set_environment


def main(arguments: list[str] | None = None, program: str = "python -m trainer") -> int:
    """Runs one command and gives its exit code."""
    set_environment()
    parsed = parser(program).parse_args(arguments)
    return exit_code(lambda: int(parsed.do(parsed)))


if __name__ == "__main__":
    sys.exit(main())

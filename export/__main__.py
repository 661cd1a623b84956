"""The command line of the export: `python -m export --help`."""

import sys
from pathlib import Path

import trainer


def main(arguments: list[str] | None = None, program: str = "python -m export") -> int:
    """Runs one command and gives its exit code."""
    if Path(str(trainer.__file__)).resolve().parents[1] != Path(__file__).resolve().parents[1]:
        print(f"error: {trainer.__file__} is another package called trainer; it hides Byline's", file=sys.stderr)
        return 2
    from trainer.cli.terminal import exit_code
    from trainer.quiet import set_environment

    def command() -> int:
        from export.cli import run  # here, so that a package that is missing is said in one line

        return run(arguments, program)

    set_environment()
    return exit_code(command)


if __name__ == "__main__":
    sys.exit(main())

"""Labelled text in, a run directory out: `python -m trainer fit`.

The room-by-room plan of this package stands in CONTRIBUTING.md. TensorFlow is imported only inside the functions that
need it, so that `--help` and the data commands start fast, and so that an import changes nothing: what TensorFlow reads
from the environment is set by the commands, see `trainer.quiet.set_environment`.
"""

__version__ = "0.2.0"

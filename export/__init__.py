"""A run directory in, a dist directory out: `python -m export all`."""

import os

# tensorflowjs imports tensorflow_decision_forests, whose greeting wants IPython wherever output is not a terminal.
os.environ.setdefault("TFDF_DISABLE_WELCOME_MESSAGE", "1")

"""Labelled text in, a run directory out: `python -m trainer fit`.

The room-by-room plan of this package stands in CONTRIBUTING.md. TensorFlow is imported only inside the functions that
need it, so that `--help` and the data commands start fast; what it reads from the environment is set here, before that.
"""

import os

__version__ = "0.2.0"

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # its start-up chatter is not news to a user
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")  # runs are repeatable on the CPU, and the model is small
os.environ.setdefault("KERAS_BACKEND", "tensorflow")

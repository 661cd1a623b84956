"""TensorFlow in a user's process: silent, set by the environment for commands, and repeatable.

It and its converters greet, warn and report whatever one sets: none of it is news to a user.
"""

import os
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager


def set_environment() -> None:
    """Sets what TensorFlow reads from the environment, where a user has not; for commands, before it is imported.

    A library must not: `CUDA_VISIBLE_DEVICES` would take the GPU from all else in the process.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # its start-up chatter is not news to a user
    os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")  # runs are repeatable on the CPU, and the model is small
    os.environ.setdefault("KERAS_BACKEND", "tensorflow")


def make_repeatable(seed: int) -> None:
    """Makes all that Keras draws depend on the seed alone, and TensorFlow compute the same each time."""
    with quietly():
        import keras
        import tensorflow as tf

    keras.utils.set_random_seed(seed)
    tf.config.experimental.enable_op_determinism()


@contextmanager
def quietly() -> Iterator[None]:
    """Sends what C++ and Python print during the block to nowhere. Exceptions pass."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    kept = {stream: os.dup(stream) for stream in (1, 2)}
    try:
        _flush()
        for stream in kept:
            os.dup2(nowhere, stream)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        _flush()
        for stream, copy in kept.items():
            os.dup2(copy, stream)
            os.close(copy)
        os.close(nowhere)


def _flush() -> None:
    sys.stdout.flush()
    sys.stderr.flush()

"""What runs in Ray: a trial's actor, and the scheduler that ends what is behind."""

import json
from dataclasses import asdict
from typing import Any, Final

from ray import tune
from ray.tune.schedulers import ASHAScheduler, TrialScheduler

from trainer.errors import UserError
from trainer.quiet import quietly, set_environment
from trainer.tuning.prepared import Prepared
from trainer.tuning.record import WHOLE, recipe_from

TIME: Final = "share"  # what the scheduler calls time: sixteenths of the training rows
_THREADS: Final = 1  # of TensorFlow: a trial has one processor


class RecipeTrial(tune.Trainable):  # type: ignore[misc] # Ray has no types
    """Trains one recipe, rung by rung; an actor goes on to the next recipe, since TensorFlow takes seconds to load."""

    def setup(self, config: dict[str, Any], prepared: Prepared | None = None, most_bytes: int = 0) -> None:
        """Loads TensorFlow, and takes what trials share."""
        assert prepared is not None
        set_environment()
        with quietly():
            import tensorflow as tf

            tf.config.threading.set_intra_op_parallelism_threads(_THREADS)
            tf.config.threading.set_inter_op_parallelism_threads(_THREADS)
        self._prepared, self._most_bytes = prepared, most_bytes
        self.reset_config(config)

    def reset_config(self, new_config: dict[str, Any]) -> bool:
        """Begins another trial in the same actor."""
        self._recipe, self._rung = recipe_from(new_config["recipe"]), 0
        return True

    def step(self) -> dict[str, Any]:
        """Trains on the next rung's share of the rows."""
        from trainer.tuning.trial import run_rung

        with quietly():
            import keras

        share = self._prepared.rungs[self._rung]
        self._rung += 1
        try:
            outcome = run_rung(self._prepared, self._recipe, share, self._most_bytes)
        except (UserError, ValueError, ArithmeticError, MemoryError) as error:
            return {TIME: 0, "score": 0.0, "error": f"{type(error).__name__}: {error}"[:500], "done": True}
        finally:
            keras.backend.clear_session()
        done = outcome.share in (0, WHOLE)
        told = asdict(outcome) | {"score": outcome.score, "done": done}
        return told | {"sizes": json.dumps(outcome.sizes)}  # Tune would flatten it

    def save_checkpoint(self, checkpoint_dir: str) -> None:
        """Keeps nothing: a trial whose node is lost begins anew elsewhere."""

    def load_checkpoint(self, checkpoint: Any) -> None:
        """Does nothing, as `save_checkpoint`."""


class SparingScheduler(ASHAScheduler):  # type: ignore[misc]
    """ASHA that lets the recipes which the search starts from go on to their end: the others are compared with them."""

    def on_trial_result(self, tune_controller: Any, trial: Any, result: dict[str, Any]) -> str:
        """Says whether a trial goes on."""
        decision = str(super().on_trial_result(tune_controller, trial, result))
        if trial.config.get("spared") and 0 < result[TIME] < WHOLE:
            return str(TrialScheduler.CONTINUE)
        return decision

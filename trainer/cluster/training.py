"""Trains a network data-parallel: each worker reads its share of every batch, and their gradients are summed.

Ray Train starts the workers and replaces those that are killed; TensorFlow's `MultiWorkerMirroredStrategy` sums the
gradients. Keras 3 does not support that strategy in `Model.fit`, so the loop is our own: every worker begins with the
same weights and applies the same sums, and so has the same weights after every step.
"""

import json
import logging
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from trainer.checkpoints import Checkpoints
from trainer.cluster.workers import OnRay
from trainer.encoding.encode import Encoded
from trainer.errors import UserError
from trainer.model.recipe import Recipe
from trainer.quiet import make_repeatable, quietly, set_environment
from trainer.text.windows import FLOOR
from trainer.training.loops import batches, loss_function, optimizer_of

if TYPE_CHECKING:
    import keras

logger = logging.getLogger(__name__)

_STATE: Final = "state.npz"
_NAME: Final = "lstm-on-workers"
_MOST_LOST: Final = 6  # workers, and controllers of them, that are replaced
_BATCH: Final = 1_024  # validation rows that are asked at once

Arrays = dict[str, NDArray[Any]]
History = dict[str, list[float]]


@dataclass(frozen=True)
class Job:
    """A network to be trained.

    Attributes:
        build: Gives the untrained model; of a module, with its arguments.
        logits: Whether the model gives logits; else probabilities.
        rows: Framed training rows, shape [rows, S].
        truth: Their labels' indices, shape [rows].
        validation_rows: Are measured at each checkpoint; none where nobody asks.
        validation_truth: Their labels' indices.
        recipe: Batch size and learning rate.
        steps: Batches, each of which all workers share.
        every: Batches from one checkpoint to the next.
        seed: Of all chance.
    """

    build: Callable[[], "keras.Model"]
    logits: bool
    rows: NDArray[Any]
    truth: NDArray[np.int32]
    validation_rows: NDArray[Any]
    validation_truth: NDArray[np.int32]
    recipe: Recipe
    steps: int
    every: int
    seed: int

    @classmethod
    def of(
        cls,
        encoded: Encoded,
        build: Callable[[], "keras.Model"],
        recipe: Recipe,
        steps: int,
        every: int,
        seed: int,
        *,
        logits: bool,
    ) -> "Job":
        """Gives the job of an encoded corpus. Its rows leave the disk: they go to every node."""
        rows, truth = np.array(encoded.rows), encoded.truth
        held = encoded.validation_rows, encoded.validation_truth
        return cls(build, logits, rows, truth, *held, recipe, steps, every, seed)


def learn(model: "keras.Model", job: Job, workers: OnRay, checkpoints: Checkpoints) -> History:
    """Trains a model on the workers, and gives it the weights that they learned.

    Args:
        model: What `job.build` gives.
        job: What is trained.
        workers: How many, and on which cluster.
        checkpoints: Of the fit: where the workers' are kept, unless the workers have a storage.

    Returns:
        Accuracy and loss at every checkpoint.

    Raises:
        UserError: Too many workers were killed, or the storage cannot be written.
    """
    from ray.train import CheckpointConfig, FailureConfig, RunConfig, ScalingConfig
    from ray.train.tensorflow import TensorflowTrainer

    logger.info(f"LSTM: {workers.count} workers share every batch")
    with _stored(workers.storage, checkpoints) as folder:
        trainer = TensorflowTrainer(
            _learn_here,
            train_loop_config={"job": workers.ray.put(job)},
            scaling_config=ScalingConfig(num_workers=workers.count, resources_per_worker={"CPU": 1}),
            run_config=RunConfig(
                name=folder.name,
                storage_path=str(folder.parent),
                failure_config=FailureConfig(max_failures=_MOST_LOST),
                checkpoint_config=CheckpointConfig(num_to_keep=2),
            ),
        )
        try:
            result = _fitted(trainer)
        except Exception as error:  # Ray Train has a kind of its own for each version
            reason = (str(error).strip() or type(error).__name__).splitlines()[-1]
            raise UserError(f"--workers: the LSTM's training failed on the cluster ({reason})") from error
        with result.checkpoint.as_directory() as place:
            state = _read(Path(place))
    for number, variable in enumerate(model.variables):
        variable.assign(state[f"variable-{number}"])
    if int(state["resumed"]):
        logger.info(f"LSTM: training was interrupted, and went on from step {int(state['resumed']):,}")
    history: History = json.loads(str(state["history"]))
    return history


def _fitted(trainer: Any) -> Any:
    """Trains, and goes on from the last checkpoint where the node is lost on which Ray Train's own controller runs."""
    from ray.exceptions import RayActorError

    for _ in range(_MOST_LOST):
        try:
            return trainer.fit()
        except RayActorError as error:
            logger.info(f"LSTM: the controller of the training was lost, and begins again ({type(error).__name__})")
    return trainer.fit()


@contextmanager
def _stored(storage: Path | None, checkpoints: Checkpoints) -> Iterator[Path]:
    """Gives the place of Ray's checkpoints. If the block fails they stay there: the same fit goes on from them."""
    with tempfile.TemporaryDirectory() as temporary:
        kept = checkpoints.folder
        if storage is not None:
            folder = storage.absolute() / (kept.name if kept else Path(temporary).name)
        else:
            folder = (kept or Path(temporary)) / _NAME
        folder.parent.mkdir(parents=True, exist_ok=True)
        yield folder
        shutil.rmtree(folder, ignore_errors=True)


def _learn_here(config: dict[str, Any]) -> None:
    """What each worker does, in a process of its own."""
    set_environment()
    with quietly():
        import ray
        import ray.train
        import tensorflow as tf

    job: Job = ray.get(config["job"])
    context = ray.train.get_context()
    rank, world = context.get_world_rank(), context.get_world_size()
    strategy = tf.distribute.MultiWorkerMirroredStrategy()
    make_repeatable(job.seed)
    model = job.build()
    variables = model.trainable_variables
    optimizer = optimizer_of(job.recipe, job.steps)
    optimizer.build(variables)
    state = [*model.variables, *optimizer.variables]
    done, history = _restored(state)
    resumed = done
    _draw_apart(model, rank)

    def share(ids: Any, truth: Any, size: Any) -> Any:
        with tf.GradientTape() as tape:
            answers = model(ids, training=True)
            losses = _losses(job, truth, answers)
            loss = tf.reduce_sum(losses) / size
        gradients = tape.gradient(loss, variables)
        right = tf.reduce_sum(tf.cast(tf.argmax(answers, axis=1, output_type=tf.int32) == truth, tf.float32))
        replica = tf.distribute.get_replica_context()
        # Keras' Adam squares an embedding's slices before it adds up those of a row: sums would learn otherwise.
        joined = {
            place: tf.IndexedSlices(
                replica.all_gather(each.values, 0), replica.all_gather(each.indices, 0), each.dense_shape
            )
            for place, each in enumerate(gradients)
            if isinstance(each, tf.IndexedSlices)
        }
        dense = [each for each in gradients if not isinstance(each, tf.IndexedSlices)]
        *sums, loss, right = replica.all_reduce(tf.distribute.ReduceOp.SUM, [*dense, loss, right])
        rest = iter(sums)
        return [joined[place] if place in joined else next(rest) for place in range(len(gradients))], loss, right

    def step(ids: Any, truth: Any, size: Any) -> Any:
        gradients, loss, right = strategy.run(share, (ids, truth, size))
        optimizer.apply(gradients, variables)
        return loss, right

    width = job.rows.shape[1]
    signature = [tf.TensorSpec([None, width], tf.int32), tf.TensorSpec([None], tf.int32), tf.TensorSpec([])]
    traced = tf.function(step, signature, autograph=False)
    read, lost, right = 0, 0.0, 0.0
    order = islice(batches(job.rows, job.truth, job.recipe.batch_size, job.seed), done, job.steps)
    for number, (ids, truth) in enumerate(order, done + 1):
        loss, hits = traced(ids[rank::world], truth[rank::world], np.float32(len(truth)))
        read, lost, right = read + len(truth), lost + float(loss) * len(truth), right + float(hits)
        if number % job.every == 0 or number == job.steps:
            measured = {"accuracy": right / read, "loss": lost / read} | _validated(model, job, rank)
            for name, value in measured.items():
                history.setdefault(name, []).append(round(value, 6))
            _report(state, number, resumed, history, rank)
            read, lost, right = 0, 0.0, 0.0


def _losses(job: Job, truth: Any, answers: Any) -> Any:
    """Gives the recipe's loss of each phrase, as one process computes it."""
    import keras
    import tensorflow as tf

    if job.recipe.loss == "crossentropy":
        return keras.losses.sparse_categorical_crossentropy(truth, answers, from_logits=job.logits)
    logits = answers if job.logits else tf.math.log(tf.maximum(answers, FLOOR))
    return loss_function(job.recipe)(truth, logits)


def _draw_apart(model: "keras.Model", rank: int) -> None:
    """Gives each worker dropout of its own: the weights were drawn alike."""
    for variable in model.variables:
        if variable.dtype == "uint32":  # the state of a generator
            variable.assign(np.asarray(variable) + np.array([rank, 0], np.uint32))


def _validated(model: "keras.Model", job: Job, rank: int) -> dict[str, float]:
    """Measures the validation rows, where they are asked for: the first worker does, the others wait for it."""
    count = len(job.validation_truth)
    if rank or not count:
        return {}
    right, lost = 0.0, 0.0
    for start in range(0, count, _BATCH):
        truth = job.validation_truth[start : start + _BATCH]
        answers = np.asarray(model(job.validation_rows[start : start + _BATCH], training=False))
        right += float((answers.argmax(axis=1) == truth).sum())
        losses = _losses(job, truth, answers)
        lost += float(np.asarray(losses).sum())
    return {"val_accuracy": right / count, "val_loss": lost / count}


def _report(state: list[Any], done: int, resumed: int, history: History, rank: int) -> None:
    """Keeps a checkpoint, once all workers are there."""
    import ray.train

    metrics = {"step": done} | {name: values[-1] for name, values in history.items()}
    if rank:
        ray.train.report(metrics)
        return
    with tempfile.TemporaryDirectory() as folder:
        arrays = {f"variable-{number}": np.asarray(variable) for number, variable in enumerate(state)}
        told = {"done": np.array(done), "resumed": np.array(resumed), "history": np.array(json.dumps(history))}
        np.savez(Path(folder, _STATE), **arrays, **told)
        ray.train.report(metrics, checkpoint=ray.train.Checkpoint.from_directory(folder))


def _restored(state: list[Any]) -> tuple[int, History]:
    """Sets all variables to the last checkpoint's.

    Returns:
        How many steps they have learned from, and the history so far; 0 where there is no checkpoint.
    """
    import ray.train

    checkpoint = ray.train.get_checkpoint()
    if checkpoint is None:
        return 0, {}
    with checkpoint.as_directory() as folder:
        kept = _read(Path(folder))
    for number, variable in enumerate(state):
        variable.assign(kept[f"variable-{number}"])
    return int(kept["done"]), json.loads(str(kept["history"]))


def _read(folder: Path) -> Arrays:
    with np.load(folder / _STATE, allow_pickle=False) as kept:
        return dict(kept)

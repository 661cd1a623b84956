"""`python -m trainer predict --data`: answers a corpus of any size with the `.tflite`, on one worker or many."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Final

from trainer.cli.options import add_workers
from trainer.cli.terminal import say
from trainer.data.tables import Reading
from trainer.errors import UserError
from trainer.training.options import CHOICES

if TYPE_CHECKING:
    from trainer.cluster.model import Model

_DIST: Final = Path("dist")
_OF_CORPORA: Final = ("output", "dist", "text_column", "encoding", "header", "quoting", "address")


def add_labelling(command: argparse.ArgumentParser) -> None:
    """Adds what a corpus takes instead of phrases."""
    group = command.add_argument_group("a corpus instead of phrases")
    group.add_argument(
        "--data",
        type=Path,
        metavar="FILE",
        help="answer every row of a .parquet, .csv, .tsv or .jsonl file, or every line of a .txt [none]",
    )
    group.add_argument(
        "--output",
        type=Path,
        metavar="PATH",
        help="where rows and answers go: a .parquet, .csv or .jsonl file, or with no suffix a folder of Parquet files "
        "[none; --data needs it]",
    )
    group.add_argument(
        "--dist",
        type=Path,
        metavar="DIR",
        help="the export whose .tflite answers [dist; where it holds none, the run]",
    )
    group.add_argument("--text-column", metavar="NAME", help="of the text [guessed where it is obvious]")
    group.add_argument("--encoding", metavar="NAME", help="of text [UTF-8, or what its bytes look like]")
    group.add_argument("--header", choices=CHOICES, help="whether the first row has the columns' names [auto]")
    group.add_argument("--quoting", choices=CHOICES, help="whether quotation marks enclose values [auto]")
    add_workers(group)


def refuse_labelling(arguments: argparse.Namespace) -> None:
    """Refuses what a corpus takes where phrases are answered.

    Raises:
        UserError: It was given.
    """
    for name in _OF_CORPORA:
        if getattr(arguments, name):
            raise UserError(f"--{name.replace('_', '-')}: needs --data")
    if arguments.workers != 1:
        raise UserError("--workers: needs --data")


def label_corpus(arguments: argparse.Namespace) -> int:
    """Answers a corpus and says how it went, on standard error: the answers are in the file.

    Raises:
        UserError: An option does not go with another, or the corpus cannot be answered.
    """
    from trainer.cluster.predict import Asked, lines_of, predict
    from trainer.cluster.workers import check_workers, workers_of

    if arguments.output is None:
        raise UserError("--data: needs --output, a .parquet, .csv or .jsonl file, or a folder")
    if arguments.text:
        raise UserError("--data: takes no phrase beside it")
    if arguments.json:
        raise UserError("--json: is for phrases; write to a .jsonl file instead")
    check_workers(arguments.workers, arguments.address)
    reading = Reading(arguments.encoding or "", arguments.header or "auto", arguments.quoting or "auto")
    asked = Asked(arguments.data, arguments.output, arguments.text_column or "", reading)
    with workers_of(arguments.workers, arguments.address) as workers:
        done = predict(asked, _model(arguments), workers)
    for line in lines_of(done, arguments.output):
        say(line)
    return 0


def _model(arguments: argparse.Namespace) -> "Model":
    """Opens the model that was named, or the export that is there, or else the newest run.

    Raises:
        UserError: There is none, or both kinds were named.
    """
    from trainer.cluster.model import MANIFEST, of_dist, of_run
    from trainer.run import find

    if arguments.run is not None and arguments.dist is not None:
        raise UserError("--dist: is another model than --run; name one of them")
    if arguments.dist is not None or (arguments.run is None and (_DIST / MANIFEST).is_file()):
        model = of_dist(arguments.dist or _DIST)
        say(f"{model.place}: its .tflite answers")
        return model
    model = of_run(find(arguments.run))
    say(f"{model.place}: the trained model answers; an export's .tflite differs by its rounding (--dist)")
    return model

"""The parser of the trainer's commands."""

import argparse
from pathlib import Path

from trainer.cli import commands
from trainer.cli.audit import audit_command
from trainer.cli.labelling import add_labelling
from trainer.cli.options import add_data, add_recipe, add_workers
from trainer.cli.tune import tune
from trainer.cluster.connection import ADDRESS_HELP
from trainer.model.recipe import RECIPES
from trainer.splitting.options import SEED


def parser(program: str = "python -m trainer") -> argparse.ArgumentParser:
    """Builds the parser; its help names every default.

    Args:
        program: What the usage calls it.
    """
    top = argparse.ArgumentParser(
        prog=program,
        description="Trains a short-text classifier: labelled text in, a run directory out.",
        epilog="Then `python -m export all` makes a page and a .tflite of the newest run.",
    )
    subparsers = top.add_subparsers(dest="command", required=True, metavar="COMMAND")

    corpus = subparsers.add_parser(
        "corpus", help="show the built-in corpus", description="Shows the built-in corpus: the lesson's four authors."
    )
    corpus.set_defaults(do=commands.corpus)

    audit = subparsers.add_parser(
        "audit",
        help="what a model would really learn from labelled text",
        description="Looks for what a model learns beside the labels: shortcuts, duplicates, leakage, wrong labels.",
        epilog="--fix never touches the source. A corpus of more rows than the audit reads is sampled, and it says so.",
    )
    audit.add_argument("--json", action="store_true", help="print one JSON object")
    audit.add_argument("--html", type=Path, metavar="FILE", help="write the report as one page [none]")
    audit.add_argument(
        "--fix", type=Path, metavar="DIR", help="write a cleaned copy, and what was removed and why [none]"
    )
    audit.add_argument("--seed", type=int, default=1, help="of the split that it looks at [1]")
    add_data(audit, to_split=True)
    audit.set_defaults(do=audit_command)

    fit = subparsers.add_parser(
        "fit",
        help="train a run",
        description="Trains on labelled text and writes a run directory, whole or not at all.",
        epilog="Defaults stand in brackets, for each recipe in the order " + ", ".join(RECIPES) + ".",
    )
    fit.add_argument("--run", type=Path, metavar="DIR", help="where the run goes [runs/<time>-<recipe>]")
    add_data(fit, to_split=True)
    add_recipe(fit, searched=True)
    fit.add_argument(
        "--search", type=Path, metavar="DIR", help="the search that the recipe is taken from [the newest in searches/]"
    )
    group = fit.add_argument_group("many workers")
    add_workers(group)
    group.add_argument(
        "--storage",
        type=Path,
        metavar="DIR",
        help="where checkpoints of a cluster of several machines go: a folder that all of them see [the user's cache]",
    )
    fit.set_defaults(do=commands.fit)

    _add_tune(
        subparsers.add_parser(
            "tune",
            help="search for a recipe",
            description="Searches for recipes on training and validation rows: the most accurate, and the smallest "
            "that is nearly as good. The test part is not read. Wants the extra `byline[ray]`.",
            epilog="A search that was killed goes on with the same command and its --output. Then "
            "`python -m trainer fit --recipe best`.",
        )
    )

    evaluate = subparsers.add_parser(
        "evaluate",
        help="measure a run on its test phrases, or on other labelled text",
        description="Measures a run on its test phrases, or with --data on all phrases of other labelled text.",
    )
    _add_run(evaluate)
    add_data(evaluate, to_split=False)
    evaluate.add_argument(
        "--folds",
        type=int,
        metavar="N",
        help="train anew on --data as the run was trained, and measure by N-fold cross-validation [none]",
    )
    evaluate.add_argument("--json", action="store_true", help="print one JSON object")
    evaluate.set_defaults(do=commands.evaluate)

    predict = subparsers.add_parser(
        "predict",
        help="classify phrases",
        description="Prints the labels with their probabilities, best first, and how many of the words are known. "
        '"not sure" stands before them where the best is below the threshold of the run.',
        epilog='Example: python -m trainer predict "To be or not to be"',
    )
    _add_run(predict)
    predict.add_argument("--json", action="store_true", help='print a line a phrase: [{"label": …, "score": …}, …]')
    predict.add_argument(
        "text",
        nargs="*",
        metavar="TEXT",
        help="a phrase; without any, a phrase a line from standard input, answered as it arrives",
    )
    add_labelling(predict)
    predict.set_defaults(do=commands.predict)
    return top


def _add_tune(command: argparse.ArgumentParser) -> None:
    command.add_argument("--output", type=Path, metavar="DIR", help="where the search is kept [searches/<time>]")
    command.add_argument("--minutes", type=float, default=15.0, metavar="N", help="after which it ends [15]")
    command.add_argument("--trials", type=int, metavar="N", help="after which it ends [as many as there is time for]")
    command.add_argument(
        "--budget-kb", type=int, metavar="N", help="the largest .tflite in kilobytes [what the recipe byline makes]"
    )
    command.add_argument(
        "--teacher",
        default="auto",
        metavar="auto|none|minilm|DIR",
        help="of the models that are taught by a sentence encoder; none: they are left out [auto]",
    )
    command.add_argument("--workers", type=int, metavar="N", help="trials at once [one a processor]")
    command.add_argument("--address", default="", metavar="HOST:PORT", help=ADDRESS_HELP)
    command.add_argument("--seed", type=int, help=f"equal seeds split alike and propose alike [{SEED}]")
    add_data(command, to_split=True)
    command.set_defaults(do=tune)


def _add_run(command: argparse.ArgumentParser) -> None:
    command.add_argument("--run", type=Path, metavar="DIR", help="the run directory [the newest in runs/]")

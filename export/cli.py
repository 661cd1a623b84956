"""The commands of the export: options in, a dist directory or the proof of one out."""

import argparse
from pathlib import Path

from export.graph import ROWS
from export.settings import ENGINES, Settings
from export.targets.strings import shipped
from trainer.cli.options import (
    MAIN,
    add_data,
    add_recipe,
    corpus_of,
    recipe_of,
    refuse_reading_options,
    seed_of,
    unit_from,
)
from trainer.cli.terminal import say
from trainer.errors import ExportCheckFailed, UserError
from trainer.external.words import STANDARDIZE
from trainer.run import Run
from trainer.training.options import RECIPE, FitOptions

_PARTS = {
    "all": "everything below but the ONNX model, proved to agree",
    "tfjs": "the TensorFlow.js graph model",
    "tflite": "the .tflite files, quantized and float32",
    "vocabulary": "vocabulary.json, the tokenizer contract, with its JSON Schema and as a SentencePiece model",
    "web": "the page, as a folder and as one file",
    "npm": "the npm package: an ES module with types, and a custom element",
    "mobile": "code for apps in Kotlin, Swift, Dart and JavaScript, with the vectors that it is tested by",
    "onnx": "an ONNX model for servers, .NET, Rust and React Native, proved by ONNX Runtime (the extra `byline[onnx]`)",
}


def parser(program: str = "python -m export") -> argparse.ArgumentParser:
    """Builds the parser; its help names every default.

    Args:
        program: What the usage calls it.
    """
    defaults = Settings()
    top = argparse.ArgumentParser(
        prog=program,
        description="Packages a trained run for web pages and phones: a run directory in, a dist directory out.",
        epilog="`python -m export all` is the whole way: with --data it trains a run on that text first; with no run "
        "yet, one on the built-in corpus.",
    )
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, help_text in _PARTS.items():
        command = commands.add_parser(
            name,
            help=help_text,
            description=f"Exports {help_text}.",
            epilog="The output directory is written beside its place and moved there whole. Exit codes: 0 well, "
            "1 an artefact is out of bounds and the old output stays, 2 a mistake in what was given.",
        )
        output = "dist" if name == "all" else f"dist-{name}"
        command.add_argument("--run", type=Path, metavar="DIR", help="the run directory [the newest in runs/]")
        command.add_argument(
            "--output", type=Path, metavar="DIR", default=Path(output), help=f"where it goes [{output}]"
        )
        if name == "all":
            add_data(command, to_split=True)
            add_recipe(command, only=MAIN)
            _add_external(command)
        about = command.add_argument_group("what it says of itself")
        about.add_argument(
            "--name", default=defaults.name, help=f"names the .tflite, the page and the npm package [{defaults.name}]"
        )
        about.add_argument("--title", default="", help="the page's heading [the corpus' question]")
        about.add_argument("--description", default="", help="one sentence [the corpus' description]")
        about.add_argument("--author", default="", help="who made the model [not stated]")
        about.add_argument("--language", default="", metavar="TAG", help="the text's language [detected]")
        if name in ("all", "tflite"):
            about.add_argument(
                "--display-names", default="", metavar="FILE", help="JSON: language -> label -> name, for apps [none]"
            )
        about.add_argument("--license", default="", help="the model's licence [the corpus' terms]")
        if name in ("all", "web"):
            _add_page(command, defaults)
        if name == "npm":
            _add_strings(about, "the custom element's language", defaults)
        if name in ("all", "tflite"):
            numbers = command.add_argument_group("how numbers are stored")
            numbers.add_argument(
                "--rows",
                choices=ROWS,
                default=defaults.rows,
                help=f"of bigrams, and of pieces with few labels; int4 is smaller and less exact [{defaults.rows}]",
            )
        sizes = command.add_argument_group("budgets")
        sizes.add_argument(
            "--tflite-budget",
            type=int,
            metavar="BYTES",
            default=defaults.tflite_budget,
            help=f"the most the quantized .tflite may weigh [{defaults.tflite_budget}]",
        )
        sizes.add_argument(
            "--page-budget",
            type=int,
            metavar="BYTES",
            default=defaults.page_budget,
            help=f"the most the page may weigh, compressed with brotli [{defaults.page_budget}]",
        )
        command.set_defaults(do=_export)
    verify = commands.add_parser(
        "verify",
        help="prove again that every artefact agrees",
        description=(
            "Holds every file against the manifest, runs every test phrase and 2,000 fuzz strings through every "
            "runtime, and prints a table. Without the run that it came from, only the models of the directory are run."
        ),
        epilog="Writes nothing. Exit codes: 0 all agree, 1 one does not, 2 a mistake or a changed file.",
    )
    verify.add_argument("dist", type=Path, nargs="?", default=Path("dist"), metavar="DIST", help="the directory [dist]")
    verify.add_argument(
        "--run",
        type=Path,
        metavar="DIR",
        help="the run it was exported from [the one in runs/ it names, if there]",
    )
    verify.set_defaults(do=_verify)
    return top


def _add_external(command: argparse.ArgumentParser) -> None:
    given = command.add_argument_group("a Keras model of your own, with --data as its test")
    given.add_argument(
        "--model", type=Path, metavar="FILE", help="a .keras file that reads int32 ids or strings [none]"
    )
    given.add_argument(
        "--vocabulary",
        type=Path,
        metavar="FILE",
        help="a SentencePiece model, or a word a line [what its TextVectorization layer holds]",
    )
    given.add_argument(
        "--labels", type=Path, metavar="FILE", help="a label a line, in the order of its outputs [needed]"
    )
    given.add_argument(
        "--standardize",
        choices=STANDARDIZE,
        help=f"what is done to a text before its words are looked up [{STANDARDIZE[0]}]",
    )
    given.add_argument(
        "--length", type=int, metavar="N", help="how many ids it reads, where it can read any number [its own]"
    )


def _add_page(command: argparse.ArgumentParser, defaults: Settings) -> None:
    page = command.add_argument_group("the page")
    page.add_argument(
        "--engine",
        choices=ENGINES,
        default=defaults.engine,
        help="what predicts in the browser: Byline's own interpreter, or TensorFlow.js [own]",
    )
    _add_strings(page, "the page's language", defaults)
    page.add_argument("--accent", default="", metavar="#RRGGBB", help="the colour of links and focus [a dark blue]")
    page.add_argument("--logo", default="", metavar="FILE", help="an SVG, PNG, JPEG or WebP picture [Byline's mark]")
    page.add_argument(
        "--base-path",
        default="",
        metavar="PATH",
        help="the path on the host where the page's files are served, /demo/ for example [beside the page]",
    )
    page.add_argument(
        "--templates", default="", metavar="DIR", help="templates that extend or replace the page's own [none]"
    )


def _add_strings(group: argparse._ArgumentGroup, what: str, defaults: Settings) -> None:
    group.add_argument(
        "--strings",
        default=defaults.strings,
        metavar="LANGUAGE|FILE",
        help=f"{what}, of {', '.join(shipped())}; or a JSON file of strings [{defaults.strings}]",
    )


def _export(arguments: argparse.Namespace) -> int:
    from export import dist
    from export.proof import variants
    from trainer.evaluation.wording import advice_text, result_text
    from trainer.run import find

    settings = Settings(**{name: getattr(arguments, name) for name in vars(Settings()) if hasattr(arguments, name)})
    settings.check()
    dist.check_output(arguments.output)
    trained = _run_first(arguments) if arguments.command == "all" else None
    run = trained or find(arguments.run)
    print(
        f"run        {run.path}, {f'accuracy {result_text(run.results)}' if run.measured else 'not measured (--data)'}"
    )
    for line in advice_text(run.facts["advice"], run.results):
        print(f"advice     {line}")
    parts = dist.PARTS if arguments.command == "all" else (arguments.command,)
    try:
        report = dist.build(run, arguments.output, settings, parts)
    except ExportCheckFailed as error:
        return _refuse(f"{arguments.output} is left as it was", str(error).splitlines())
    if report:
        print(dist.proof_text(report, run))
        if report.variants:
            print(f"\n{variants.table(report.variants)}\n")
    print(f"done       {arguments.output}")
    if (arguments.output / "web").is_dir():
        print(f"open       {arguments.output / settings.name}.html, or serve the folder {arguments.output / 'web'}:")
        print(f"           python -m http.server --directory {arguments.output / 'web'} and open http://localhost:8000")
    return 0


def _run_first(arguments: argparse.Namespace) -> Run | None:
    """Reads a model of the user's own, or trains one.

    Raises:
        UserError: Options ask for both.
    """
    if arguments.model is None:
        for name in ("vocabulary", "labels", "standardize", "length"):
            if getattr(arguments, name) is not None:
                raise UserError(f"--{name}: needs --model, a Keras model of your own")
        return _train_first(arguments)
    from trainer.external.record import read_labels, write_external

    if arguments.run is not None:
        raise UserError("--model: makes a new run; leave out --run")
    for name in ("recipe", "seed", *MAIN):
        if getattr(arguments, name) is not None:
            raise UserError(f"--{name.replace('_', '-')}: {arguments.model} was trained already; leave it out")
    if arguments.labels is None:
        raise UserError("--labels: is needed with --model: a label a line, in the order of the model's outputs")
    labels = read_labels(arguments.labels)
    arguments.least_rows = arguments.least_rows or 1  # of what is measured on no label is rare
    corpus = None if arguments.data is None else corpus_of(arguments, labels)
    options = {"standardize": arguments.standardize, "length": arguments.length}
    return write_external(arguments.model, arguments.vocabulary, labels, corpus, options)


def _train_first(arguments: argparse.Namespace) -> Run | None:
    """Trains where text was given, or where nothing is trained yet.

    Raises:
        UserError: An option asks for another run than the one that is there.
    """
    from trainer.run import RUNS, find, newest_path

    if arguments.data is None:
        if arguments.run is not None or newest_path() is not None:
            refuse_reading_options(arguments, "needs --data: a run that is there was trained already")
            run = find(arguments.run)
            _refuse_another_run(arguments, run)
            return run
        recipe_name = arguments.recipe or RECIPE
        say(f"{RUNS}/ holds no run yet: training one on the built-in corpus with the recipe {recipe_name}")
    elif arguments.run is not None:
        raise UserError("--data: trains a new run; leave out --run")
    options = FitOptions(seed_of(arguments), unit_from(arguments), arguments.split == "random")
    recipe = recipe_of(arguments)
    corpus = corpus_of(arguments)
    from trainer.training.fit import fit

    return fit(corpus, recipe, options)


def _refuse_another_run(arguments: argparse.Namespace, run: Run) -> None:
    """Refuses a recipe or a seed with which the run that is there was not trained: it would be ignored.

    Raises:
        UserError: One was given.
    """
    trained = {"recipe": run.facts["recipe"]["name"], "seed": run.facts["seed"]}
    for name, of_run in trained.items():
        given = getattr(arguments, name)
        if given is not None and given != of_run:
            raise UserError(
                f"--{name}: {run.path} was trained with {name} {of_run}, not {given}; train another with --data, "
                f"or with `python -m trainer fit --recipe {arguments.recipe or trained['recipe']} "
                f"--seed {trained['seed'] if arguments.seed is None else arguments.seed}`"
            )


def _verify(arguments: argparse.Namespace) -> int:
    from export.proof import parity
    from export.verify import verify

    report, faults = verify(arguments.dist, arguments.run)
    print(parity.table(report.rows))
    if faults:
        return _refuse(f"{arguments.dist} is out of bounds", faults)
    print("all agree")
    return 0


def _refuse(summary: str, faults: list[str]) -> int:
    for fault in faults:
        say(f"out of bounds: {fault}")
    say(summary)
    return 1


def run(arguments: list[str] | None, program: str) -> int:
    """Runs one command and gives its exit code.

    Raises:
        UserError: The user can mend it.
    """
    parsed = parser(program).parse_args(arguments)
    return int(parsed.do(parsed))

"""What is searched: every dimension with its values and the reason for them, and the way from values to a recipe."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from trainer.model.recipe import RECIPES, Recipe, Sizes

if TYPE_CHECKING:
    import optuna

VERSION: Final = 2  # of the space: a search of another one is not gone on with
TABLES, TAUGHT, NETWORK = "tables", "taught", "network"
_LINEAR: Final = (TABLES, TAUGHT)
LEAST_KB: Final = 60  # of a model: less holds nothing beside graph and tokenizer

_CHANGED: Final = 0.2  # of a neighbour's dimensions
_NEAR: Final = 2  # places along an ordered dimension
_SPREAD: Final = 0.5  # standard deviation of the logarithm of an interval's number

Value = float | str | bool
Params = dict[str, Value]


@dataclass(frozen=True)
class Dimension:
    """One thing that is searched.

    Attributes:
        field: Of the recipe.
        values: That are tried; of an interval its bounds.
        reason: Why these.
        families: Kinds of models that have it.
        ordered: Whether neighbours among the values are alike.
        interval: Whether all numbers between the two values are tried, evenly by their logarithm.
        windows: Whether it says something of running text alone, which is cut into windows.
        many: Whether it says something of more than ten labels alone.
    """

    field: str
    values: tuple[Any, ...]
    reason: str
    families: tuple[str, ...]
    ordered: bool = True
    interval: bool = False
    windows: bool = False
    many: bool = False


@dataclass(frozen=True)
class Space:
    """The search space: three families of models, and the dimensions of each.

    `tables` is the default recipe without a teacher, `taught` the same with one, `network` the lesson's. More LSTM
    layers, and other activations of the LSTM, are not searched: both would change the graph of every runtime.
    """

    # size
    budget: Dimension = Dimension(
        "budget_kb",
        (0.24, 0.34, 0.48, 0.7, 1.0),
        "of the largest size: a little under half of the bytes often costs nothing, a quarter is where accuracy falls",
        _LINEAR,
    )
    # tokenizer
    pieces: Dimension = Dimension(
        "maximum_pieces",
        (500, 1_000, 1_500, 2_000, 3_000, 4_000, 6_000, 8_000),
        "rare words want many pieces, new words few; beyond 8,000 a piece is seen too seldom",
        _LINEAR,
    )
    whole_words: Dimension = Dimension(
        "whole_words",
        ("yes", "no"),
        "whole words pay where the same words come again, and cost pieces",
        _LINEAR,
        ordered=False,
    )
    sequence_length: Dimension = Dimension(
        "sequence_length",
        (18, 34, 66),
        "16, 32 or 64 pieces at once; longer texts are read in windows, which may answer better, or worse",
        _LINEAR,
    )
    # linear part
    regularization: Dimension = Dimension(
        "regularization",
        (0.05, 3.0),
        "the default suits eight sets on average; noisy labels want less, many clean rows more",
        _LINEAR,
        interval=True,
    )
    bigram_strength: Dimension = Dimension(
        "bigram_strength",
        (0.35, 0.7, 1.0, 1.4),
        "word order matters by language and task; 0 is a bag of words, which is never better",
        _LINEAR,
    )
    ngram_strength: Dimension = Dimension(
        "ngram_strength",
        (0.5, 1.0, 1.5, 2.0),
        "spelling says much where words are new: names, endings, mistakes",
        _LINEAR,
    )
    longest_ngram: Dimension = Dimension(
        "longest_ngram", (3, 4, 5, 6), "n-grams of 3 are syllables, of 6 all but words; longer ones are words", _LINEAR
    )
    dense_rows: Dimension = Dimension(
        "dense_rows",
        (100, 300, 600, 1_000),
        "rows of frequent pieces for all labels: a byte a label",
        _LINEAR,
        many=True,
    )
    cells: Dimension = Dimension(
        "cells",
        (4, 6, 8, 12),
        "labels of the other pieces: 4 cost a point on some sets, 16 bring 0.1",
        _LINEAR,
        many=True,
    )
    bigram_slots: Dimension = Dimension(
        "bigram_slots",
        (997, 2_003, 4_001, 8_009, 16_001, 0),
        "of bigrams beyond 16,000 most are seen once; 0 is all that the budget holds",
        _LINEAR,
    )
    bigram_cells: Dimension = Dimension(
        "bigram_cells", (2, 3, 4, 6), "labels of a bigram, which speaks for few", _LINEAR, many=True
    )
    misspelt: Dimension = Dimension(
        "misspelt_weight",
        (0.0, 0.15, 0.3, 0.5),
        "copies with slips: they help on typed text, and regularize; more than half drowns the text",
        _LINEAR,
    )
    unpunctuated: Dimension = Dimension(
        "unpunctuated_weight", (0.0, 0.15, 0.3), "printed text, typed without its marks", _LINEAR, windows=True
    )
    # encoder with a teacher
    taught_embedding: Dimension = Dimension(
        "embedding_size", (16, 24, 32, 48, 64), "a byte a piece each: the largest part of a taught model", (TAUGHT,)
    )
    taught_units: Dimension = Dimension(
        "lstm_units", (24, 32, 48, 64), "more come nearer to the teacher, and take longer a phrase", (TAUGHT,)
    )
    taught_steps: Dimension = Dimension(
        "lstm_steps", (12, 16, 24, 32), "pieces that are read: 2 kB of the graph and a microsecond each", (TAUGHT,)
    )
    taught_size: Dimension = Dimension(
        "sentence_size", (64, 96, 128), "principal components of the teacher's 384: the first 64 hold most", (TAUGHT,)
    )
    # the lesson's network
    words: Dimension = Dimension(
        "maximum_pieces",
        (1_000, 2_000, 4_000, 8_000, 16_000),
        "whole words, or pieces; one that is seen twice has learned nothing",
        (NETWORK,),
    )
    unit: Dimension = Dimension(
        "model_type", ("word", "unigram"), "the lesson reads words; pieces read unseen ones", (NETWORK,), ordered=False
    )
    length: Dimension = Dimension("sequence_length", (18, 34), "words or pieces that the LSTM reads", (NETWORK,))
    embedding: Dimension = Dimension("embedding_size", (16, 32, 64, 128), "64 in the lesson; a byte a word", (NETWORK,))
    units: Dimension = Dimension("lstm_units", (16, 32, 64, 96), "the lesson has 64 per direction", (NETWORK,))
    layers: Dimension = Dimension(
        "dense_units",
        ((), (64,), (64, 16), (128, 64)),
        "dense layers before the last; the lesson has two, and few rows want none",
        (NETWORK,),
        ordered=False,
    )
    activation: Dimension = Dimension(
        "activation", ("relu", "tanh"), "of these layers; the lesson rectifies", (NETWORK,), ordered=False
    )
    optimizer: Dimension = Dimension(
        "optimizer",
        ("adam", "nadam", "rmsprop", "sgd"),
        "Adam is the lesson's; with few epochs the others differ by their first steps",
        (NETWORK,),
        ordered=False,
    )
    loss: Dimension = Dimension(
        "loss",
        ("crossentropy", "smoothed", "focal"),
        "smoothing forgives wrong labels, focal looks at what is hard",
        (NETWORK,),
        ordered=False,
    )
    dropout: Dimension = Dimension("dropout", (0.0, 0.2, 0.4, 0.6), "the lesson has none, and overfits", (NETWORK,))
    rate: Dimension = Dimension(
        "learning_rate",
        (0.0003, 0.02),
        "ten times the lesson's 0.001 either way, more upwards: few epochs are paid for",
        (NETWORK,),
        interval=True,
    )
    falling: Dimension = Dimension(
        "falling_rate", (False, True), "a falling rate ends where a steady one wanders", (NETWORK,), ordered=False
    )
    batch: Dimension = Dimension(
        "batch_size", (16, 32, 64, 128), "smaller ones make more steps, and take longer", (NETWORK,)
    )
    epochs: Dimension = Dimension("epochs", (2, 3, 5, 8, 12), "the lesson has 3; beyond 12 time runs out", (NETWORK,))
    copies: Dimension = Dimension("misspelt_weight", (0.0, 0.3), "with copies that have slips, or without", (NETWORK,))


@dataclass(frozen=True)
class Limits:
    """What of the space is there for one corpus.

    Attributes:
        families: That are searched.
        kilobytes: Of the largest model.
        many: Whether there are more than ten labels.
        windows: Whether running text is cut into windows.
        teacher: Of the taught family: a name or a folder.
        base: The recipe from which the families `tables` and `taught` start.
        rows: That are learned from.
        updates: Gradient steps of a network on these rows, at most, but for a first epoch; 0: any number.
    """

    families: tuple[str, ...]
    kilobytes: int
    many: bool
    windows: bool
    teacher: str
    base: Recipe
    rows: int = 0
    updates: int = 0


FAMILY: Final = "family"


def dimensions(space: Space, limits: Limits, family: str) -> Iterator[tuple[str, Dimension]]:
    """Gives the dimensions of a family, with their names."""
    for of in fields(space):
        dimension: Dimension = getattr(space, of.name)
        apart = (dimension.windows and not limits.windows) or (dimension.many and not limits.many)
        if family in dimension.families and not apart:
            yield of.name, dimension


def propose(trial: "optuna.Trial", space: Space, limits: Limits) -> tuple[str, Params]:
    """Asks Optuna for a family, and for a value of each of its dimensions.

    Returns:
        The family, and Optuna's parameters: an ordered dimension is the place of its value among them.
    """
    family = str(trial.suggest_categorical(FAMILY, limits.families))
    params: Params = {}
    for name, dimension in dimensions(space, limits, family):
        if dimension.interval:
            params[name] = trial.suggest_float(name, *dimension.values, log=True)
        elif dimension.ordered:
            params[name] = trial.suggest_int(name, 0, len(dimension.values) - 1)
        else:
            params[name] = trial.suggest_categorical(name, tuple(range(len(dimension.values))))
    return family, params


def neighbour(
    family: str, params: Mapping[str, Value], space: Space, limits: Limits, generator: np.random.Generator
) -> Params:
    """Changes a few dimensions of a point by a little, at least one.

    Args:
        family: Of the model.
        params: Of the point, as `propose` gives them.
        space: Where they are from.
        limits: Of the corpus.
        generator: Of all chance.
    """
    there = dict(dimensions(space, limits, family))
    changed = [name for name in there if generator.random() < _CHANGED] or [str(generator.choice(list(there)))]
    moved: Params = dict(params)
    for name in changed:
        dimension, last = there[name], len(there[name].values) - 1
        if dimension.interval:
            low, high = dimension.values
            value, factor = float(params[name]), float(np.exp(_SPREAD * generator.normal()))
            within = low <= value * factor <= high
            moved[name] = float(np.clip(value * factor if within else value / factor, low, high))
        elif dimension.ordered:
            place = int(params[name])
            near = [other for other in range(last + 1) if 0 < abs(other - place) <= _NEAR]
            moved[name] = int(generator.choice(near))
        else:
            moved[name] = int(generator.choice([other for other in range(last + 1) if other != int(params[name])]))
    return moved


def recipe_of(family: str, params: Mapping[str, Value], space: Space, limits: Limits, name: str) -> Recipe:
    """Makes a recipe of Optuna's parameters.

    Args:
        family: Of the model.
        params: Of `propose`.
        space: Where they are from.
        limits: Of the corpus.
        name: What the recipe is called.
    """
    values: dict[str, Any] = {
        dimension.field: params[of] if dimension.interval else dimension.values[int(params[of])]
        for of, dimension in dimensions(space, limits, family)
    }
    if family == NETWORK:
        whole = "yes" if values["model_type"] == "word" else "no"
        steps = values["sequence_length"] - 2
        start = replace(RECIPES["lesson"], unit=limits.base.unit)
        if limits.updates:
            values["epochs"] = max(1, min(values["epochs"], limits.updates * values["batch_size"] // limits.rows))
        return replace(start, name=name, lstm_steps=steps, whole_words=whole, **values)
    values["budget_kb"] = max(LEAST_KB, round(limits.kilobytes * values["budget_kb"]))
    if family == TAUGHT:
        values["lstm_steps"] = min(values["lstm_steps"], values["sequence_length"] - 2)
    return replace(limits.base, name=name, teacher=limits.teacher if family == TAUGHT else "none", **values)


def nearest(recipe: Recipe, sizes: Sizes, sequence_length: int, space: Space, limits: Limits) -> tuple[str, Params]:
    """Finds the point of the space that is nearest to a recipe: by it the search knows of recipes that it has not made.

    Args:
        recipe: Any.
        sizes: What the recipe leaves to rules.
        sequence_length: Likewise.
        space: The space.
        limits: Of the corpus.
    """
    taught = recipe.teacher != "none" and TAUGHT in limits.families
    family = NETWORK if not recipe.tables else TAUGHT if taught else TABLES
    resolved = {
        "budget_kb": (recipe.budget_kb or limits.kilobytes) / limits.kilobytes,
        "regularization": recipe.regularization or (0.5 if limits.many else 0.25),
        "sequence_length": sequence_length,
        "whole_words": "yes" if sizes.whole_words else "no",
        "bigram_slots": recipe.bigram_slots,
    }
    params: Params = {}
    for name, dimension in dimensions(space, limits, family):
        field = dimension.field
        wanted = resolved.get(field) if field in resolved else getattr(sizes, field, None) or getattr(recipe, field)
        if dimension.interval:
            low, high = dimension.values
            params[name] = min(max(float(str(wanted)), low), high)
        elif isinstance(wanted, int | float) and not isinstance(wanted, bool):
            params[name] = min(
                range(len(dimension.values)), key=lambda place: abs(float(dimension.values[place]) - float(wanted))
            )
        else:
            params[name] = dimension.values.index(wanted) if wanted in dimension.values else 0
    return family, params

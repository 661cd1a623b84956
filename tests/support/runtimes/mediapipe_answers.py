"""Runs in MediaPipe's own environment: {"model": PATH, "texts": […], "threshold": null, "locale": "de"} in.

Out comes {"scores": for each text {label: score}, "changed": how many of the first texts were answered otherwise when
they were asked again}: of the labels that are not below the threshold; null says the file's own. With a locale, which
may be left out, labels have that locale's display names.
"""

import json
import sys

from mediapipe.tasks.python import BaseOptions, text

AGAIN = 500  # texts that are asked twice

request = json.load(sys.stdin)
base = BaseOptions(model_asset_path=request["model"])
locale = request.get("locale")
options = text.TextClassifierOptions(
    base_options=base, score_threshold=request["threshold"], display_names_locale=locale
)
with text.TextClassifier.create_from_options(options) as classifier:

    def ask(phrase: str) -> dict[str, float]:
        categories = classifier.classify(phrase).classifications[0].categories
        in_order = sorted(categories, key=lambda category: category.index)
        return {each.display_name if locale else each.category_name: each.score for each in in_order}

    rows = [ask(phrase) for phrase in request["texts"]]
    changed = sum(ask(phrase) != row for phrase, row in zip(request["texts"][:AGAIN], rows, strict=False))
json.dump({"scores": rows, "changed": changed}, sys.stdout)

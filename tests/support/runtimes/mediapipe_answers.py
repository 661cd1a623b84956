"""Runs in MediaPipe's own environment, as a program: {"model": PATH, "texts": […], "threshold": null} in.

Out comes for each text {label: score}, of the labels that are not below the threshold; null says the file's own.
"""

import json
import sys

from mediapipe.tasks.python import BaseOptions, text

request = json.load(sys.stdin)
base = BaseOptions(model_asset_path=request["model"])
options = text.TextClassifierOptions(base_options=base, score_threshold=request["threshold"])
with text.TextClassifier.create_from_options(options) as classifier:
    rows = []
    for phrase in request["texts"]:
        categories = classifier.classify(phrase).classifications[0].categories
        in_order = sorted(categories, key=lambda category: category.index)
        rows.append({category.category_name: category.score for category in in_order})
json.dump(rows, sys.stdout)

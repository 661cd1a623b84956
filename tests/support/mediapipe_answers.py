"""Runs in MediaPipe's own environment, as a program: {"model": PATH, "texts": […]} in, a row of scores a text out."""

import json
import sys

from mediapipe.tasks.python import BaseOptions, text

request = json.load(sys.stdin)
options = text.TextClassifierOptions(base_options=BaseOptions(model_asset_path=request["model"]))
with text.TextClassifier.create_from_options(options) as classifier:
    rows = []
    for phrase in request["texts"]:
        categories = classifier.classify(phrase).classifications[0].categories
        rows.append([category.score for category in sorted(categories, key=lambda category: category.index)])
json.dump(rows, sys.stdout)

"""Runs in MediaPipe's own environment, as a program: {"model": PATH, "texts": […]} in, a row of scores a text out."""

import json
import sys

from mediapipe.tasks.python import BaseOptions
from mediapipe.tasks.python.text import TextClassifier, TextClassifierOptions

request = json.load(sys.stdin)
options = TextClassifierOptions(base_options=BaseOptions(model_asset_path=request["model"]))
with TextClassifier.create_from_options(options) as classifier:
    rows = []
    for text in request["texts"]:
        categories = classifier.classify(text).classifications[0].categories
        rows.append([category.score for category in sorted(categories, key=lambda category: category.index)])
json.dump(rows, sys.stdout)

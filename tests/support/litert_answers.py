"""Runs in the mobile clients' own environment, as a program: {"model": PATH, "rows": [[id, …], …]} in.

Out comes {"version": …, "answers": [[probability, …], …], "changed": how many rows had other bytes when asked again}.
"""

import json
import sys
from importlib.metadata import version

import numpy as np
from ai_edge_litert.interpreter import Interpreter

request = json.load(sys.stdin)
interpreter = Interpreter(model_path=request["model"], num_threads=1)
interpreter.allocate_tensors()
inputs, (output,) = interpreter.get_input_details(), interpreter.get_output_details()


def ask(row):
    for each in inputs:  # of ids, segment_ids and mask the graph reads ids alone
        interpreter.set_tensor(each["index"], np.array([row], np.int32))
    interpreter.invoke()
    return interpreter.get_tensor(output["index"])[0].copy()


answers = [ask(row) for row in request["rows"]]
changed = sum(ask(row).tobytes() != answer.tobytes() for row, answer in zip(request["rows"], answers, strict=True))
answers = [answer.tolist() for answer in answers]
json.dump({"version": version("ai-edge-litert"), "answers": answers, "changed": changed}, sys.stdout)

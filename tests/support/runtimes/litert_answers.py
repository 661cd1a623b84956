"""Runs in the mobile clients' own environment, as a program: {"model": PATH, "rows": [[id, …], …]} in.

Out comes {"version": …, "answers": [[probability, …], …], "changed": how many of the first were answered otherwise
when they were asked again}.
"""

import json
import sys
from importlib.metadata import version

import numpy as np
from ai_edge_litert.interpreter import Interpreter
from numpy.typing import NDArray

AGAIN = 500  # rows that are asked twice

request = json.load(sys.stdin)
interpreter = Interpreter(model_path=request["model"], num_threads=1)
interpreter.allocate_tensors()
inputs, (output,) = interpreter.get_input_details(), interpreter.get_output_details()


def ask(row: list[int]) -> NDArray[np.float32]:
    for each in inputs:  # of ids, segment_ids and mask the graph reads ids alone
        interpreter.set_tensor(each["index"], np.array([row], np.int32))
    interpreter.invoke()
    return np.array(interpreter.get_tensor(output["index"])[0], np.float32)


answers = [ask(row) for row in request["rows"]]
again = zip(request["rows"][:AGAIN], answers, strict=False)
changed = sum(ask(row).tobytes() != answer.tobytes() for row, answer in again)
said = {"version": version("ai-edge-litert"), "answers": [answer.tolist() for answer in answers], "changed": changed}
json.dump(said, sys.stdout)

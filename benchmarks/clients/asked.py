"""One client in a process of its own: {"client": NAME, "model": PATH, "texts": […], "rows": [[id, …], …]} in.

Runs as a program in the environment in which the client is installed. The libraries are imported first: what is
measured is what loading the file and asking it add to that. Out comes one JSON object; bytes of memory are those that
/proc says.
"""

import json
import struct
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median
from typing import Any

Answer = Callable[[int], Sequence[float]]  # from the number of a text to its scores
Load = Callable[[], Answer]


def memory(name: str) -> int:
    """Gives bytes of this process: "VmRSS", resident now, or "VmHWM", the most that ever was or since `forget`."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    (line,) = (line for line in lines if line.startswith(f"{name}:"))
    return int(line.split()[1]) * 1024


def forget() -> None:
    """Lets the kernel count the peak anew from here."""
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")


def mediapipe(request: dict[str, Any]) -> tuple[str, Load]:
    import mediapipe as mp
    from mediapipe.tasks.python import BaseOptions, text

    def load() -> Answer:
        options = text.TextClassifierOptions(
            base_options=BaseOptions(model_asset_path=request["model"]), score_threshold=1e-37
        )
        classifier = text.TextClassifier.create_from_options(options)

        def answer(number: int) -> list[float]:
            categories = classifier.classify(request["texts"][number]).classifications[0].categories
            return [each.score for each in categories]

        return answer

    return f"mediapipe {mp.__version__}", load


def bert_nl_classifier(request: dict[str, Any]) -> tuple[str, Load]:
    sys.path.insert(0, str(Path(__file__).parents[2]))
    from importlib.metadata import version

    from export.proof.task_library import tflite_support

    task = tflite_support().bert_nl_classifier

    def load() -> Answer:
        classifier = task.BertNLClassifier.create_from_file(request["model"])

        def answer(number: int) -> list[float]:
            categories = classifier.classify(request["texts"][number]).classifications[0].categories
            return [each.score for each in categories]

        return answer

    return f"tflite-support {version('tflite-support')}", load


def litert(request: dict[str, Any]) -> tuple[str, Load]:
    from importlib.metadata import version

    from ai_edge_litert.interpreter import Interpreter

    return f"ai-edge-litert {version('ai-edge-litert')}", lambda: _of_interpreter(Interpreter, request)


def tensorflow_lite(request: dict[str, Any]) -> tuple[str, Load]:
    import tensorflow as tf

    return f"tensorflow {tf.__version__}", lambda: _of_interpreter(tf.lite.Interpreter, request)


def _of_interpreter(interpreter: Any, request: dict[str, Any]) -> Answer:
    import numpy as np

    loaded = interpreter(model_path=request["model"], num_threads=1)
    loaded.allocate_tensors()
    inputs, (output,) = loaded.get_input_details(), loaded.get_output_details()
    (ids,) = (each for each in inputs if "ids" in each["name"] and "segment" not in each["name"])
    rows = [np.array([row], np.int32) for row in request["rows"]]

    def answer(number: int) -> list[float]:
        loaded.set_tensor(ids["index"], rows[number])
        loaded.invoke()
        scores: list[float] = loaded.get_tensor(output["index"])[0].tolist()
        return scores

    return answer


CLIENTS = {
    "mediapipe": mediapipe,
    "bert_nl_classifier": bert_nl_classifier,
    "litert": litert,
    "tensorflow_lite": tensorflow_lite,
}


def measured(request: dict[str, Any]) -> dict[str, Any]:
    """Loads the file, and asks it every text twice."""
    version, load = CLIENTS[request["client"]](request)
    forget()
    before, started = memory("VmRSS"), time.perf_counter()
    answer = load()
    answer(0)
    loaded = time.perf_counter() - started
    first: list[bytes] = []
    times: list[float] = []
    for number in range(len(request["texts"])):
        started = time.perf_counter()
        scores = answer(number)
        times.append(time.perf_counter() - started)
        first.append(struct.pack(f"{len(scores)}d", *scores))
    peak = memory("VmHWM")
    second = [answer(number) for number in range(len(first))]
    changed = sum(
        struct.pack(f"{len(scores)}d", *scores) != before for scores, before in zip(second, first, strict=True)
    )
    return {
        "version": version,
        "load_ms": 1e3 * loaded,
        "microseconds": 1e6 * median(times),
        "above": peak - before,
        "peak": peak,
        "asked": len(first),
        "changed": changed,
    }


if __name__ == "__main__":
    json.dump(measured(json.load(sys.stdin)), sys.stdout)

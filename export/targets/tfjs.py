"""The graph as a TensorFlow.js graph model: `model.json` and weight shards."""

import base64
import json
import os
import tempfile
from pathlib import Path
from typing import Any, Final

import numpy as np

from export.graph import Constants, in_8_bits, inference
from export.graph.rounding import LABELS
from export.runtime import ENGINE
from trainer.files import dense_json, read_json
from trainer.quiet import quietly

STEPS: Final = "lstm_steps"  # how many pieces the LSTM reads, for who reads the weights and not the graph
_TYPES: Final = {"float32": np.float32, "int32": np.int32, "bool": np.bool_}
_FUSABLE: Final = ("BiasAdd", "Elu", "LeakyRelu", "Prelu", "Relu", "Relu6", "Sigmoid")  # by TF.js' CPU and WASM
_ENDS: Final = {8: (-128, 127), 16: (-32_768, 32_767)}


def write_tfjs(constants: Constants, sequence_length: int, steps: int, folder: Path) -> None:
    """Writes the graph model that stock TF.js loads and that answers synchronously.

    Rows, fingerprints and labels are stored as integers of 8 or 16 bits, every other weight as float16; all hold the
    rounded numbers exactly.

    Args:
        constants: Rounded.
        sequence_length: How many ids the graph reads.
        steps: How many pieces the LSTM reads.
        folder: Where `model.json` and the shards go.
    """
    whole = {name: _bits(constants, name) for name in constants if in_8_bits(name)}
    for name, bits in whole.items():
        if (constants[name].min(), constants[name].max()) != _ENDS[bits] or (constants[name] % 1).any():
            raise ValueError(
                f"`{name}` must be rounded, with both ends of {bits} bits, or what is stored is not exact."
            )
    halves = [f"*{name}" for name in constants if name not in whole]
    stored = {"uint8": [f"*{name}" for name, bits in whole.items() if bits == 8], "float16": halves}
    if wide := [f"*{name}" for name, bits in whole.items() if bits == 16]:
        stored["uint16"] = wide
    _convert(inference(constants, steps, "float32"), sequence_length, stored, folder)
    _finish(folder, {STEPS: steps})


def write_external(function: Any, sequence_length: int, folder: Path) -> None:
    """Writes the graph model of a model that was trained elsewhere.

    What float16 holds exactly is stored as that: every rounded weight, and no constant of the layers' that it would
    change.

    Args:
        function: From int32 ids, shape [batch, sequence_length], to probabilities.
        sequence_length: How many ids it reads.
        folder: Where `model.json` and the shards go.
    """
    _convert(function, sequence_length, {}, folder)
    model = read_json(folder / "model.json")
    for group in model["weightsManifest"]:
        data = b"".join((folder / name).read_bytes() for name in group["paths"])
        stored, at = [], 0
        for entry in group["weights"]:
            count = int(np.prod(entry["shape"], dtype=np.int64))
            values = np.frombuffer(data, _TYPES[entry["dtype"]], count, at)
            at += values.nbytes
            if entry["dtype"] == "float32" and np.array_equal(half := values.astype(np.float16), values):
                entry["quantization"] = {"dtype": "float16", "original_dtype": "float32"}
                values = half
            stored.append(values.tobytes())
        for name in group["paths"]:
            (folder / name).unlink()
        group["paths"] = group["paths"][:1]
        (folder / group["paths"][0]).write_bytes(b"".join(stored))
    (folder / "model.json").write_text(dense_json(model), encoding="utf-8")
    _finish(folder, {ENGINE: "tfjs"})


def _convert(function: Any, sequence_length: int, stored: dict[str, list[str]], folder: Path) -> None:
    """Converts a function of ids by way of a SavedModel; `stored` is the type in which weights are, by their names."""
    # It imports tensorflow_decision_forests, whose greeting wants IPython wherever output is not a terminal.
    os.environ.setdefault("TFDF_DISABLE_WELCOME_MESSAGE", "1")
    with quietly():
        import tensorflow as tf
        from tensorflowjs.converters.tf_saved_model_conversion_v2 import convert_tf_saved_model

    signature = tf.TensorSpec([None, sequence_length], tf.int32, name="ids")
    module = tf.Module()
    # A SavedModel wants to know of the variables that a function reads.
    module.held = [variable.value for variable in getattr(function, "variables", ())]
    traced = tf.function(
        lambda ids: {"probabilities": function(ids)},
        input_signature=[signature],
        autograph=False,  # there is no control flow to look for
    )
    with tempfile.TemporaryDirectory() as saved, quietly():
        tf.saved_model.save(module, saved, signatures={"serving_default": traced})
        convert_tf_saved_model(saved, str(folder), quantization_dtype_map=stored, skip_op_check=False)


def _finish(folder: Path, about: dict[str, Any]) -> None:
    """Writes the model's own facts beside its graph, and all in one order."""
    model = read_json(folder / "model.json")
    _part_activations(model["modelTopology"])
    model["userDefinedMetadata"] = about
    # The converter writes the attributes of an operator in another order each time.
    in_order = json.loads(json.dumps(model, sort_keys=True))
    (folder / "model.json").write_text(dense_json(in_order), encoding="utf-8")


def _part_activations(topology: dict[str, Any]) -> None:
    """Parts an activation from its product where TensorFlow fuses both, and TF.js' CPU and WASM do not: tanh."""
    nodes = []
    for node in topology["node"]:
        nodes.append(node)
        fused = node.get("attr", {}).get("fused_ops", {}).get("list", {}).get("s", [])
        last = base64.b64decode(fused[-1]).decode() if fused else ""
        if last and last not in _FUSABLE:
            fused.pop()
            name, kind = node["name"], node["attr"]["T"]
            node["name"] = f"{name}/linear"
            nodes.append({"name": name, "op": last, "input": [node["name"]], "attr": {"T": kind}})
    topology["node"] = nodes


def _bits(constants: Constants, name: str) -> int:
    return 16 if name in LABELS and constants[name].min() < -128 else 8


def shards(folder: Path) -> list[Path]:
    """Gives the weight shards of a graph model in the order in which they are to be joined."""
    groups = read_json(folder / "model.json")["weightsManifest"]
    return [folder / path for group in groups for path in group["paths"]]


def is_stock(folder: Path) -> bool:
    """Whether a graph model is of layers that TF.js alone knows, of those who read it."""
    return ENGINE in read_json(folder / "model.json").get("userDefinedMetadata", {})

"""The one inference graph that every runtime gets, and the one place where numbers are rounded."""

from export.graph.constants import Constants, constants_of
from export.graph.inference import inference
from export.graph.rounding import ROWS, Rows, in_4_bits, in_8_bits, round_constants, rounded_classifier

__all__ = [
    "ROWS",
    "Constants",
    "Rows",
    "constants_of",
    "in_4_bits",
    "in_8_bits",
    "inference",
    "round_constants",
    "rounded_classifier",
]

"""The one inference graph that every runtime gets, and the one place where numbers are rounded."""

from export.graph.constants import Constants, constants_of
from export.graph.inference import inference
from export.graph.rounding import in_8_bits, round_constants, rounded_classifier

__all__ = ["Constants", "constants_of", "in_8_bits", "inference", "round_constants", "rounded_classifier"]

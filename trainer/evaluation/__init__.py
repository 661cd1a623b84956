"""How good the answers are, and when there is none."""

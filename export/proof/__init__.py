"""The proof: every runtime asked with the same strings, and held against the rounded model."""

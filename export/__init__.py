"""A run directory in, a dist directory out: `python -m export all`."""

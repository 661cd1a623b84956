"""Training: labelled phrases in, a run directory out."""

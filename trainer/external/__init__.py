"""Keras models that were trained elsewhere: read, given Byline's tokenizer contract, and written as a run.

A `.keras` file and its vocabulary in, a run directory out, which is exported and proved like any other.
"""

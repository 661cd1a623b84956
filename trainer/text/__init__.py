"""Text as the model reads it: the tokenizer contract, windows, and words."""

"""The teacher: a sentence encoder that the LSTM is distilled from, and variants of the text that it reads."""

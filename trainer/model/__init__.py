"""The model: tables of pieces and bigrams, a bidirectional LSTM that encodes the sentence, and a gate."""

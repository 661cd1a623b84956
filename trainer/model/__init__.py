"""The model: tables of pieces and pairs, a bidirectional LSTM that encodes the sentence, and a gate."""

"""From text to rows of ids: the vocabulary of a fit is learned, and its phrases are encoded."""

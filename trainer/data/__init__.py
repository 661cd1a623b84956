"""Text in any shape, read as a corpus."""

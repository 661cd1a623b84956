"""Made corpora, their splits and runs."""

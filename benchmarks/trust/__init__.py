"""What is injected, and what strangers send: kills, fuzzed files, a phrase of a megabyte."""

"""Pages that are served, visited and timed."""

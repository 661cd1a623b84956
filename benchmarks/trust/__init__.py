"""What strangers send, and what comes of it."""

"""The commands: their options, what they do, and all that they print."""

"""The code that an app copies."""

"""Chromium, and pages in it."""

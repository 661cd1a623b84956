"""What is measured: Byline, and what a user would pick instead."""

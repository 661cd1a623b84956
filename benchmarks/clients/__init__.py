"""The mobile clients that others wrote: how much memory they take, and how long."""

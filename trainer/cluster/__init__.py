"""Fits, searches and predictions that are spread over the processes of a Ray cluster, or of one machine."""

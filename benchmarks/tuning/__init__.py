"""Does a search pay: python benchmarks/tuning/search.py"""

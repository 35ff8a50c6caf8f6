"""Rounding and netting, taken away step by step: a named test must miss each."""

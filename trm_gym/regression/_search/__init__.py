"""Internals of the search for base formulas and of the search for constants."""

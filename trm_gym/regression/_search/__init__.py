"""Internals of the search for base formulas."""

"""Inputs that lie: ``mangle`` makes them, ``targets`` hands them to whatever reads what people bring."""

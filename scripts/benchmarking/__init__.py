"""The parts of scripts/benchmark.py: one file for each subject, and what they share."""

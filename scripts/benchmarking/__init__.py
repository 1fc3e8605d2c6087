"""The parts of scripts/speed.py: one file for each subject, and what they share."""

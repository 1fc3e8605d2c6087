"""What scripts/pages.py draws."""

"""A formula from a person's own points: all that small formulas make, then a pool of drafts that is bettered."""

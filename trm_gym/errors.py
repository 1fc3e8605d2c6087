"""What a person may get wrong, as exceptions that say so."""

from __future__ import annotations


class ProblemError(ValueError):
    """A problem that a person handed in is not one of this task; the message says why and what to do."""

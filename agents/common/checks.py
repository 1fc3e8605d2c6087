"""Checks of settings that many configs share."""

from __future__ import annotations


def at_least_one(config: object, *names: str, path: str = "") -> None:
    """Raise ValueError, which names the field, where one of a config's numbers is below 1.

    path: what stands before the field's name in the message: ``teach.``, or ``--`` for an option of the command line.
    """
    for name in names:
        if (value := getattr(config, name)) < 1:
            called = name.replace("_", "-") if path.startswith("--") else name
            raise ValueError(f"{path}{called} must be at least 1, got {value}")

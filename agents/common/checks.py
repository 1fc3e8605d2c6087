"""Checks of settings that many configs share."""

from __future__ import annotations

from typing import ClassVar

from trm_gym.checks import check_numbers


class Checked:
    """What every configuration is: a dataclass of which no number is infinite, missing or of another type.

    A subclass that has more to check does so in ``__post_init__`` after that of this class.
    """

    prefix: ClassVar[str] = ""
    """What stands before a field's name in messages: ``teach.``, or ``--`` for options of the command line."""

    def __post_init__(self) -> None:
        check_numbers(self, self.prefix)


def at_least_one(config: Checked, *names: str) -> None:
    """Raise ValueError, which names the field, where one of a config's numbers is below 1."""
    at_least(1, config, *names)


def at_least(least: float, config: Checked, *names: str) -> None:
    """Raise ValueError, which names the field, where one of a config's numbers is below ``least``."""
    for name, value in _numbers(config, names):
        if value < least:
            raise ValueError(f"{name} must be at least {least}, got {value}")


def above_zero(config: Checked, *names: str) -> None:
    """Raise ValueError, which names the field, where one of a config's numbers is 0 or below."""
    for name, value in _numbers(config, names):
        if value <= 0:
            raise ValueError(f"{name} must be above 0, got {value}")


def a_share(config: Checked, *names: str) -> None:
    """Raise ValueError, which names the field, where one of a config's numbers is not from 0 to 1."""
    for name, value in _numbers(config, names):
        if not 0 <= value <= 1:
            raise ValueError(f"{name} must be from 0 to 1, got {value}")


def _numbers(config: Checked, names: tuple[str, ...]) -> list[tuple[str, float]]:
    """The numbers of the fields ``names``, those of a tuple one by one, as messages call them."""
    found = []
    for name in names:
        called = f"{config.prefix}{name.replace('_', '-') if config.prefix.startswith('--') else name}"
        value = getattr(config, name)
        found += [(called, one) for one in (value if isinstance(value, tuple) else (value,))]
    return found

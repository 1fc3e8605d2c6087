"""Parts that are chosen by name (mixers, encoders), and the options that each of them has for itself.

An option of a part is a keyword-only argument of its constructor; its default gives its type. People write it as
``NAME=VALUE``.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from trm_gym.checks import known_name
from trm_gym.short_repr import short

Named = TypeVar("Named")


def part_named(name: str, parts: Mapping[str, type[Named]], field: str) -> type[Named]:
    """The class of that name. Raises ValueError with the known names; ``field`` is the setting that names it."""
    return parts[known_name(field, name, parts)]


def option_defaults(part: type) -> dict[str, Any]:
    """The options of a class and their defaults."""
    parameters = inspect.signature(part.__init__).parameters.values()
    return {one.name: one.default for one in parameters if one.kind is inspect.Parameter.KEYWORD_ONLY}


def read_options(words: Sequence[str], part: type, field: str) -> dict[str, Any]:
    """All options of a class with their values: those that ``words`` set, and the defaults of the others.

    Raises ValueError for an option that the class does not have, and for a value of another type; ``field`` is the
    setting that holds the words.
    """
    defaults = option_defaults(part)
    found = dict(defaults)
    for word in words:
        name, equals, text = word.partition("=")
        if name not in defaults or not equals:
            known = f"NAME=VALUE with one of {', '.join(defaults)}" if defaults else "none, since it has no options"
            raise ValueError(f"{field}: {part.__name__} does not take {short(word)}: give {known}")
        kind = type(defaults[name])
        try:
            found[name] = kind(text)
        except ValueError:
            raise ValueError(f"{field}: {name} must be of type {kind.__name__}, got {short(text)}") from None
    return found


def at_least(least: int, **options: int) -> None:
    """Raise ValueError, naming the option, where one is below ``least``."""
    for name, value in options.items():
        if value < least:
            raise ValueError(f"option {name} must be at least {least}, got {value}")

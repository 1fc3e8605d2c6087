"""What ``--help`` shows of a script with many options: those that matter first. ``--help-all`` shows them all."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from functools import partial
from typing import Annotated, Any, get_type_hints

import docstring_parser
import tyro

SHOWN = 10
"""Options that --help shows, beside --preset and --config, of a script that does not choose them."""
FEW = 13
"""A script with no more options than this shows them all."""


def count_options(cls: type[Any]) -> int:
    """The options of a config, those of the configs in it included."""
    kinds = map(get_type_hints(cls).get, (field.name for field in dataclasses.fields(cls)))
    return sum(
        count_options(kind) if isinstance(kind, type) and dataclasses.is_dataclass(kind) else 1 for kind in kinds
    )


def shortened(cls: type[Any], first: Sequence[str] = ()) -> type[Any]:
    """``cls`` for a text of help: ``first`` are its only options, or the first of its own, or all where they are few.

    first: names of fields; ``training.groups`` is the field of a config in a field. ValueError for unknown ones.
    """
    if count_options(cls) <= FEW:
        return cls
    hints = get_type_hints(cls)
    return _only(cls, first or [name for name, hint in hints.items() if not dataclasses.is_dataclass(hint)][:SHOWN])


def _only(cls: type[Any], shown: Sequence[str]) -> type[Any]:
    """A subclass in which every field that is not in ``shown`` is hidden."""
    hints = get_type_hints(cls, include_extras=True)
    if unknown := [name for name in shown if name.partition(".")[0] not in hints]:
        raise ValueError(f"--help is to show {', '.join(unknown)}, but {cls.__name__} has no such option")
    changed = []
    for field in dataclasses.fields(cls):
        inner = [name.partition(".")[2] for name in shown if name.startswith(f"{field.name}.")]
        if inner:
            changed.append((field.name, _only(hints[field.name], inner), field))
        elif field.name not in shown:
            changed.append((field.name, tyro.conf.Suppress[hints[field.name]], field))
    return _subclass(cls, changed)


def flowing(cls: type[Any]) -> type[Any]:
    """A subclass for a text of help, in which the docstring under a field is one paragraph, whatever its line breaks.

    The parser takes an indented line for one that has to stand alone.
    """
    hints, told, changed = get_type_hints(cls, include_extras=True), _docstrings(cls), []
    for field in dataclasses.fields(cls):
        name, kind, default = field.name, hints[field.name], field
        if isinstance(kind, type) and dataclasses.is_dataclass(kind):
            kind = flowing(kind)
            default = _default(field, kind)
        if name in told:
            kind = Annotated[kind, tyro.conf.arg(help=told[name])]
        changed.append((name, kind, default))
    return _subclass(cls, changed)


def _default(field: dataclasses.Field[Any], kind: type[Any]) -> dataclasses.Field[Any]:
    """The field with its default value, a config, as an instance of ``kind``."""
    if field.default_factory is not dataclasses.MISSING:
        made = field.default_factory()
    elif field.default is not dataclasses.MISSING:
        made = field.default
    else:
        return field
    return dataclasses.field(default_factory=partial(with_values, kind, made))


def _docstrings(cls: type[Any]) -> dict[str, str]:
    """The docstring under each field of a dataclass, its own before those of its parents, as one line."""
    found: dict[str, str] = {}
    for part in (part for part in cls.__mro__ if dataclasses.is_dataclass(part)):
        for field in docstring_parser.parse_from_object(part).params:
            found.setdefault(field.arg_name, " ".join((field.description or "").split()))
    return found


def _subclass(cls: type[Any], fields: Sequence[Any]) -> type[Any]:
    return dataclasses.make_dataclass(
        cls.__name__, fields, bases=(cls,), namespace={"__doc__": cls.__doc__}, frozen=True
    )


def with_values(short: type[Any], config: Any) -> Any:
    """A config as an instance of what was made of its class for a text of help, so that its values are the defaults."""
    hints, same = get_type_hints(short), object.__new__(short)
    for name, value in vars(config).items():
        vars(same)[name] = with_values(hints[name], value) if dataclasses.is_dataclass(value) else value
    return same

"""Objects on one line, whatever they hold: for messages that name what a person gave, and for what is printed."""

from __future__ import annotations

import dataclasses
import reprlib
from typing import Any, TypeVar

LONGEST = 100
"""Characters of a value on its own; the middle of a longer one is left out."""
FEW = 6
"""Entries of a list, and numbers of an array, that are shown one and all."""

Class = TypeVar("Class", bound=type)


class _Short(reprlib.Repr):
    """Values as Python writes them, cut where they are long; an array as its type and shape."""

    def __init__(self) -> None:
        super().__init__()
        self.maxlevel, self.maxlist, self.maxtuple, self.maxarray, self.maxdict = 3, FEW, FEW, FEW, FEW
        self.maxset = self.maxfrozenset = self.maxdeque = FEW
        self.maxstring = self.maxother = self.maxlong = 60

    def repr1(self, x: Any, level: int) -> str:
        try:
            text = _array(x) or super().repr1(x, level)
        except Exception:  # an object of a person's own may fail at anything, and is named all the same
            text = f"<{type(x).__name__}>"
        return text if text.isprintable() else f"<{type(x).__name__}>"

    def repr_instance(self, x: Any, level: int) -> str:
        """An object that says more than a line about itself by its type alone."""
        text = repr(x)
        if "\n" in text or (len(text) > self.maxother and not isinstance(x, (str, bytes, int))):
            return f"<{type(x).__name__}>"
        return super().repr_instance(x, level)


_SHORT = _Short()


def short(value: object) -> str:
    """``value`` on one line of at most ``LONGEST`` characters. Never fails, and writes no array out."""
    text = _SHORT.repr(value)
    half = LONGEST // 2 - 2
    return text if len(text) <= LONGEST else f"{text[:half]}...{text[-half:]}"


def short_repr(cls: Class) -> Class:
    """A dataclass or named tuple whose repr is one line: every field by its name, as ``short`` has it."""
    names = cls._fields if hasattr(cls, "_fields") else [field.name for field in dataclasses.fields(cls) if field.repr]

    def written(self: Any) -> str:
        return f"{type(self).__name__}({', '.join(f'{name}={short(getattr(self, name))}' for name in names)})"

    setattr(cls, "__repr__", written)  # noqa: B010  a type checker takes the class for an object of its own
    return cls


def _array(value: Any) -> str:
    """An array or tensor as ``uint8[4, 81]``, one of a few numbers with them; empty for anything else."""
    shape, dtype = getattr(value, "shape", None), getattr(value, "dtype", None)
    if isinstance(value, type) or dtype is None or not hasattr(value, "tolist") or shape is None:
        return ""
    if not len(shape):
        return reprlib.repr(value.tolist())
    name = f"{str(dtype).removeprefix('torch.')}{list(shape)}"
    few = len(shape) == 1 and shape[0] <= FEW
    return f"{name}: {reprlib.repr(value.tolist())}" if few else name

"""What an optional part of the package needs, and how to install it."""

from __future__ import annotations

import importlib.util
from typing import final


@final
class MissingExtra(ModuleNotFoundError):
    """An optional part of the package is asked for whose extra is not installed; its text says what to install."""


def require(extra: str, *modules: str) -> None:
    """Raises MissingExtra where one of ``modules`` is missing."""
    for module in modules:
        if importlib.util.find_spec(module) is None:
            raise MissingExtra(f"{module} is missing: pip install 'trm-gym[{extra}]'", name=module)

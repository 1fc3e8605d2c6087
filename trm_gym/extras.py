"""What an optional part of the package needs, and how to install it."""

from __future__ import annotations

import importlib.util


def require(extra: str, *modules: str) -> None:
    """Raises ModuleNotFoundError that says which extra to install where one of ``modules`` is missing."""
    for module in modules:
        if importlib.util.find_spec(module) is None:
            raise ModuleNotFoundError(f"{module} is missing: pip install 'trm-gym[{extra}]'", name=module)

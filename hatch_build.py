"""The wheel carries the scripts that ``trm-gym NAME`` runs; an editable installation finds them where they stand."""

from __future__ import annotations

import runpy
from typing import Any, final

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


@final
class CommandScripts(BuildHookInterface):
    """Puts scripts/NAME.py into agents/scripts, for every name in agents/commands.py."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Called before each build; ``version`` is "editable" or "standard"."""
        if version == "standard":
            names = runpy.run_path(f"{self.root}/agents/commands.py")["NAMES"]
            build_data["force_include"] |= {f"scripts/{name}.py": f"agents/scripts/{name}.py" for name in names}

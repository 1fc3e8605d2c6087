"""The wheel carries the scripts that ``trm-gym NAME`` runs; an editable installation finds them where they stand."""

from __future__ import annotations

import runpy
from typing import Any, final

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


@final
class CommandScripts(BuildHookInterface):
    """Puts the script of every name in agents/commands.py into agents/scripts."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Called before each build; ``version`` is "editable" or "standard"."""
        if version == "standard":
            commands = runpy.run_path(f"{self.root}/agents/commands.py")
            files = [f"{commands['FILES'].get(name, name)}.py" for name in commands["NAMES"]]
            build_data["force_include"] |= {f"scripts/{file}": f"agents/scripts/{file}" for file in files}

"""The settings of every script: an instance of every class of configs, found by looking, so new ones are covered."""

from __future__ import annotations

import dataclasses
import functools
import importlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from agents.evaluation.protocol import EvaluationConfig
from agents.pretraining.presets import PRETRAIN

SCRIPTS = tuple(sorted(path.stem for path in Path(__file__).parents[1].glob("*.py") if path.stem != "__init__"))
NEEDED: Mapping[str, Mapping[str, Any]] = {
    "ablate": {"kind": "halting", "evaluation": EvaluationConfig(level=("clues12",))},
    "compare": {
        "pretrain": PRETRAIN["sudoku4x4"],
        "evaluation": EvaluationConfig(level=("clues6-8",)),
        "learn": ("clues6-8",),
    },
    "compare_networks": {"checkpoints": ("sudoku4x4",)},
    "grpo": {
        "levels": ("clues6-8",),
        "pretrain": PRETRAIN["sudoku4x4"],
        "evaluation": EvaluationConfig(level=("clues6-8",)),
    },
    "report": {"run": Path("runs", "none")},
    "solve": {"family": "sudoku", "puzzle": "1"},
    "benchmark": {"subject": "envs"},
}
"""What a script's config has no default for."""


def nested(config: Any) -> Iterator[Any]:
    """A config and those in it."""
    yield config
    for field in dataclasses.fields(config):
        if dataclasses.is_dataclass(inner := getattr(config, field.name)):
            yield from nested(inner)


@functools.cache
def script_configs() -> Mapping[str, Any]:
    """The config of every script that has one, by the script's name."""
    modules = {name: importlib.import_module(f"scripts.{name}") for name in SCRIPTS}
    return {
        name: module.Config(**NEEDED.get(name, {})) for name, module in modules.items() if hasattr(module, "Config")
    }


@functools.cache
def all_configs() -> Mapping[type, Any]:
    """An instance of every class of configs that a script takes."""
    instances: dict[type, Any] = {}
    for config in script_configs().values():
        for one in nested(config):
            instances.setdefault(type(one), one)
    return instances


def presets_of(name: str) -> Mapping[str, Any]:
    """The presets of a script; none where it has none."""
    module = importlib.import_module(f"scripts.{name}")
    return module.presets() if hasattr(module, "presets") else getattr(module, "PRESETS", {})

"""No setting takes what is no number: every field of every config, found by looking, so that a new one is covered."""

from __future__ import annotations

import dataclasses
import importlib
import math
import types
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Union, get_args, get_origin, get_type_hints

import pytest

from agents.common.checks import Checked
from agents.common.cli import load_config, main
from agents.evaluation.protocol import EvaluationConfig
from agents.pretraining.presets import PRETRAIN
from agents.trm import TRMConfig
from agents.trm.config import NetworkExtras
from scripts import grpo, pretrain

SCRIPTS = sorted(path.stem for path in (Path(__file__).parents[3] / "scripts").glob("*.py") if path.stem != "__init__")
NEEDED: dict[str, dict[str, Any]] = {
    "ablate": {"kind": "halting", "evaluation": EvaluationConfig(level=("clues12",))},
    "benchmark": {"subject": "envs"},
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
    "solve": {"family": "sudoku", "puzzle": "1"},
}
"""What a script's config has no default for."""


def configs(config: Any) -> Iterator[Any]:
    """A config and those in it."""
    yield config
    for field in dataclasses.fields(config):
        if dataclasses.is_dataclass(inner := getattr(config, field.name)):
            yield from configs(inner)


def found() -> dict[type, Any]:
    """An instance of every class of configs that a script takes."""
    instances: dict[type, Any] = {}
    for name in SCRIPTS:
        module = importlib.import_module(f"scripts.{name}")
        if hasattr(module, "Config"):
            for config in configs(module.Config(**NEEDED.get(name, {}))):
                instances.setdefault(type(config), config)
    return instances


FOUND = found()


def wrong_values(hint: Any) -> list[Any]:
    """Values that no field of that type takes."""
    origin, args = get_origin(hint), get_args(hint)
    if hint is float:
        return [math.nan, math.inf, -math.inf, 1e31, 10**400, True]
    if hint is int:
        return [math.nan, math.inf, 2.5, True, 2**64]
    if origin in (Union, types.UnionType):
        return [value for arg in args for value in wrong_values(arg)]
    if origin is tuple:
        first = args[0]
        inner = (first, first) if len(args) == 1 else args if args[1] is not Ellipsis else (first,)
        return [(value,) * len(inner) for value in wrong_values(inner[0])]
    return []


CASES = [
    pytest.param(cls, field.name, value, id=f"{cls.__module__}.{cls.__name__}.{field.name}={str(value)[:12]}")
    for cls in FOUND
    for field in dataclasses.fields(cls)
    for value in wrong_values(get_type_hints(cls)[field.name])
]


def test_every_config_is_looked_at():
    assert len(FOUND) > 30 and len(CASES) > 500
    assert {cls.__name__ for cls in FOUND if not issubclass(cls, Checked)} <= {"Config", "TRMConfig", "NetworkExtras"}
    assert {TRMConfig, NetworkExtras} <= FOUND.keys()


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize(("cls", "name", "value"), CASES)
def test_no_setting_takes_what_is_no_number(cls: type, name: str, value: Any):
    with pytest.raises(ValueError, match=f"{name}|{name.replace('_', '-')}"):
        dataclasses.replace(FOUND[cls], **{name: value})


SENSELESS = {
    "pretrain": ["--optim.muon-lr -1", "--explore 2", "--average 1.5", "--optim.warmup -1", "--seed -1", "--chunk -4"],
    "grpo": [
        "--training.lr 0",
        "--training.decay 2",
        "--training.policy.threshold-lr -1",
        "--training.sampling.entropy -1",
        "--joint.lr 0",
        "--price 1000",
        "--noise -1",
        "--seed -1",
        "--acceleration.threads -1",
        "--training.policy.price-range nan 1",
    ],
    "solve": ["sudoku 1 --price 0", "sudoku 1 --slots 0", "sudoku 1 --price nan"],
    "watch": ["--rate nan", "--rate inf", "--rate 0"],
    "scaling": ["--noise -1", "--price nan", "--slots 0"],
    "evaluate": ["--slack nan", "--slack 2", "--prices nan", "--prices 0.1 inf"],
    "throughput": ["--slack nan"],
    "soak": ["--seconds nan"],
    "train_sb3": ["--gamma nan", "--gamma 0", "--price nan", "--price 17"],
    "compare_curricula": ["--prices nan", "--seeds -1"],
}


@pytest.mark.parametrize(("script", "words"), [(script, words) for script, all_ in SENSELESS.items() for words in all_])
def test_the_command_line_refuses_senseless_numbers(script: str, words: str, capsys: pytest.CaptureFixture[str]):
    module = importlib.import_module(f"scripts.{script}")
    presets = module.presets() if script == "pretrain" else getattr(module, "PRESETS", None)
    with pytest.raises(SystemExit) as stopped:
        main(lambda config: pytest.fail("it ran"), module.Config, presets, words.split())
    assert stopped.value.code == 2 and "must be" in " ".join(capsys.readouterr().err.split())


@pytest.mark.parametrize("number", [".nan", ".inf", "-.inf", "nan", "1e999"])
def test_files_of_settings_refuse_what_is_no_number(number: str, tmp_path: Path):
    file = tmp_path / "c.yaml"
    file.write_text(f"optim: {{muon_lr: {number}}}\n")
    with pytest.raises(ValueError, match=r"muon_lr"):
        load_config(file, pretrain.presets()["sudoku4x4"])
    file.write_text(f"training: {{policy: {{price_range: [{number}, 1]}}}}\n")
    with pytest.raises(ValueError, match=r"price_range"):
        load_config(file, grpo.PRESETS["sudoku4x4"])

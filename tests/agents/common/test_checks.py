"""No setting takes what is no number: every field of every config, found by looking, so that a new one is covered."""

from __future__ import annotations

import dataclasses
import importlib
import math
import types
from pathlib import Path
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

import numpy as np
import pytest

from agents.common.checks import Checked
from agents.common.cli import load_config, main, save_config
from agents.trm import TRMConfig
from agents.trm.config import NetworkExtras
from scripts import grpo, pretrain
from scripts.fuzzing.configs import all_configs

FOUND = all_configs()


def wrong_values(hint: Any) -> list[Any]:
    """Values that no field of that type takes."""
    origin, args = get_origin(hint), get_args(hint)
    if hint is float:
        return [math.nan, math.inf, -math.inf, 1e31, 10**400, True]
    if hint is int:
        return [math.nan, math.inf, 2.5, True, 2**64, "3", None]
    if hint in (str, Path):
        return [math.nan, 3, None, ["x"]]
    if hint is bool:
        return [1, "True", math.nan, None]
    if origin in (Union, types.UnionType):
        values = [value for arg in args for value in wrong_values(arg) if not (value is None and type(None) in args)]
        return [] if sum(arg is not type(None) for arg in args) > 1 else values
    if origin is Literal:
        return ["none of them", math.nan, None, ["x"]]
    if origin is tuple:
        first = args[0]
        inner = (first, first) if len(args) == 1 else args if args[1] is not Ellipsis else (first,)
        return [(value,) * len(inner) for value in wrong_values(inner[0])] + [3, "abc", math.nan]
    return []


CASES = [
    pytest.param(cls, field.name, value, id=f"{cls.__module__}.{cls.__name__}.{field.name}={str(value)[:12]}")
    for cls in FOUND
    for field in dataclasses.fields(cls)
    for value in wrong_values(get_type_hints(cls)[field.name])
]


def test_every_config_is_looked_at():
    assert len(FOUND) > 30 and len(CASES) > 500
    assert {cls.__name__ for cls in FOUND if not issubclass(cls, Checked)} <= {"TRMConfig", "NetworkExtras"}
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


def test_what_a_file_says_wrong_is_one_sentence(tmp_path: Path, capfd: pytest.CaptureFixture[str]):
    """The reader of command lines would show a box about words that nobody typed."""
    file = tmp_path / "c.yaml"
    file.write_text("updates: many\n")
    with pytest.raises(ValueError, match=r"updates: expected int, got 'many'"):
        load_config(file, pretrain.presets()["sudoku4x4"])
    assert capfd.readouterr() == ("", "")


def test_numbers_of_numpy_are_written_as_numbers(tmp_path: Path):
    config = dataclasses.replace(
        pretrain.presets()["sudoku4x4"], average=np.float64(0.5), explore=np.float32(0.25).item()
    )
    assert load_config(save_config(config, tmp_path / "c.yaml"), config) == config

"""Where an extra is not installed, the error says how to install it."""

from __future__ import annotations

import subprocess
import sys

import pytest

from trm_gym.extras import require

HIDDEN = """
import sys
sys.modules[{missing!r}] = None  # as if it were not installed
import {module}
"""
PARTS = "trm common rollouts halting learners pretraining evaluation inference envs".split()


def test_what_is_there_passes():
    require("agents", "numpy", "gymnasium")


@pytest.mark.parametrize(
    ("module", "missing", "extra"),
    [
        *((f"agents.{part}", "torch", "agents") for part in PARTS),
        ("agents.common.cli", "tyro", "agents"),
        ("agents.sb3", "stable_baselines3", "agents"),
        ("agents.inference.formulas.regressor", "sklearn", "sklearn"),
    ],
)
def test_an_import_says_which_extra_is_missing(module, missing, extra):
    code = HIDDEN.format(missing=missing, module=module)
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    last = ended.stderr.strip().splitlines()[-1]
    assert last == f"trm_gym.extras.MissingExtra: {missing} is missing: pip install 'trm-gym[{extra}]'"


def test_a_script_says_so_in_one_line(tmp_path):
    code = HIDDEN.format(missing="onnx", module="scripts.export_onnx as script")
    words = ["--checkpoint", "sudoku4x4", "--out", str(tmp_path / "step.onnx")]
    code += f"script.main(script.run, script.Config, args={words})"
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120)
    assert ended.returncode == 2 and ended.stderr == "error: onnx is missing: pip install 'trm-gym[onnx]'\n"


def test_the_suite_and_the_id_need_no_torch():
    code = "import sys; sys.modules['torch'] = None; import trm_gym, agents, agents.commands"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, timeout=60).returncode == 0

"""Files and command lines of the version before still name the same networks."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest

from agents.checkpoint import load_checkpoint, save_checkpoint
from agents.common.cli import load_config, parse
from agents.common.tensor_file import CheckpointError, load_tensors, save_tensors
from agents.pretraining.presets import PRETRAIN
from agents.trm.config import NetworkExtras
from scripts import pretrain

BEFORE = Path(__file__).parents[2] / "data" / "before"
PRESETS = pretrain.presets()


@pytest.mark.filterwarnings("ignore::FutureWarning")
@pytest.mark.parametrize("name", ["official_sudoku_attention", "arithmetic"])
@pytest.mark.parametrize("base", ["arithmetic", "official_sudoku_mlp"])
def test_a_preset_file_of_before(name, base):
    found = load_config(BEFORE / f"{name}.yaml", PRESETS[base])
    levels = tuple("locked_or_pairs" if level == "more" else level for level in found.levels)  # which tasks map
    # bfloat16 was timed by default then; a file that says so is obeyed.
    assert found.acceleration.bfloat16 == "auto"
    assert dataclasses.replace(found, levels=levels, acceleration=PRESETS[name].acceleration) == PRESETS[name]


@pytest.mark.filterwarnings("ignore::FutureWarning")
def test_a_checkpoint_of_before(tmp_path: Path):
    folder = save_checkpoint(tmp_path, load_checkpoint("maze11x11"))
    save_tensors(folder / "model.safetensors", load_tensors(folder / "model.safetensors")[0], {})  # as it was then
    (folder / "config.json").write_text((BEFORE / "maze11x11.json").read_text())
    assert load_checkpoint(folder).model.config == PRETRAIN["maze11x11"].model
    changed = json.loads((BEFORE / "maze11x11.json").read_text())
    changed["model"]["orthogonal"] = 0.5
    (folder / "config.json").write_text(json.dumps(changed))
    assert load_checkpoint(folder).model.config.extras == NetworkExtras(orthogonal=0.5)
    changed["model"]["latents"] = "one"
    (folder / "config.json").write_text(json.dumps(changed))
    with pytest.raises(CheckpointError, match=r"model\.latents=one went with this version"):
        load_checkpoint(folder)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--model.mixer", "mla", "--model.heads", "8", "--model.low-rank=6"], "--model.mixer-options low_rank=6 now"),
        (["--model.reserved", "2", "--guises", "--fixed-set", "9"], "--guises is called --augment now"),
        (["--start-noise", ".5", "--starts", "2", "--consistency", "1"], "--starts is called --extras.starts now"),
        (["--model.orthogonal", ".5", "--depths", "1", "2"], "--depths is called --extras.depths now"),
        (["--model.networks", "shared", "--halt-weight", "0.5"], "model.networks went: it is always shared now"),
    ],
)
def test_a_command_line_of_before(words, said):
    with pytest.warns(FutureWarning) as warned:
        config = parse(pretrain.Config, PRESETS, ["--preset", "maze11x11", *words])
    assert any(said in str(one.message) for one in warned)
    plain, model = PRESETS["maze11x11"], PRESETS["maze11x11"].model
    changes = {
        "--model.mixer": {
            "model": dataclasses.replace(model, mixer="mla", mixer_options=("heads=8", "low_rank=6")),
        },
        "--model.reserved": {
            "model": dataclasses.replace(model, position_options=("reserved=2",)),
            "fixed_set": 9,
            "augment": True,
        },
        "--start-noise": {
            "start_noise": 0.5,
            "extras": dataclasses.replace(plain.extras, starts=2, consistency=1.0),
        },
        "--model.orthogonal": {
            "model": dataclasses.replace(model, extras=NetworkExtras(orthogonal=0.5)),
            "extras": dataclasses.replace(plain.extras, depths=((1, 2),)),
        },
    }
    assert config == dataclasses.replace(plain, **changes.get(words[0], {}))

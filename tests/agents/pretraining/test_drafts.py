"""Which drafts problems in training begin with and go on from: shares, streams, and what is refused."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch

from agents.pretraining.config import DraftsConfig
from agents.pretraining.drafts import first_drafts, next_drafts
from agents.pretraining.trainer import Pretrainer
from tests.agents.pretraining.test_trainer import TINY
from tests.toy import ToyTask
from tests.toy_numbers import ToyNumbers
from trm_gym.streams import mix
from trm_gym.task import Problems

TASK = ToyNumbers()


def problems(count: int) -> Problems:
    return TASK.generate(count, 0, "train", 3)


def test_first_drafts_by_hand():
    some, keys = problems(4000), mix(1, np.arange(4000))
    assert not first_drafts(TASK, some, DraftsConfig(), keys).any()
    spoilt = TASK.corrupt(some, keys)
    assert np.array_equal(first_drafts(TASK, some, DraftsConfig(start_corrupted=1), keys), spoilt)
    drafts = first_drafts(TASK, some, DraftsConfig(start_corrupted=0.3), keys)
    which = drafts.any(1)
    assert which.mean() == pytest.approx(0.3, abs=0.03) and np.array_equal(drafts[which], spoilt[which])
    assert np.array_equal(first_drafts(TASK, some[5:9], DraftsConfig(start_corrupted=0.3), keys[5:9]), drafts[5:9])


def test_next_drafts_by_hand():
    count = 6000
    some, keys = problems(count), mix(2, np.arange(count))
    chances = torch.tensor([0.0, 0.5, 0.3, 0.2, 0.0])
    logits = chances.log().clamp(min=-30).expand(count, 2, 5)
    own = torch.ones(count, 2, dtype=torch.long)
    assert torch.equal(next_drafts(TASK, some, own, logits, DraftsConfig(), keys), own)
    drawn = next_drafts(TASK, some, own, logits, DraftsConfig(sampled=1), keys)
    for cell in range(2):
        shares = np.bincount(drawn[:, cell].numpy(), minlength=5) / count
        assert shares == pytest.approx(chances.tolist(), abs=0.025)
    assert abs(np.corrcoef(drawn.numpy().T)[0, 1]) < 0.04
    spoilt = torch.from_numpy(TASK.corrupt(some, keys)).long()
    mixed = next_drafts(TASK, some, own, logits, DraftsConfig(next_corrupted=0.3, sampled=0.35), keys)
    kinds = [(mixed == kind).all(1) for kind in (spoilt, drawn, own)]
    assert (kinds[0] | kinds[1] | kinds[2]).all()
    # A spoilt draft differs in its first cell from a right one, not always from ones that were drawn or are own.
    expected = 0.3 + 0.7 * (spoilt == own).all(1).float().mean().item()
    assert 0.3 - 0.02 < kinds[0].float().mean().item() < expected + 0.1
    part = next_drafts(
        TASK, some[7:9], own[7:9], logits[7:9], DraftsConfig(next_corrupted=0.3, sampled=0.35), keys[7:9]
    )
    assert torch.equal(part, mixed[7:9])


def test_fixed_cells_are_never_drawn():
    toy = ToyTask()
    some, keys = toy.generate(50, 1, "train", 0), mix(0, np.arange(50))
    own = torch.from_numpy(some.start).long()
    drawn = next_drafts(toy, some, own, torch.zeros(50, 12, 5), DraftsConfig(sampled=1), keys)
    fixed = torch.from_numpy(~some.free)
    assert torch.equal(drawn[fixed], own[fixed]) and not torch.equal(drawn, own)


def test_shares_that_no_task_or_draw_can_give_are_refused(monkeypatch: pytest.MonkeyPatch):
    with pytest.raises(ValueError, match=r"next_corrupted=0.7 and drafts.sampled=0.5 are shares of the same drafts"):
        DraftsConfig(next_corrupted=0.7, sampled=0.5)
    with pytest.raises(ValueError, match=r"drafts\.\w+ must be from 0 to 1"):
        DraftsConfig(sampled=1.5)
    for drafts in (DraftsConfig(start_corrupted=1), DraftsConfig(next_corrupted=0.01)):
        with pytest.raises(ValueError, match="sudoku4x4 has no corrupted drafts to train on"):
            Pretrainer(dataclasses.replace(TINY, drafts=drafts))

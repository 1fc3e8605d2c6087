"""What is seen of a step, and of the steps so far."""

import math

import pytest
import torch

from agents.rollouts.features import STEP_FEATURE, History, Statistics, feature_names, step_statistics
from agents.trm import Carry, Output

FREE = torch.tensor([[True, True, False]])
# Cell by cell: sure, torn between two tokens, and a fixed one that must not count.
CHANCES = torch.tensor([[[0.8, 0.1, 0.1], [0.4, 0.4, 0.2], [0.34, 0.33, 0.33]]])


def carry(answer: float, reasoning: float) -> Carry:
    return Carry(torch.full((1, 3, 4), answer), torch.full((1, 3, 4), reasoning))


def statistics(halt: float = 0.5) -> Statistics:
    output = Output(CHANCES.log(), torch.tensor([halt]), carry(2.0, 5.0).answer)
    changed = torch.tensor([[True, False, False]])
    return step_statistics(carry(1.0, 4.0), carry(2.0, 5.0), output, changed, FREE)


def test_statistics_by_hand():
    seen = statistics()
    entropies = [-sum(p * math.log(p) for p in row) for row in CHANCES[0, :2].tolist()]
    expected = {
        "answer_velocity": 0.5,
        "velocity": 0.2,
        "mean_confidence": 0.6,
        "least_confidence": 0.4,
        "spread_of_confidence": 0.2,
        "mean_entropy": sum(entropies) / 2,
        "largest_entropy": max(entropies),
        "mean_margin": math.log(8) / 2,
        "least_margin": 0.0,
        "changed": 0.5,
        "halt_logit": 0.5,
    }
    assert {name: value.item() for name, value in seen._asdict().items()} == pytest.approx(expected, abs=1e-6)


def test_a_problem_without_free_cells_has_finite_statistics():
    output = Output(CHANCES.log(), torch.zeros(1), carry(0.0, 0.0).answer)
    still = carry(0.0, 0.0)
    seen = step_statistics(still, still, output, torch.zeros_like(FREE), torch.zeros_like(FREE))
    assert torch.cat(seen).isfinite().all()
    assert of_history([seen]).features(still, torch.zeros_like(FREE), 4).isfinite().all()


def of_history(steps: list[Statistics]) -> History:
    history = History.empty(len(steps[0].velocity), torch.device("cpu"))
    for step in steps:
        history = history.add(step)
    return history


def test_features_hold_latents_history_and_time():
    first, second, third = (statistics(halt) for halt in (0.0, 3.0, 6.0))
    features = of_history([first, second, third]).features(carry(2.0, 5.0), FREE, 12)[0]
    named = dict(zip(feature_names(len(features)), features.tolist(), strict=True))
    assert len(named) == len(features), "no name stands twice"
    assert [named[f"answer_latent_{i}"] for i in range(4)] == [2.0] * 4
    assert [named[f"reasoning_latent_{i}"] for i in range(4)] == [5.0] * 4
    assert [named[f"halt_logit_{when}"] for when in ("now", "last", "mean")] == [6.0, 3.0, 3.0]
    assert named["log_velocity_now"] == pytest.approx(math.log(0.2)) and named["changed_mean"] == 0.5
    assert named["budget_used"] == pytest.approx(3 / 12) and named["free_cells"] == pytest.approx(2 / 3)
    assert features[STEP_FEATURE] == named["budget_used"]


@pytest.mark.parametrize("count", [3, 35, 36])
def test_what_has_no_names(count: int):
    with pytest.raises(ValueError, match=f"got {count}"):
        feature_names(count)


def test_the_first_steps_mean_is_its_own_row():
    one = statistics(-0.0)
    features = of_history([one]).features(carry(2.0, 5.0), FREE, 4)[0]
    now, last, mean = features[8:-2].view(3, -1)
    assert torch.equal(now, last) and torch.equal(now, mean) and torch.equal(now.signbit(), mean.signbit())


def test_features_are_those_of_each_problems_own_history():
    generator = torch.Generator().manual_seed(0)
    slots, budget, fields = 5, 16, len(Statistics._fields)
    free = torch.rand(slots, 12, generator=generator) < 0.7
    running, ages, past = History.empty(slots, torch.device("cpu")), [0] * slots, []
    for step in range(40):
        # Restarted at different times, so that slots are of different age.
        fresh = [slot for slot in range(slots) if ages[slot] == budget or (step * 7 + slot) % 11 == 0]
        running = running.restart(torch.tensor(fresh, dtype=torch.long))
        ages = [1 if slot in fresh else age + 1 for slot, age in enumerate(ages)]
        latents = Carry(*torch.randn(2, slots, 4, 3, generator=generator))
        past.append(Statistics(*torch.rand(fields, slots, generator=generator)))
        running = running.add(past[-1])
        assert running.steps.tolist() == ages
        features = running.features(latents, free, budget)
        for slot, age in enumerate(ages):
            # Of all slots at once, as it is in an unroll: a logarithm may differ in its last bit between batch sizes.
            alone = of_history(past[-age:]).features(latents, free, budget)
            assert torch.equal(features[slot], alone[slot])
        kept = torch.tensor([4, 1])
        assert torch.equal(
            running.keep(kept).features(Carry(*(x[kept] for x in latents)), free[kept], budget), features[kept]
        )
    assert sorted(set(ages)) != [1]


def test_steps_unchanged_start_anew_after_a_change():
    history, found = History.empty(1, torch.device("cpu")), []
    for changed in (1.0, 0.0, 0.0, 0.5, 0.0):
        history = history.add(statistics()._replace(changed=torch.tensor([changed])))
        found.append(int(history.steps_unchanged))
    assert found == [0, 1, 2, 0, 1]

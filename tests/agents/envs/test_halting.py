"""The halting environment: the suite's own returns, scalar and vector alike, as Gymnasium and SB3 want them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import gymnasium
import numpy as np
import pytest
import stable_baselines3.common.env_checker as sb3
import torch
from gymnasium.envs.registration import EnvSpec
from gymnasium.error import ResetNeeded
from gymnasium.utils.env_checker import check_env
from gymnasium.vector import AutoresetMode, SyncVectorEnv

from agents.envs.episodes import price_place
from agents.envs.halting import HaltingEnv, HaltingVectorEnv
from agents.envs.play import play
from agents.halting.heads import HaltHead
from agents.rollouts.collect import collect
from agents.trm import TRMConfig
from agents.trm.model import new_model
from tests.agents.synthetic import dataset, varied
from tests.scripts.checkpoints import untrained
from tests.test_vector import assert_same
from tests.toy import ToyTask
from trm_gym.env import RefinementEnv
from trm_gym.vector import RefinementVectorEnv

SLOTS, BUDGET = 6, 8
PRICES = (0.05, 0.8)


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return untrained(tmp_path_factory.mktemp("checkpoints"))


def small(checkpoint: Path, **more: Any) -> dict[str, Any]:
    return {"checkpoint": str(checkpoint), "level": "clues6-8", "problems": 12, "max_steps": 3, **more}


def test_checkers_accept_it(checkpoint):
    made = gymnasium.make("agents:TRM-Halt-v0", **small(checkpoint, task="sudoku4x4"))
    check_env(made.unwrapped)
    sb3.check_env(made)
    assert made.spec is not None
    again = gymnasium.make(EnvSpec.from_json(made.spec.to_json()))
    np.testing.assert_array_equal(again.reset(seed=3)[0], made.reset(seed=3)[0])
    envs = gymnasium.make_vec("agents:TRM-Halt-v0", num_envs=2, **small(checkpoint))
    assert isinstance(envs.unwrapped, HaltingVectorEnv)
    np.testing.assert_array_equal(envs.reset(seed=2)[0][1], made.reset(seed=3)[0])


def test_every_entry_of_an_observation_has_a_name(checkpoint):
    made = gymnasium.make("agents:TRM-Halt-v0", **small(checkpoint, step_cost=0.1))
    envs = gymnasium.make_vec("agents:TRM-Halt-v0", num_envs=2, **small(checkpoint))
    names = made.get_wrapper_attr("observation_names")
    assert isinstance(envs.unwrapped, HaltingVectorEnv) and names == envs.unwrapped.observation_names
    assert (len(set(names)),) == made.observation_space.shape
    seen = dict(zip(names, made.reset(seed=0)[0].tolist(), strict=True))
    assert seen["budget_used"] == pytest.approx(1 / 3)
    assert seen["log_price"] == pytest.approx(price_place(np.array([0.3]))[0])


@pytest.mark.parametrize("prices", [3, 0.5, "ab", (0.1,), (0.5, 0.1), (0.0, 1.0), (0.1, float("inf")), ("a", "b")])
def test_prices_that_are_none_are_refused(checkpoint, prices, unchecked):
    with pytest.raises(ValueError, match="prices must be two positive numbers, the lower first"):
        gymnasium.make("agents:TRM-Halt-v0", **small(checkpoint, prices=prices))


def test_importing_agents_loads_no_torch():
    code = "import sys, agents; sys.exit(bool({'torch', 'numba', 'sympy', 'stable_baselines3'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


@pytest.mark.parametrize("price", [0.1, 0.3, 1.0])
def test_every_halting_time_is_paid_as_by_the_refinement_environment(price):
    """Bit for bit, step for step: the same drafts written there, the same decision here."""
    steps = 5
    network = new_model(TRMConfig(hidden=16, layers=1, cycles=1, latent_updates=1), ToyTask(), seed=0).eval()
    real = RefinementVectorEnv(
        8, ToyTask(), "easy", max_steps=steps, step_cost=price / steps, autoreset_mode=AutoresetMode.DISABLED
    )
    rollout = collect(real, network, np.zeros(8, np.int64), 1, np.random.default_rng(0), 0.0)
    runs = rollout.unroll
    runs.solved[:, 2:] = True  # an untrained network solves nothing: judge its later drafts right ...
    drafts = rollout.drafts.numpy()
    drafts[:, 2:] = rollout.problems.solution[:, None]  # ... and make them so
    seeds = np.random.default_rng(0).integers(2**62, size=8).tolist()
    env = HaltingEnv(dataset(runs, price / steps))
    alone = RefinementEnv(ToyTask(), "easy", max_steps=steps, step_cost=price / steps)
    for halt in range(steps):
        for problem in range(8):
            alone.reset(seed=seeds[problem])
            np.testing.assert_array_equal(alone.problems.problem[0], rollout.problems.problem[problem])
            seen, _ = env.reset(seed=0, options={"problem": problem})
            for step in range(halt + 1):
                np.testing.assert_array_equal(seen[:-1], runs.features[problem, step].numpy())
                seen, *ours = env.step(np.int64(step == halt))
                theirs = alone.step(np.append(drafts[problem, step], step == halt).astype(np.int64))[1:]
                assert ours[:3] == list(theirs[:3])
            told = {**theirs[3], "score": float(theirs[3]["solved"]), "problem": problem}
            assert ours[3] == told


@pytest.mark.parametrize("prices", [None, PRICES])
@pytest.mark.parametrize("mode", AutoresetMode)
def test_every_slot_is_the_scalar_environment(mode, prices):
    runs = dataset(varied(50), 0.01)
    ours = HaltingVectorEnv(SLOTS, runs, prices, autoreset_mode=mode)
    theirs = SyncVectorEnv([lambda: HaltingEnv(runs, prices)] * SLOTS, autoreset_mode=mode)
    assert ours.observation_space == theirs.observation_space and ours.action_space == theirs.action_space
    assert ours.metadata == theirs.metadata
    assert_same(ours.reset(seed=11), theirs.reset(seed=11))
    rng = np.random.default_rng(0)
    for step in range(80):
        actions = (rng.random(SLOTS) < 0.2).astype(np.int64)
        one, other = ours.step(actions), theirs.step(actions)
        assert_same(one, other)
        if mode is AutoresetMode.DISABLED and one[2].any():
            seed = None if step % 2 else step
            options: dict[str, Any] = {"reset_mask": one[2]} | ({"problem": step % 50} if step % 3 else {})
            assert_same(ours.reset(seed=seed, options=options), theirs.reset(seed=seed, options=dict(options)))
        if step == 40:
            seeds: list[int | None] = [3, 3, None, 2**40, 8, 8]
            assert_same(ours.reset(seed=seeds), theirs.reset(seed=seeds))
    theirs.close()


def test_problems_are_drawn_evenly_and_by_seed():
    envs = HaltingVectorEnv(3000, dataset(varied(10)), autoreset_mode="Disabled")
    envs.reset(seed=0)
    problems = envs.step(np.ones(3000, np.int64))[4]["problem"]
    counts = np.bincount(problems, minlength=10)
    assert abs(counts - 300).max() < 5 * np.sqrt(300)
    envs.reset(seed=0)
    np.testing.assert_array_equal(envs.step(np.ones(3000, np.int64))[4]["problem"], problems)


def test_prices_are_drawn_log_uniformly_seen_and_paid():
    envs = HaltingVectorEnv(3000, dataset(varied(10)), prices=PRICES, autoreset_mode="Disabled")
    place = envs.reset(seed=0)[0][:, -1]
    low, high = price_place(np.array(PRICES))
    assert low - 1e-6 <= place.min() and place.max() <= high + 1e-6
    assert np.quantile(place, [0.25, 0.5, 0.75]) == pytest.approx(
        low + (high - low) * np.array([0.25, 0.5, 0.75]), abs=0.04
    )
    paid = -envs.step(np.zeros(3000, np.int64))[1]
    np.testing.assert_allclose(price_place(paid * BUDGET), place, atol=1e-5)


def test_the_price_is_seen_as_a_halting_head_sees_it():
    head, seen = HaltHead(2), []
    head.layers[0].register_forward_hook(lambda _, inputs, __: seen.append(inputs[0][..., -1]))
    prices = torch.tensor([0.0, 0.02, 0.1, 0.6, 1.0])
    head(torch.zeros(5, 2), prices)
    np.testing.assert_allclose(price_place(prices.double().numpy()), seen[0], atol=1e-6)


def test_playing_takes_every_problem_once():
    runs = varied(60)
    for price in (0.1, 0.5):
        when_right = play(lambda seen: (seen[:, 0] > 0.5).astype(np.int64), runs, price)
        right = runs.features[..., 0].numpy() > 0.5
        expected = np.where(right.any(1), right.argmax(1) + 1, BUDGET)
        np.testing.assert_array_equal(when_right, expected)
    assert (play(lambda seen: np.ones(len(seen), np.int64), runs, 0.1) == 1).all()


def test_finished_slots_wait_for_their_reset_when_autoreset_is_disabled():
    envs = HaltingVectorEnv(2, dataset(varied(5)), autoreset_mode="Disabled")
    with pytest.raises(ResetNeeded):
        envs.step(np.zeros(2, np.int64))
    envs.reset(seed=0)
    envs.step(np.array([0, 1]))
    with pytest.raises(ResetNeeded, match=r"slots \[1\] have no episode"):
        envs.step(np.zeros(2, np.int64))


@pytest.mark.parametrize("actions", [[0, 2], [0, -1], [0.0, 1.0], [0], [[0, 1]]])
def test_actions_outside_the_space_are_errors(actions):
    envs = HaltingVectorEnv(2, dataset(varied(5)))
    envs.reset(seed=0)
    with pytest.raises(ValueError, match=r"an action is 0 \(go on\) or 1 \(stop\)"):
        envs.step(np.array(actions))


@pytest.mark.parametrize(
    ("options", "match"),
    [
        ({"level": 0}, "unknown reset option 'level'"),
        ({"problem": 5}, "from 0 to 4"),
        ({"problem": 0.5}, "from 0 to 4"),
        ({"problems": [0]}, "one for each of 2 slots"),
        ({"problem": 0, "problems": [0, 0]}, "exclude each other"),
        ({"reset_mask": [True, True]}, "must be a bool array"),
    ],
)
def test_bad_options_are_errors(options, match):
    with pytest.raises(ValueError, match=match):
        HaltingVectorEnv(2, dataset(varied(5))).reset(options=options)


@pytest.mark.parametrize("seed", [[1], [-1, 0], 2**63])
def test_bad_seeds_are_errors(seed):
    with pytest.raises(ValueError, match="seed"):
        HaltingVectorEnv(2, dataset(varied(5))).reset(seed=seed)


@pytest.mark.parametrize(
    ("settings", "match"),
    [
        ({"num_envs": 0}, "num_envs must be"),
        ({"max_episode_steps": 4}, "would truncate"),
        ({"dataset": dataset(varied(5), -1.0)}, "step_cost must be"),
        ({"prices": (0.5, 0.1)}, "the lower first"),
        ({"dataset": dataset(varied(5)[:0])}, "the dataset is empty"),
    ],
)
def test_bad_settings_are_errors(settings, match):
    with pytest.raises(ValueError, match=match):
        HaltingVectorEnv(**{"num_envs": 2, "dataset": dataset(varied(5)), **settings})


@pytest.mark.parametrize("mode", [AutoresetMode.NEXT_STEP, AutoresetMode.SAME_STEP])
def test_episodes_branch_from_a_state(mode):
    envs = HaltingVectorEnv(SLOTS, dataset(varied()), prices=PRICES, autoreset_mode=mode)
    envs.reset(seed=1)
    envs.step(np.arange(SLOTS) % 2)
    state = envs.get_state()

    def later(envs: HaltingVectorEnv) -> str:
        return repr([envs.step((np.arange(SLOTS) % 3 == step % 3).astype(int)) for step in range(12)])

    first = later(envs)
    assert later(envs) != first
    envs.set_state(state)
    other = HaltingVectorEnv(SLOTS, dataset(varied()), prices=PRICES, autoreset_mode=mode)
    other.set_state(state)
    assert later(envs) == later(other) == first


@pytest.mark.parametrize(
    ("change", "match"),
    [
        ({"problem": np.full(1, 200)}, "problem must be from 0 to 199"),
        ({"shown": np.full(1, -1)}, "shown must be from 0 to 7"),
        ({"cost": np.full(1, np.nan)}, "cost must be from 0 to 1"),
        ({"numbers": np.full(1, -1)}, "has not begun"),
        ({"seeds": np.zeros(1)}, "seeds must be an array uint64"),
        ({"problems": 3}, "problems=3; this one has 200"),
        ({"colour": 1}, r"unknown \['colour'\]"),
    ],
)
def test_malformed_states_are_refused_and_change_nothing(change, match):
    env = HaltingEnv(dataset(varied()))
    env.reset(seed=0)
    before = repr(env.get_state())
    with pytest.raises(ValueError, match=match):
        env.set_state({**env.get_state(), **change})
    assert repr(env.get_state()) == before

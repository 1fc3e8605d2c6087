"""Unrolls and rollouts: deterministic, complete, and worth exactly what the environment pays."""

import numpy as np
import pytest
import torch
from gymnasium.vector import AutoresetMode

from agents.common.tensor_file import NotFiniteError
from agents.rollouts.collect import Rollout, collect
from agents.rollouts.unroll import Unroll, noisy_start, noisy_starts, refine, shaken, unroll
from agents.trm import TRM, Carry, Inputs, Output, TRMConfig
from agents.trm.model import new_model
from tests.toy import ToyTask
from trm_gym.env import RefinementEnv
from trm_gym.task import Task
from trm_gym.vector import RefinementVectorEnv

STEPS = 5


@pytest.fixture(scope="module")
def network() -> TRM:
    return new_model(TRMConfig(hidden=16, layers=1, cycles=1, latent_updates=1), ToyTask(), seed=0).eval()


class Chain:
    """Not a network: it finds one more cell of every toy block per step, and starts the later the more noise it has."""

    def initial_carry(self, batch: int) -> Carry:
        start = torch.tensor([1.0, -1.0]).expand(batch, 12, 2).clone()
        return Carry(start, start.clone())

    def __call__(self, carry: Carry, inputs: Inputs) -> tuple[Carry, Output]:
        problem = inputs.problem
        blocks = problem.view(-1, 4, 3)
        done = blocks.float().clone()
        for place in (1, 2):
            done[..., place] = torch.where(blocks[..., place] == 0, done[..., place - 1] % 4 + 1, done[..., place])
        late = carry.reasoning[:, 0, 0] > 2.5
        draft = torch.where(late[:, None], done.flatten(1), problem.float()).long()
        logits = torch.nn.functional.one_hot(draft, 5) * 6.0
        return Carry(carry.answer, carry.reasoning + 0.5), Output(logits, late.float(), carry.answer)


def make_envs(groups: int, branches: int, task: Task | None = None, **settings) -> RefinementVectorEnv:
    return RefinementVectorEnv(
        groups * branches,
        task or ToyTask(),
        max_steps=STEPS,
        autoreset_mode=AutoresetMode.DISABLED,
        **settings,
    )


def chain_rollout(envs: RefinementVectorEnv, branches: int, seed: int = 0, **settings) -> Rollout:
    levels = np.arange(envs.num_envs // branches) % 2
    return collect(envs, Chain(), levels, branches, np.random.default_rng(seed), **settings)


def test_an_unroll_is_what_the_steps_show(network):
    task = ToyTask()
    problems = task.generate(6, 1, "train", 0)
    graded = unroll(network, task, problems, STEPS, batch=4)
    steps = list(refine(network, task, problems, STEPS))
    torch.testing.assert_close(graded.features, torch.stack([step.features for step in steps], 1).detach())
    torch.testing.assert_close(graded.halt_logit, torch.stack([step.output.halt for step in steps], 1).detach())
    torch.testing.assert_close(graded.velocity, torch.stack([step.statistics.velocity for step in steps], 1))
    for step, solved in zip(steps, graded.solved.T, strict=True):
        draft = step.draft.numpy().astype(np.uint8)
        assert (draft == problems.problem)[~problems.free].all()
        np.testing.assert_array_equal(task.verify(problems, draft).solved, solved)
    for name in ("steps", "steps_unchanged", "changed", "confidence", "solved"):
        torch.testing.assert_close(getattr(graded, name), torch.stack([getattr(step, name) for step in steps], 1))
    assert graded.level.tolist() == [1] * 6 and graded.max_steps == STEPS and len(graded) == 6
    np.testing.assert_array_equal(graded.difficulty, problems.difficulty)


def test_unrolls_are_cut_and_joined(network):
    graded = unroll(network, ToyTask(), ToyTask().generate(6, 1, "train", 0), STEPS)
    joined = Unroll.concatenate([graded[:2], graded[torch.tensor([2, 3])], graded[torch.arange(6) > 3]])
    for name, value in vars(graded).items():
        assert torch.equal(getattr(joined, name), value)


def test_noise_is_drawn_from_its_generator_and_scaled(network):
    problems = ToyTask().generate(4, 1, "train", 0)

    def run(noise: float, seed: int) -> torch.Tensor:
        generator = torch.Generator().manual_seed(seed)
        return unroll(network, ToyTask(), problems, STEPS, noise, generator).features

    assert torch.equal(run(0.5, 1), run(0.5, 1))
    assert not torch.equal(run(0.5, 1), run(0.5, 2))
    assert torch.equal(run(0.0, 1), run(0.0, 2))
    plain = network.initial_carry(64)
    noisy = noisy_start(network, 64, 0.3, torch.Generator().manual_seed(0))
    for start, moved in zip(plain, noisy, strict=True):
        assert (moved - start).std().item() == pytest.approx(0.3 * start.std().item(), rel=0.05)


def test_a_carry_is_shaken_by_its_own_spread(network):
    carry = network.initial_carry(40)
    carry = Carry(carry.answer * torch.arange(1, 41)[:, None, None], carry.reasoning)
    moved = shaken(carry, 0.3, 5)
    for before, after in zip(carry, moved, strict=True):
        spread = (after - before).std((1, 2)) / before.std((1, 2))
        assert torch.allclose(spread, torch.full((40,), 0.3), atol=0.05)
    assert torch.equal(shaken(carry, 0.3, 5).answer, moved.answer)
    assert not torch.equal(shaken(carry, 0.3, 6).answer, moved.answer)
    alone = shaken(Carry(carry.answer[:1], carry.reasoning[:1]), 0.3, 5)
    assert torch.allclose(alone.answer, moved.answer[:1])  # a row's noise does not depend on those after it


def test_first_carries_stand_in_the_rows_asked_for(network):
    rows = torch.tensor([False, True, True, False])
    whole, drawn = noisy_starts(network, rows, 0.5, 3), noisy_start(network, 2, 0.5, torch.Generator().manual_seed(3))
    assert torch.equal(whole.answer[rows], drawn.answer)
    assert torch.equal(whole.answer[~rows], network.initial_carry(2).answer)
    assert (
        len(noisy_starts(network, rows, 0.0, 3).answer)
        == len(noisy_starts(network, ~(rows | True), 0.5, 3).answer)
        == 1
    )


def test_a_group_is_one_problem_under_several_noises():
    rollout = chain_rollout(make_envs(4, 3), 3, noise=1.0)
    assert rollout.branches == 3 and rollout.solved.shape == (4, 3)
    problem = rollout.problems.problem.reshape(4, 3, -1)
    assert (problem == problem[:, :1]).all() and len(np.unique(problem[:, 0], axis=0)) == 4
    assert rollout.unroll.level.view(4, 3).tolist() == [[0] * 3, [1] * 3] * 2
    first = rollout.unroll.solved.sum(1).view(4, 3)
    assert (first != first[:, :1]).any()


def test_a_rollout_is_a_function_of_its_generator():
    one, same, other = (chain_rollout(make_envs(4, 2), 2, seed) for seed in (0, 0, 1))
    assert torch.equal(one.unroll.features, same.unroll.features) and torch.equal(one.drafts, same.drafts)
    assert not np.array_equal(one.problems.problem, other.problems.problem)


def test_a_rollout_outlives_the_episodes_of_its_environment():
    envs = make_envs(2, 2)
    rollout = chain_rollout(envs, 2)
    before = rollout.problems.problem.copy()
    envs.reset(seed=99)
    np.testing.assert_array_equal(rollout.problems.problem, before)


@pytest.mark.parametrize("price", [0.1, 0.3, 1.0])
def test_every_halting_time_is_worth_what_the_environments_pay(price):
    """Bit for bit, for the vector environment and the scalar one."""
    envs = make_envs(3, 2, step_cost=price / STEPS)
    rollout = chain_rollout(envs, 2, noise=1.0)
    assert 0 < rollout.unroll.solved.float().mean() < 1
    seeds = np.random.default_rng(0).integers(2**62, size=3).repeat(2).tolist()
    levels = rollout.unroll.level.tolist()
    scalar = RefinementEnv(ToyTask(), max_steps=STEPS, step_cost=price / STEPS)
    for halt in range(STEPS):
        envs.reset(seed=seeds, options={"levels": levels})
        paid, alone = np.zeros(6), np.zeros(6)
        for slot in range(6):
            scalar.reset(seed=seeds[slot], options={"level": levels[slot]})
            for step in range(halt + 1):
                action = np.append(rollout.drafts[slot, step].numpy(), step == halt).astype(np.int64)
                alone[slot] += float(scalar.step(action)[1])
        for step in range(halt + 1):
            bit = np.full((6, 1), step == halt)
            paid += envs.step(np.concatenate([rollout.drafts[:, step].numpy(), bit], 1).astype(np.int64))[1]
        np.testing.assert_array_equal(paid, rollout.returns[:, halt].numpy())
        np.testing.assert_array_equal(alone, rollout.returns[:, halt].numpy())


def test_drafts_are_drawn_at_a_temperature(network):
    def run(temperature: float) -> Rollout:
        levels = np.ones(300, dtype=np.int64)
        return collect(make_envs(300, 1), network, levels, 1, np.random.default_rng(0), 0.0, temperature)

    drawn, greedy = run(1.0), run(0.0)
    free = torch.from_numpy(drawn.problems.free)[:, None].expand(-1, STEPS, -1)
    assert torch.equal(drawn.drafts[~free], greedy.drafts[~free])
    assert (drawn.drafts != greedy.drafts)[free].any()
    assert (drawn.log_prob <= greedy.log_prob + 1e-5).all()
    # A draft's expected surprise is the entropy of what it is drawn from.
    steps = list(refine(network, ToyTask(), drawn.problems, 1))
    log_probs = steps[0].output.logits.detach().log_softmax(-1)
    entropy = -((log_probs.exp() * log_probs).sum(-1) * free[:, 0]).sum(-1).mean().item()
    assert -drawn.log_prob[:, 0].mean().item() == pytest.approx(entropy, rel=0.03)


def test_slots_must_fit_the_groups():
    with pytest.raises(ValueError, match="3 groups of 2 branches need 6 slots, not 4"):
        collect(make_envs(2, 2), Chain(), np.zeros(3, np.int64), 2, np.random.default_rng(0))


def test_runs_of_noise_that_drowns_all_end_so(network: TRM):
    """What heads would be taught on is looked at where it is made: no dataset of infinities is kept."""
    problems = ToyTask().generate(3, 1, "train", 0)
    with pytest.raises(NotFiniteError, match="a run's features is not finite"):
        unroll(network, ToyTask(), problems, 2, noise=1e30, generator=torch.Generator().manual_seed(0))

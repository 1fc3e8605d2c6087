"""PPO in one file, in the manner of CleanRL: nothing of this project but the environment, no framework but torch.

python examples/cleanrl_ppo.py    whole answers of sudoku 4x4; what it reaches is in docs/tutorials/train_ppo.md

The policy is a plain multilayer perceptron that writes all cells of a draft at once and says whether it is done. It is
paid by the verifier's partial score (``reward="graded"``) and measured by what it solves, on test problems that are no
symmetric image of a training problem. What differs from a PPO for small control tasks is commented.

Source of the algorithm: Schulman et al. 2017, arXiv 1707.06347; of the advantages: Schulman et al. 2015, arXiv
1506.02438.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any, NamedTuple, final

import gymnasium as gym
import numpy as np
import torch
import tyro
from gymnasium.vector import AutoresetMode, VectorEnv
from torch import Tensor, nn
from torch.distributions import Bernoulli, Categorical
from torch.nn import functional as F


@dataclass(frozen=True)
class Args:
    """PPO on whole answers."""

    env_id: str = "trm_gym:TRM-Sudoku4x4-v0"
    """The environment."""
    level: str = "clues10-12"
    """The level learnt and measured."""
    max_steps: int = 4
    """The budget of an episode."""
    total_steps: int = 500_000
    """Steps of all slots together."""
    num_envs: int = 512
    """Slots of the vector environment."""
    num_steps: int = 8
    """Steps of each slot between two updates."""
    learning_rate: float = 1e-3
    """Of Adam; it falls linearly to zero."""
    gae_lambda: float = 0.95
    """Of generalised advantage estimation."""
    epochs: int = 4
    """Passes over each rollout."""
    minibatches: int = 4
    """Parts of a pass."""
    clip: float = 0.2
    """Of the probability ratio."""
    entropy: float = 0.003
    """Weight of the entropy bonus."""
    hidden: int = 256
    """Width of the network."""
    test_problems: int = 500
    """Problems that the policy is measured on."""
    seed: int = 0
    """Of weights, actions and problems."""


class Step(NamedTuple):
    """What one step of all slots leaves for the update; all of shape [slots, ...]."""

    seen: Tensor
    free: Tensor
    drafts: Tensor
    halts: Tensor
    log_prob: Tensor
    value: Tensor
    reward: Tensor
    ended: Tensor


@final
class Agent(nn.Module):
    """A policy over drafts and halting, and a value, each from its own perceptron."""

    def __init__(self, length: int, vocab: int, hidden: int) -> None:
        super().__init__()
        self.length, self.vocab = length, vocab
        inputs = 2 * length * vocab + 1

        def perceptron(outputs: int, gain: float) -> nn.Sequential:
            last = nn.Linear(hidden, outputs)
            nn.init.orthogonal_(last.weight, gain)
            nn.init.zeros_(last.bias)
            return nn.Sequential(nn.Linear(inputs, hidden), nn.ReLU(), nn.Linear(hidden, hidden), nn.ReLU(), last)

        self.actor, self.critic = perceptron(length * vocab + 1, 0.01), perceptron(1, 1.0)

    def see(self, observation: dict[str, Any]) -> tuple[Tensor, Tensor]:
        """Observations as inputs [slots, inputs], and which cells an answer may change, bool [slots, length].

        Tokens are names, not magnitudes, so they go in one-hot.
        """
        tokens = [torch.as_tensor(observation[name]).long() for name in ("problem", "answer")]
        ones = [F.one_hot(part, self.vocab).float().flatten(1) for part in tokens]
        return torch.cat([*ones, torch.as_tensor(observation["budget"])], dim=1), tokens[0] == 0

    def choose(self, seen: Tensor) -> tuple[Categorical, Bernoulli]:
        """The distributions of a draft's tokens and of halting."""
        outputs = self.actor(seen)
        tokens = Categorical(logits=outputs[:, 1:].unflatten(1, (self.length, self.vocab)))
        return tokens, Bernoulli(logits=outputs[:, 0])

    def value(self, seen: Tensor) -> Tensor:
        """The return expected, [slots]."""
        return self.critic(seen).squeeze(1)


def log_prob(tokens: Categorical, halting: Bernoulli, drafts: Tensor, halts: Tensor, free: Tensor) -> Tensor:
    """Log-probability of actions, [slots]. What is written to a fixed cell has no effect, so it is no choice."""
    return (tokens.log_prob(drafts) * free).sum(1) + halting.log_prob(halts)


def entropy(tokens: Categorical, halting: Bernoulli, free: Tensor) -> Tensor:
    """Entropy of the actions that have an effect, [slots]."""
    return (tokens.entropy() * free).sum(1) + halting.entropy()


def action(drafts: Tensor, halts: Tensor) -> np.ndarray:
    """Drafts and halting as the environment takes them."""
    return torch.cat([drafts, halts.long()[:, None]], dim=1).numpy()


@torch.no_grad()
def rollout(agent: Agent, envs: VectorEnv, observation: Any, steps: int) -> tuple[list[Step], Any, dict[str, float]]:
    """``steps`` steps of every slot, the observation after them, and the mean report of the episodes that ended."""
    taken, reports = [], []
    for _ in range(steps):
        seen, free = agent.see(observation)
        tokens, halting = agent.choose(seen)
        drafts, halts = tokens.sample(), halting.sample()
        old = log_prob(tokens, halting, drafts, halts, free)
        observation, reward, ended, _, infos = envs.step(action(drafts, halts))
        rewards = torch.as_tensor(reward, dtype=torch.float32)
        taken.append(Step(seen, free, drafts, halts, old, agent.value(seen), rewards, torch.as_tensor(ended)))
        if ended.any():
            told = infos["final_info"]
            reports.append([told[name][ended].mean() for name in ("score", "solved", "steps")])
    names = ("train/score", "train/solved", "train/steps")
    return taken, observation, dict(zip(names, np.mean(reports, axis=0).tolist(), strict=True))


def advantages(taken: list[Step], last: Tensor, gae_lambda: float) -> Tensor:
    """Generalised advantages [steps, slots]; gamma is 1, because the step's price is in the reward already."""
    found, ahead, after = [], torch.zeros_like(last), last
    for step in reversed(taken):
        going_on = (~step.ended).float()
        ahead = step.reward + going_on * after - step.value + gae_lambda * going_on * ahead
        after = step.value
        found.append(ahead)
    return torch.stack(found[::-1])


def update(agent: Agent, optimizer: torch.optim.Optimizer, batch: Step, advantage: Tensor, args: Args) -> None:
    """Improve policy and value on one rollout, flattened to [steps * slots, ...]."""
    target = advantage + batch.value
    for _ in range(args.epochs):
        for rows in torch.randperm(len(target)).chunk(args.minibatches):
            tokens, halting = agent.choose(batch.seen[rows])
            new = log_prob(tokens, halting, batch.drafts[rows], batch.halts[rows], batch.free[rows])
            ratio = (new - batch.log_prob[rows]).exp()
            gain = advantage[rows]
            gain = (gain - gain.mean()) / (gain.std() + 1e-8)
            policy = -torch.minimum(ratio * gain, ratio.clamp(1 - args.clip, 1 + args.clip) * gain).mean()
            value = 0.5 * (agent.value(batch.seen[rows]) - target[rows]).square().mean()
            bonus = args.entropy * entropy(tokens, halting, batch.free[rows]).mean()
            optimizer.zero_grad()
            (policy + 0.5 * value - bonus).backward()
            nn.utils.clip_grad_norm_(agent.parameters(), 0.5)
            optimizer.step()


@torch.no_grad()
def evaluate(agent: Agent, args: Args) -> dict[str, float]:
    """What the policy reaches on test problems, one episode each, by its likeliest actions and the exact reward."""
    envs = gym.make_vec(
        args.env_id, num_envs=args.test_problems, level=args.level, split="test", max_steps=args.max_steps
    )
    observation, _ = envs.reset(seed=args.seed)
    playing = np.ones(args.test_problems, dtype=bool)
    returned, solved = np.zeros(args.test_problems), np.zeros(args.test_problems, dtype=bool)
    while playing.any():
        tokens, halting = agent.choose(agent.see(observation)[0])
        observation, reward, ended, _, infos = envs.step(action(tokens.mode, halting.probs > 0.5))
        returned += reward * playing
        if (ended & playing).any():
            solved |= infos["solved"] & playing
        playing &= ~ended
    envs.close()
    return {"test/return": returned.mean(), "test/solved": solved.mean()}


def main(args: Args) -> dict[str, float]:
    """Learn, print what is reached, return it."""
    torch.manual_seed(args.seed)
    envs = gym.make_vec(
        args.env_id,
        num_envs=args.num_envs,
        level=args.level,
        max_steps=args.max_steps,
        reward="graded",
        autoreset_mode=AutoresetMode.SAME_STEP,  # the next observation belongs to the next episode; no step is lost
    )
    space = envs.single_action_space
    assert isinstance(space, gym.spaces.MultiDiscrete)
    length, vocab = len(space.nvec) - 1, int(space.nvec[0])
    agent = Agent(length, vocab, args.hidden)
    optimizer = torch.optim.Adam(agent.parameters(), lr=args.learning_rate, eps=1e-5)
    observation, _ = envs.reset(seed=args.seed + 1_000_000)
    updates, started, figures = args.total_steps // (args.num_envs * args.num_steps), time.perf_counter(), {}
    for done in range(updates):
        optimizer.param_groups[0]["lr"] = args.learning_rate * (1 - done / updates)
        taken, observation, figures = rollout(agent, envs, observation, args.num_steps)
        with torch.no_grad():
            advantage = advantages(taken, agent.value(agent.see(observation)[0]), args.gae_lambda)
        batch = Step(*(torch.cat(parts) for parts in zip(*taken, strict=True)))
        update(agent, optimizer, batch, advantage.flatten(), args)
        if done % max(1, updates // 20) == 0 or done == updates - 1:
            figures |= evaluate(agent, args)
            shown = "  ".join(f"{name} {value:.3f}" for name, value in figures.items())
            print(f"{(done + 1) * len(advantage.flatten()):>9,} steps  {time.perf_counter() - started:4.0f} s  {shown}")
    return figures


if __name__ == "__main__":
    main(tyro.cli(Args))

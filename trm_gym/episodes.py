"""The decision process itself, for a batch of slots: problems, drafts, steps and their ends, as arrays.

Both environments are thin faces of it, which is why they agree bit for bit. It knows no autoreset and no
Gymnasium calls; it is told which slots begin and which play.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any, final

import numpy as np
from gymnasium.spaces import Box, Dict, MultiDiscrete

from trm_gym.checks import SEED_LIMIT, whole_number, whole_numbers
from trm_gym.registration import make_task
from trm_gym.reward import exact_cost, reward_mode, step_rewards
from trm_gym.short_repr import short
from trm_gym.spaces import token_space
from trm_gym.splits import SPLITS, split_index
from trm_gym.streams import mix
from trm_gym.task import Problems, Task, Verdicts

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

DEFAULT_STEPS = 16
DEFAULT_COST = 0.1 / DEFAULT_STEPS
_ALL = slice(None)


def observation_space(task: Task) -> Dict:
    """What is seen at one slot: what the task shows of its problem; the draft, tokens [L]; share of steps left [1]."""
    answer, budget = token_space(task.length, task.vocab), Box(0.0, 1.0, (1,), np.float32)
    return Dict({**task.shown_space(), "answer": answer, "budget": budget})


def action_space(task: Task) -> MultiDiscrete:
    """What is done at one slot: the next draft's tokens [L], then the halt bit."""
    return MultiDiscrete(np.array([task.vocab] * task.length + [2]))


@final
class Episodes:
    """N slots, each in the middle of an episode, at its end, or not begun.

    task: a task or its name. size: another than the name says, see ``make_task``; None with a task itself.
    level: index or name, None for the task's default. max_steps: the budget. Raises ValueError for unknown names and
    for settings out of range.
    """

    def __init__(
        self,
        count: int,
        task: Task | str,
        level: int | str | None,
        split: str,
        max_steps: int,
        step_cost: float,
        reward: str,
        size: int | None = None,
    ) -> None:
        whole_number("num_envs", count)
        if not isinstance(task, (str, Task)):
            raise ValueError(f"a task is the name of one, or a Task, not {type(task).__name__}")
        if size is not None and not isinstance(task, str):
            raise ValueError(f"size={short(size)} goes with the name of a task; {task.name} was made by the caller")
        self.task = make_task(task, size) if isinstance(task, str) else task
        self.max_steps = whole_number("max_steps", max_steps)
        self.step_cost = exact_cost(step_cost)
        self.reward = reward
        self.mode = reward_mode(reward, self.task.graded, self.task.name)

        chosen = self.task.default_level if level is None else self.task.level_index(level)
        self.levels = np.full(count, chosen, dtype=np.int64)
        self.splits = np.full(count, split_index(split), dtype=np.int64)
        self.seeds = np.zeros(count, dtype=np.uint64)
        self.numbers = np.full(count, -1, dtype=np.int64)
        self.seeded = np.zeros(count, dtype=np.bool_)

        self.problems = Problems.blank(count, self.task)
        self.drafts = np.zeros((count, self.task.length), dtype=np.uint8)
        self.before = np.zeros_like(self.drafts)
        self.steps = np.zeros(count, dtype=np.int64)
        self.playing = np.zeros(count, dtype=np.bool_)
        self.worth = np.zeros(count, dtype=np.float64)
        self.verdicts = Verdicts(solved=np.zeros(count, dtype=np.bool_), score=np.zeros(count, dtype=np.float32))

    def seed(self, slots: NDArray[np.int64], seeds: NDArray[np.uint64]) -> None:
        """Give ``slots`` [S] their ``seeds`` [S]; the next problem of each is the first of its stream."""
        self.seeds[slots] = seeds
        self.numbers[slots] = -1
        self.seeded[slots] = True

    @property
    def begun(self) -> bool:
        """Whether every slot has a problem."""
        return bool((self.numbers >= 0).all())

    def begin(self, slots: NDArray[np.int64], own: Problems | None = None) -> None:
        """Start an episode at ``slots`` [S]: with the next problem of each one's stream, or a person's ``own``.

        own: as many problems as slots, or one for all.
        """
        self.numbers[slots] += 1
        if own is not None:
            self._place(slots, own)
            return
        splits, drawn = self.splits[slots], []
        for index in np.flatnonzero(np.bincount(splits)).tolist():
            here = slots[splits == index]
            levels = self.levels[here]
            keys = mix(self.seeds[here], self.numbers[here], levels, index)
            drawn.append((here, self.task.sample(keys, levels, SPLITS[index])))
        for here, problems in drawn:  # once all are there: a task that fails must not leave half of the slots changed
            self._place(here, problems)

    def _place(self, slots: NDArray[np.int64], problems: Problems) -> None:
        self.problems.put(slots, problems)
        self.drafts[slots] = problems.start
        self.steps[slots] = 0
        # The first draft is an echo of the problem, whose score is 0 in every task that has one.
        self.worth[slots] = 0.0
        self.playing[slots] = True

    def write(self, tokens: NDArray[np.uint8]) -> None:
        """Write the next drafts, uint8 [N, L]; fixed cells stay. For wrappers: it takes no step and judges nothing."""
        self.before = self.drafts
        # The problem, changed where it is free: to choose bytes by a mask of truths would take thirty times as long.
        self.drafts = tokens ^ self.problems.problem
        self.drafts *= self.problems.free.view(np.uint8)
        self.drafts ^= self.problems.problem

    def advance(self, tokens: NDArray[np.uint8], halts: NDArray[np.bool_]) -> NDArray[np.float64]:
        """One step of every slot that is playing; returns the rewards, float64 [N], 0 at the others.

        tokens: uint8 [N, L], the next drafts. halts: bool [N]. Slots that stop here are no longer ``playing``;
        only they are judged, unless the reward asks for more.
        """
        played = self.playing
        self.write(tokens)
        self.steps += played
        self.playing = played & ~halts & (self.steps < self.max_steps)
        judged = np.flatnonzero(played if self.mode.every_step else played & ~self.playing)
        before = self.worth
        self.worth = before.copy()
        if judged.size:
            verdicts = self.task.verify(self.problems[judged], self.drafts.take(judged, axis=0))
            self.worth[judged] = self.mode.worth(verdicts)
            self.verdicts.solved[judged] = verdicts.solved
            self.verdicts.score[judged] = verdicts.score
        return np.where(played, step_rewards(before, self.worth, self.step_cost), 0.0)

    def observe(self, slots: NDArray[np.int64] | slice = _ALL) -> dict[str, NDArray]:
        """Fresh arrays of ``slots`` [S]: what the task shows of its problems (as a rule ``problem``, uint8 [S, L]);
        answer, uint8 [S, L]; budget, the share of steps left, float32 [S, 1].
        """
        answer = self.drafts[slots]
        return {
            **self.task.shown(self.problems, slots),
            "answer": answer.copy() if isinstance(slots, slice) else answer,
            "budget": ((self.max_steps - self.steps[slots, None]) / self.max_steps).astype(np.float32),
        }

    def start_info(self, slots: NDArray[np.int64]) -> dict[str, NDArray]:
        """The info at the start of an episode, of ``slots`` [S]: fresh arrays [S] by name; nothing of the solution."""
        return {
            "level": self.problems.level[slots],
            "difficulty": self.problems.difficulty[slots].astype(np.float64),
        }

    def end_info(self, slots: NDArray[np.int64]) -> dict[str, NDArray]:
        """The info at the end of an episode, of ``slots`` [S]: fresh arrays [S] by name."""
        return {
            "solved": self.verdicts.solved[slots],
            "is_success": self.verdicts.solved[slots],
            "score": self.verdicts.score[slots].astype(np.float64),
            "steps": self.steps[slots],
            **self.start_info(slots),
        }


def plain_info(info: dict[str, NDArray]) -> dict[str, Any]:
    """The info of one slot, arrays [1], as Python's own numbers and truth values."""
    return {name: values[0].item() for name, values in info.items()}


@contextlib.contextmanager
def all_or_nothing(env: Any, episodes: Any) -> Iterator[None]:
    """A reset of ``env``: left by an error, it has changed nothing of the streams of problems that ``episodes`` hold.

    What is seeded, counted and chosen is put back, and so is the generator of ``env`` that seeds slots without a seed.
    """
    names = [name for name in ("levels", "splits", "seeds", "numbers", "seeded") if hasattr(episodes, name)]
    before = {name: getattr(episodes, name).copy() for name in names}
    generator, seed = env._np_random, env._np_random_seed
    state = None if generator is None else generator.bit_generator.state
    try:
        yield
    except BaseException:
        for name, values in before.items():
            getattr(episodes, name)[...] = values
        env._np_random, env._np_random_seed = generator, seed
        if generator is not None:
            generator.bit_generator.state = state
        raise


def check_seed(seed: Any) -> int | None:
    """The one seed of a reset, or None. Raises ValueError where it is no whole number in [0, 2**63)."""
    if seed is None:
        return None
    if isinstance(seed, bool) or not isinstance(seed, (int, np.integer)) or not 0 <= seed < SEED_LIMIT:
        raise ValueError(f"seed must be one whole number from 0 to 2**63 - 1, got {short(seed)}")
    return int(seed)


def check_seeds(seeds: NDArray) -> NDArray[np.uint64]:
    """Seeds [S] (of any type) as uint64. Raises ValueError where they are no whole numbers in [0, 2**63)."""
    seeds = np.array(seeds.tolist(), dtype=None if seeds.size else np.uint64)
    if not np.issubdtype(seeds.dtype, np.integer) or (seeds < 0).any() or (seeds >= SEED_LIMIT).any():
        raise ValueError(f"seeds must be whole numbers from 0 to 2**63 - 1, got {short(seeds.tolist())}")
    return seeds.astype(np.uint64)


def check_options(options: dict[str, Any] | None, known: tuple[str, ...]) -> dict[str, Any]:
    """A copy of the reset options. Raises ValueError for an option that is not ``known``."""
    if options is not None and not isinstance(options, dict):
        raise ValueError(f"reset options are a dictionary of {', '.join(known)}, not {type(options).__name__}")
    options = dict(options or {})
    for name in options:
        if name not in known:
            raise ValueError(f"unknown reset option {short(name)}: use {', '.join(known)}")
    return options


def read_action(action: Any, task: Task) -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
    """One action, integers [L + 1], as drafts uint8 [1, L] and halt bits bool [1]. Raises ValueError."""
    number = task.length + 1
    expected = f"an action of {task.name} is {task.length} tokens and a halt bit: expected {number} integers"
    return _tokens_and_halts(whole_numbers(action, (number,), expected)[None], task)


def read_actions(actions: Any, count: int, task: Task) -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
    """Actions, integers [N, L + 1], as drafts uint8 [N, L] and halt bits bool [N]. Raises ValueError."""
    shape = count, task.length + 1
    expected = (
        f"an action of {task.name} is {task.length} tokens and a halt bit, and every environment takes one: expected "
        f"integers of shape {shape}"
    )
    return _tokens_and_halts(whole_numbers(actions, shape, expected), task)


def _tokens_and_halts(actions: NDArray, task: Task) -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
    """Integers [N, L + 1] in two parts. Raises ValueError where one is no token, or no halt bit."""
    # Read as unsigned, a negative number is beyond every token, which saves looking for the least one.
    unsigned = actions.view(actions.dtype.str.replace("i", "u"))
    if unsigned.max() >= task.vocab or unsigned[:, -1].max() > 1:
        tokens, bits = actions[:, :-1], actions[:, -1]
        raise ValueError(
            f"an action of {task.name} holds tokens 0..{task.vocab - 1} and then a halt bit 0 or 1: got tokens from "
            f"{tokens.min()} to {tokens.max()} and the halt bit {bits.max() if bits.max() > 1 else bits.min()}"
        )
    return actions[:, :-1].astype(np.uint8), actions[:, -1] == 1

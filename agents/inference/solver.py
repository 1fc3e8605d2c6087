"""Solving problems of one's own with a trained network, from Python.

``Solver.from_pretrained("sudoku9x9").solve("53..7....6..195...")`` is all there is to it. A network may fail, and the
verdict says so; no solver helps it.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, final

import numpy as np
import torch
from numpy.typing import NDArray

from agents.checkpoint import Checkpoint, load_checkpoint, shipped
from agents.common.acceleration import prepare_process
from agents.common.finite import check_finite, check_gradients
from agents.common.tensor_file import CheckpointError, NotFiniteError
from agents.halting.registry import LEARNER, VERIFIER
from agents.halting.restart_registry import RESTARTS_LEARNER, acting_rule
from agents.halting.restarts import Actor, also_still
from agents.halting.rules import HaltingRule
from agents.inference.engine import Engine, Item, Result
from agents.inference.solution import Solution, Verdict
from agents.inference.taught import budget, untaught
from agents.inference.trajectory import Trajectory, follow, read_answer
from agents.losses import binary_cross_entropy
from agents.pretraining.supervision import HALT_WEIGHT, answer_loss, labels
from agents.rollouts.step import draft_of
from agents.rollouts.unroll import BATCH
from agents.trm import Inputs, TRMConfig
from agents.trm.model import new_model
from trm_gym import make_task
from trm_gym.checks import SEED_LIMIT, real_number, whole_number
from trm_gym.errors import ProblemError
from trm_gym.short_repr import short
from trm_gym.task import Problems, Task, UserProblem
from trm_gym.written.answers import renamed

PRICE = 0.1
"""The price of the whole budget at which a policy is asked, where nobody says otherwise."""
HUB = "hf://"
"""How the name of a repository on the Hugging Face Hub begins here: a mistyped path must not become a download."""


@final
class Solver:
    """A trained network with its halting heads, for problems of one's own."""

    def __init__(self, checkpoint: Checkpoint) -> None:
        self.checkpoint = checkpoint
        self.task: Task = make_task(checkpoint.task)
        self._optimizer: torch.optim.Optimizer | None = None

    @staticmethod
    def untrained(task: str, config: TRMConfig, seed: int = 0) -> Solver:
        """A network of that shape for that task, which knows nothing yet: see ``train_step``, and scripts/pretrain.py.

        It has no halting heads, so the verifier stops it unless another rule is named. Raises ValueError for an
        unknown task, and for a shape that does not fit it.
        """
        known = make_task(task)
        whole_number("seed", seed, 0, SEED_LIMIT - 1)
        return Solver(Checkpoint(new_model(config, known, seed).eval().requires_grad_(False), known.name))

    @staticmethod
    def from_pretrained(place: str | os.PathLike[str], size: int | None = None) -> Solver:
        """A checkpoint by folder, by the name of one that comes with the package, or by hf://owner/name on the Hub.

        size: another size of its task, for networks that tie no weight to a size. Raises CheckpointError. Nothing but
        the last form uses the network.
        """
        name = str(place)
        if not name.startswith(HUB):
            return Solver(load_checkpoint(place, size=size))
        hub = _hub()
        try:
            return Solver(hub.HubModel.from_pretrained(name.removeprefix(HUB), size=size).checkpoint)
        except CheckpointError:
            raise
        except Exception as error:  # a network has many ways to fail, and one meaning here
            reason = f"the Hub gives no checkpoint {name.removeprefix(HUB)} ({type(error).__name__})"
            raise CheckpointError(f"{reason}: give a folder, or a shipped name ({', '.join(shipped())})") from error

    def save_pretrained(self, folder: str | os.PathLike[str]) -> Path:
        """Write weights, config.json and a model card, as the Hub has them; returns the folder. Needs no network."""
        _hub().HubModel(self.checkpoint).save_pretrained(Path(folder))
        return Path(folder)

    def num_parameters(self) -> int:
        """Trained numbers of the network, halting heads left out; see ``TRM.num_parameters``."""
        return self.checkpoint.model.num_parameters()

    @property
    def effective_depth(self) -> int:
        """Blocks that a latent goes through in one step; see ``TRMConfig.effective_depth``."""
        return self.checkpoint.model.config.effective_depth

    @property
    def default_rule(self) -> str:
        """The rule where nobody names one: grpo, the learnt halting, or grpo_restarts; without either the verifier."""
        return next((name for name in (LEARNER, RESTARTS_LEARNER) if name in self.checkpoint.heads), VERIFIER)

    def budget(self, rule: str | HaltingRule | Actor | None = None) -> int:
        """The steps of a rule, ``default_rule`` where there is none, where nobody says how many: 16, or as many as were
        taught. They are more in a size larger than was taught, and where the rule may start afresh.
        """
        return budget(self.checkpoint, self.rule(rule))

    def _steps(self, max_steps: int | None, acting: HaltingRule | Actor | None) -> int:
        return budget(self.checkpoint, acting) if max_steps is None else max_steps

    @property
    def restarts(self) -> bool:
        """Whether the checkpoint has a policy of three acts, the rule ``grpo_restarts``."""
        return RESTARTS_LEARNER in self.checkpoint.heads

    def rule(self, rule: str | HaltingRule | Actor | None, price: float = PRICE) -> HaltingRule | Actor:
        """A rule by its name (see ``restart_registry.acting_rule``). Raises ValueError with the known names."""
        price = real_number("price", price, above=0)
        rule = self.default_rule if rule is None else rule
        if isinstance(rule, str):
            return acting_rule(rule, self.checkpoint.heads, price)
        if not isinstance(rule, (HaltingRule, Actor)):
            raise ValueError(f"a rule is the name of one, such as grpo or confidence:0.9, or a rule, not {short(rule)}")
        return rule

    def solve(
        self,
        problem: UserProblem | Problems,
        max_steps: int | None = None,
        rule: str | HaltingRule | Actor | None = None,
        return_trajectory: bool = False,
        price: float = PRICE,
        threshold: float | None = None,
    ) -> Solution:
        """Refine one problem until the rule stops it or the budget is used up.

        max_steps: the steps at most; those of ``budget`` where there is none. rule: a name such as grpo, verifier,
        always or confidence:0.9, or a rule of your own; ``default_rule`` where there is none. price: of the whole
        budget, at which a policy is asked. threshold: stop also as soon as the reasoning latent moves no more than that
        in a step, as a share of its length (its latent velocity).

        Of every task a Solution, which unpacks into its answer and the steps taken. For points, which come as an array
        [N, 2 to 4], rows, or a file (CSV, .npy), the target last, the answer is a formula in LaTeX:
        ``formula_latex, iterations = model.solve(points, threshold=1e-5)``. Of other tasks it is the answer's text.

        Raises ProblemError for what is no problem of the task, ValueError for an unknown rule or a bad number.
        """
        problems, acting = self.problems(problem), self.rule(rule, price)
        if threshold is not None:
            acting = also_still(acting, real_number("threshold", threshold, 0))
        names = {} if isinstance(problem, Problems) else self.task.names(problem)
        found = follow(self.checkpoint, problems, self._steps(max_steps, acting), price, acting, whole=False)
        handed = found.handed - 1
        solved = bool(found.solved[handed])
        return Solution(
            answer=found.drafts[handed],
            text=renamed(self.task.answer_text(found.drafts[handed]), names),
            latex=renamed(self.task.answer_latex(problems, found.drafts[handed]), names),
            steps=found.stop,
            confidence=float(found.least_confidence[handed]),
            right=float(found.right[handed]),
            verdict=Verdict(solved, float(found.score[handed])),
            trajectory=found if return_trajectory else None,
            note="" if solved else untaught(self.checkpoint, problems),
        )

    def stream(
        self,
        problems: Problems | Iterable[Item],
        max_steps: int | None = None,
        rule: str | HaltingRule | Actor | None = None,
        price: float = PRICE,
        slots: int = BATCH,
        first: int = 0,
    ) -> Iterator[Result]:
        """Any number of problems by continuous batching, results in order; a bad problem gives one with an error.

        first: what the first problem is counted as, where a stream goes on that was interrupted. Raises ValueError for
        a single text or path, whose characters are no problems, and for what is no list.
        """
        if isinstance(problems, (str, bytes, os.PathLike)) or not isinstance(problems, (Problems, Iterable)):
            raise ValueError(f"stream takes many problems, and {short(problems)} is one: give a list, or use solve")
        acting, stream = self.rule(rule, price), [problems] if isinstance(problems, Problems) else problems
        steps = self._steps(max_steps, acting)
        return Engine(self.checkpoint.model, self.task, acting, slots, steps, first=first).run(stream)

    def trajectory(
        self,
        problem: UserProblem | Problems,
        max_steps: int | None = None,
        price: float = PRICE,
        rule: str | HaltingRule | Actor | None = None,
    ) -> Trajectory:
        """Every step of the whole budget; where ``rule`` would have stopped is noted in ``stop``."""
        acting = None if rule is None else self.rule(rule, price)
        return follow(self.checkpoint, self.problems(problem), self._steps(max_steps, acting), price, acting)

    def train_step(
        self,
        problem: UserProblem | Problems,
        solution: str | NDArray[np.uint8] | list[int] | None = None,
        steps: int = 4,
        learning_rate: float = 1e-4,
    ) -> dict[str, float]:
        """One supervised update of the network on a problem of one's own; returns loss, halt_loss, solved (a share).

        The problem is refined for ``steps`` steps, each of which must give the solution, and whose halt head must tell
        whether it does; AdamW then moves the weights once. solution: tokens [L] or text as ``Solution.text`` has it;
        None takes the one that the task's solver found. A batch of Problems brings its own solutions. The halting heads
        stay as they are: after many updates teach them anew (scripts/grpo.py). Raises ValueError for a wrong solution,
        and NotFiniteError, which leaves the weights as they were, where the update comes to what is no number.
        """
        problems = self.problems(problem)
        if isinstance(solution, str) and not isinstance(problem, Problems):
            solution = renamed(solution, {own: known for known, own in self.task.names(problem).items()})
        answers = problems.solution if solution is None else read_answer(self.task, problems, solution)[None]
        if not self.task.verify(problems, answers).solved.all():
            raise ValueError("this is no solution of the problem: it breaks the task's rules, so it teaches nothing")
        whole_number("steps", steps)
        learning_rate = real_number("learning_rate", learning_rate, 0)
        model = self.checkpoint.model.train().requires_grad_(True)
        self._optimizer = self._optimizer or torch.optim.AdamW(model.parameters(), weight_decay=0.0)
        for group in self._optimizer.param_groups:
            group["lr"] = learning_rate
        weights = dict(model.named_parameters())
        before = {name: value.detach().clone() for name, value in weights.items()}
        try:
            metrics = self._supervise(problems, answers, steps)
            check_gradients(weights)
            self._optimizer.step()
            check_finite("the weight", weights)
        except NotFiniteError as error:
            model.load_state_dict(before, strict=False)
            raise NotFiniteError(f"{error}. Use a smaller learning_rate; the network is as it was") from error
        finally:
            self._optimizer.zero_grad()
            model.eval().requires_grad_(False)
        return metrics

    def _supervise(self, problems: Problems, answers: NDArray[np.uint8], steps: int) -> dict[str, float]:
        """Gradients of ``steps`` steps' mean loss, and the means of what ``train_step`` returns."""
        prepare_process()
        model, first = self.checkpoint.model, self.task.structure.answer_start  # the rest is no answer
        carry, rows = model.initial_carry(len(problems)), []
        device = carry.answer.device
        draft, free = (torch.from_numpy(part).to(device) for part in (problems.start, problems.free))
        target = torch.from_numpy(labels(self.task, problems, answers)).to(device)
        inputs = Inputs.of(problems, draft.long())
        for _ in range(steps):
            carry, output = model(carry, inputs)
            inputs = inputs._replace(draft=draft_of(output.logits, inputs.problem, free))
            draft = inputs.draft.cpu().numpy().astype(np.uint8)
            solved = torch.from_numpy(self.task.verify(problems, draft).solved).to(device)
            loss = answer_loss(output.logits[:, first:], target[:, first:], "softmax")
            halt_loss = binary_cross_entropy(output.halt, solved)
            check_finite("the loss of", {"the answers": loss, "the halt head": halt_loss})
            ((loss + HALT_WEIGHT * halt_loss) / steps).backward()
            rows.append((loss.item(), halt_loss.item(), solved.float().mean().item()))
        return dict(zip(("loss", "halt_loss", "solved"), np.mean(rows, axis=0).tolist(), strict=True))

    def problems(self, problem: UserProblem | Problems) -> Problems:
        """A person's own problem as a batch of one; a batch stays what it is. Raises ProblemError."""
        problems = problem if isinstance(problem, Problems) else self.task.encode(problem)
        if wrong := self.task.fault(problems):
            raise ProblemError(wrong)
        return problems


def _hub() -> Any:
    """The module that needs huggingface_hub. Raises ValueError where that is not installed."""
    try:
        from agents.inference import hub
    except ImportError as error:
        raise ValueError(
            f"folders of the Hub's form need huggingface_hub: pip install huggingface_hub ({error})"
        ) from error
    return hub

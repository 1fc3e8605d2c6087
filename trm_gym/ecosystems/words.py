"""What a language model is told of a problem, and what its answer is worth."""

from __future__ import annotations

import numpy as np

from trm_gym.errors import ProblemError
from trm_gym.registration import without_size
from trm_gym.task import Problems, Task

LONGEST_ANSWER = 10_000
"""Characters of an answer that are read."""

_ASKED = {
    "sudoku": "Fill in the sudoku, which stands row by row, a dot for a blank: every row, column and box holds every "
    "digit once. Answer with all digits row by row.",
    "maze": "Mark a shortest way from S to G, by steps up, right, down and left; # is wall. Answer with the rows of "
    "the maze, o for a cell on the way and a space for any other open cell.",
    "algebra": "Solve the equation or the system, or do what the verb says. Answer with the value alone, several in "
    "rising order and parted by commas; of a system with x, then y; or with the expression.",
    "arithmetic": "Work it out. Answer with the whole number or the fraction in lowest terms.",
    "regression": "A function has these values. Answer with a formula for it in x, y and z.",
    "arc": "Find the rule by which the outputs follow from the inputs. Answer with the last output as rows in JSON.",
}
"""What is asked, by the name of the task without its size."""


def asked(task: Task) -> str:
    """What a task asks for and how the answer is written, in a sentence or two."""
    return _ASKED.get(without_size(task.name), "Solve the problem. Answer as the problem is written.")


def worth(task: Task, problems: Problems, answer: str) -> tuple[float, str]:
    """1 if ``answer`` solves a batch of one, by the task's verifier, else 0; and why it could not be read, if so.

    answer: as ``Task.draft_text`` writes it; what it says of fixed cells is left out, as in an environment.
    """
    if len(answer) > LONGEST_ANSWER:
        return 0.0, f"an answer has at most {LONGEST_ANSWER} characters, this one {len(answer)}"
    try:
        draft = task.read_draft(answer)
    except ProblemError as error:
        return 0.0, str(error)
    whole = np.where(problems.free, draft, problems.problem)
    return float(task.verify(problems, whole).solved[0]), ""

"""The difficulty settings: the official sets of tasks, and easier ones among them."""

from __future__ import annotations

from dataclasses import dataclass

from trm_gym.arc.corpus import PublishedTask
from trm_gym.arc.layout import LARGEST
from trm_gym.task import Level

SMALL = 10
"""The longest side of a grid in a small task."""


@dataclass(frozen=True)
class ArcLevel(Level):
    """A level of the tasks of some official sets, none of whose grids has a side longer than ``longest``.

    in_place: only those whose outputs have the shape of their inputs.
    """

    sources: tuple[str, ...]
    longest: int = LARGEST
    in_place: bool = False

    def holds(self, task: PublishedTask) -> bool:
        """Whether a published task is of this level."""
        return task.source in self.sources and task.extent <= self.longest and (task.in_place or not self.in_place)


LEVELS = (
    ArcLevel("small", "tasks for training with no grid larger than 10x10", ("training", "training2"), SMALL),
    ArcLevel("training", "the training set of ARC-AGI-1", ("training",)),
    ArcLevel("training2", "what ARC-AGI-2's training set adds to ARC-AGI-1", ("training2",)),
    ArcLevel("evaluation", "the evaluation set of ARC-AGI-1; test split only", ("evaluation",)),
    ArcLevel("evaluation2", "what ARC-AGI-2's evaluation set adds; test split only", ("evaluation2",)),
    ArcLevel(
        "in_place",
        "of all sets, tasks with no grid larger than 10x10 and each output of its input's shape",
        ("training", "training2", "evaluation", "evaluation2"),
        SMALL,
        in_place=True,
    ),
)
DEFAULT_LEVEL = "training"
"""The name of the default level."""

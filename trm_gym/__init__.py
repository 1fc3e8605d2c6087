"""A Gymnasium suite in which thinking is the thing that is acted on and scored.

Importing it registers the environments (``gymnasium.make("TRM-Sudoku-v0")``) and loads neither Numba nor SymPy;
a task is loaded when it is first used.
"""

from trm_gym.env import RefinementEnv
from trm_gym.errors import ProblemError
from trm_gym.registration import TASKS, make_task, register_envs
from trm_gym.splits import SPLITS
from trm_gym.structure import CellStructure, PanelStructure, Structure, TextStructure
from trm_gym.task import BLANK, Level, Problems, Task, Verdicts
from trm_gym.vector import RefinementVectorEnv

__version__ = "0.1.0"

__all__ = [
    "BLANK",
    "SPLITS",
    "TASKS",
    "CellStructure",
    "Level",
    "PanelStructure",
    "ProblemError",
    "Problems",
    "RefinementEnv",
    "RefinementVectorEnv",
    "Structure",
    "Task",
    "TextStructure",
    "Verdicts",
    "make_task",
    "register_envs",
]

register_envs()

"""Wrappers around the environment: other actions, other observations, other problems, other prices.

EditCells         one cell at a time: Discrete actions with masks, for DQN, MaskablePPO, tree search
TextObservation   problem, draft and action as text, for language models
CurriculumWrapper levels drawn by a curriculum at each reset, which hears of the outcome
StepCostSchedule  the price of a step as a function of the episode's number
TraceRecorder     every draft, reward and verdict, as JSON lines

A flat observation needs no wrapper of this package: ``gymnasium.wrappers.FlattenObservation`` makes one vector of it,
float32 [2 * L * V + 1] in [0, 1]: the draft one-hot, the share of steps left, the problem one-hot.
"""

from trm_gym.wrappers.curriculum import CurriculumWrapper, LevelSource
from trm_gym.wrappers.edit_cells import EditCells
from trm_gym.wrappers.step_cost import StepCostSchedule
from trm_gym.wrappers.text import TextObservation
from trm_gym.wrappers.trace import TraceRecorder

__all__ = ["CurriculumWrapper", "EditCells", "LevelSource", "StepCostSchedule", "TextObservation", "TraceRecorder"]

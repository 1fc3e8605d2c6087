"""ARC: read a rule off a few pairs of grids, and apply it to one grid more."""

from trm_gym.arc.task import ArcTask

__all__ = ["ArcTask"]

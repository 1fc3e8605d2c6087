"""Formula finding: points of an unknown function are shown, and the draft is a whole formula."""

from trm_gym.regression.task import RegressionTask

__all__ = ["RegressionTask"]

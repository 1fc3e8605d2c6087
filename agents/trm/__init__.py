"""The Tiny Recursive Model: the network and nothing else."""

from trm_gym.extras import require

require("agents", "torch")

from agents.trm.config import TRMConfig
from agents.trm.inputs import Inputs
from agents.trm.model import TRM, Carry, Output

__all__ = ["TRM", "Carry", "Inputs", "Output", "TRMConfig"]

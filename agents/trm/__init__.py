"""The Tiny Recursive Model: the network and nothing else."""

from agents.trm.config import TRMConfig
from agents.trm.model import TRM, Carry, Output

__all__ = ["TRM", "Carry", "Output", "TRMConfig"]

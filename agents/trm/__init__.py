"""The Tiny Recursive Model: the network and nothing else."""

from agents.trm.model import TRM, Carry, Output, TRMConfig

__all__ = ["TRM", "Carry", "Output", "TRMConfig"]

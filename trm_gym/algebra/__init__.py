"""Equations, systems and polynomials as text, solved exactly."""

from trm_gym.algebra.task import AlgebraTask

__all__ = ["AlgebraTask"]

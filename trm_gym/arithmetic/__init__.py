"""Arithmetic: sums, differences, products, quotients and what brackets make of them, with exact answers."""

from trm_gym.arithmetic.task import ArithmeticTask

__all__ = ["ArithmeticTask"]

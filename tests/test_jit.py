"""How kernels are compiled."""

from __future__ import annotations

from numba import njit

from trm_gym.jit import _for_any_number


def test_a_function_is_compiled_once_for_all_numbers_that_stand_in_its_calls():
    def power(base, exponent):
        product = 1
        for _ in range(exponent):
            product *= base
        return product

    inside = _for_any_number(njit(power))

    @njit
    def kernel(base):
        return inside(base, 2) + inside(base, exponent=3) + inside(2, base)

    assert kernel(5) == 25 + 125 + 32
    assert len(inside.signatures) == 1

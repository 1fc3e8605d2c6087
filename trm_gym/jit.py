"""Compiled functions: how they are compiled, and the random numbers that they draw.

Random numbers are splitmix64 (Steele, Lea and Flood, 2014) from a state that the caller owns. Compiled code spells out
its loops and takes its arrays from the caller because that compiles several times faster, and the first reset waits for
the compiler.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numba import njit
from numba.core import config
from numba.core.dispatcher import Dispatcher
from numba.core.types import unliteral

from trm_gym import kernel_cache
from trm_gym.lazy_kernel import LazyKernel, interpreted

_GAMMA = np.uint64(0x9E3779B97F4A7C15)
_FIRST = np.uint64(0xBF58476D1CE4E5B9)
_SECOND = np.uint64(0x94D049BB133111EB)
_S27, _S30, _S31, _S32 = np.uint64(27), np.uint64(30), np.uint64(31), np.uint64(32)

_NUMBA_OPTIONS: dict[str, Any] = {"nogil": True, "error_model": "numpy", "no_cfunc_wrapper": True}

_INNER: dict[str, Any] = {**_NUMBA_OPTIONS, "no_cpython_wrapper": True}
_INLINED: dict[str, Any] = {**_NUMBA_OPTIONS, "inline": "always"}


_INTERPRET: bool = bool(getattr(config, "DISABLE_JIT", 0))
"""Whether NUMBA_DISABLE_JIT is set. Numba makes its settings as it is imported, where no type checker sees them."""


def _compiler(options: dict[str, Any]) -> Callable[[Callable[..., Any]], Any]:
    return lambda function: kernel_cache.keep(_for_any_number(njit(**options)(function)))


def _for_any_number(kernel: Dispatcher) -> Dispatcher:
    """The kernel itself, which from now on is compiled once for all integers that it is called with.

    Numba compiles a function anew for each number that stands in a call of it; here nothing depends on that.
    """
    template = kernel.get_call_template

    def get_call_template(args: Sequence[Any], kws: Mapping[str, Any]) -> Any:
        return template([unliteral(arg) for arg in args], {name: unliteral(arg) for name, arg in kws.items()})

    setattr(kernel, "get_call_template", get_call_template)  # noqa: B010  Numba's name, undeclared
    return kernel


def _called(options: dict[str, Any]) -> Callable[[Callable[..., Any]], Any]:
    """The same for a function that Python calls: without the compiler (NUMBA_DISABLE_JIT) it needs plain arguments."""
    return interpreted if _INTERPRET else _compiler(options)


def _inside(options: dict[str, Any]) -> Callable[[Callable[..., Any]], Any]:
    return (lambda function: function) if _INTERPRET else _compiler(options)


kernel = _called(_NUMBA_OPTIONS)
"""Compiles a function at its first call and keeps the result on disk; it runs beside other threads."""


def lazy_kernel(function: Callable[..., Any]) -> Any:
    """The same for a function that the first problems need: until that pays, it is not compiled but interpreted."""
    return kernel(function) if _INTERPRET else LazyKernel(kernel(function))


inner = _inside(_INNER)
"""The same for a function that only kernels call: without the wrapper for Python it compiles twice as fast."""

inlined = _inside(_INLINED)
"""The same for a function with one caller, which takes it in before it is compiled."""


@inner
def scramble(word):
    """The finaliser of splitmix64: uint64 -> uint64, a well-mixed bijection."""
    word = (word ^ (word >> _S30)) * _FIRST
    word = (word ^ (word >> _S27)) * _SECOND
    return word ^ (word >> _S31)


@inner
def below(state, bound):
    """The next random integer in [0, bound) of the stream ``state``, uint64 [1]; its bias is below bound / 2**32."""
    state[0] += _GAMMA
    return np.int64(((scramble(state[0]) >> _S32) * np.uint64(bound)) >> _S32)

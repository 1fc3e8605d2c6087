"""What glibc's allocator does with memory that is freed: kept while a network runs, given back when all is done."""

from __future__ import annotations

import ctypes
from collections.abc import Callable

MALLOC_OPTIONS = ((-3, 32 << 20), (-1, (1 << 31) - 1), (-2, 256 << 20))
"""glibc's M_MMAP_THRESHOLD (32 MiB is its largest), M_TRIM_THRESHOLD and M_TOP_PAD, in bytes."""


def keep_freed_memory() -> bool:
    """Tell glibc's allocator to keep what is freed instead of giving it back; whether it took the advice.

    A step allocates and frees tensors of some megabytes by the dozen. By default each comes from the system anew and
    is paid for in page faults, which on two cores took longer than the arithmetic.
    """
    mallopt = _of_glibc("mallopt")
    return mallopt is not None and min(mallopt(option, value) for option, value in MALLOC_OPTIONS) == 1


def give_back_memory() -> bool:
    """Give the system what was freed and kept; whether there was any. For when work is over: it takes a millisecond.

    What a process has afterwards is what it holds. Before, it is that and what it happened to need at some time, which
    grows for hours as work of other sizes comes by.
    """
    trim = _of_glibc("malloc_trim")
    return trim is not None and bool(trim(ctypes.c_size_t(0)))


def _of_glibc(name: str) -> Callable[..., int] | None:
    """A function of the C library; None where another library has its own ways."""
    try:
        return getattr(ctypes.CDLL(None), name)
    except (OSError, AttributeError, TypeError):
        return None

"""Compiled kernels on disk: Numba's cache, but what cannot be read is compiled anew, and no place for it is no error.

Numba keeps pickles and unpickles an index before it looks whether it is fresh, so a moved module or a damaged file ends
every later run; and of a kernel's source it watches one file, not the functions and constants that it takes from
others. Here a file carries a digest of its content and of all that was compiled, and is opened only where that fits.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import os
import pickle
import tempfile
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from types import CodeType
from typing import Any, final

import numba
import numpy as np
from numba.core import caching
from numba.core.dispatcher import Dispatcher
from numba.core.serialize import dumps
from numba.misc.appdirs import AppDirs

_DIGEST = hashlib.sha256().digest_size


def keep(kernel: Dispatcher) -> Dispatcher:
    """The kernel itself, which from now on keeps its compiled code on disk, where there is a place for it."""
    try:
        setattr(kernel, "_cache", _KernelCache(kernel.py_func))  # noqa: B010  where Numba keeps it, undeclared
    except (OSError, RuntimeError) as error:  # RuntimeError: Numba's word for "no place".
        _warn(f"there is no place to keep compiled kernels ({error}), so every process compiles them anew")
    return kernel


_WARNED: list[str] = []


def _warn(message: str) -> None:
    """Warn, as RuntimeWarning, of the first fault only, and not of the same with each of a hundred kernels."""
    if not _WARNED:
        _WARNED.append(message)
        warnings.warn(
            f"{message}: NUMBA_CACHE_DIR=FOLDER names a folder that can be written to", RuntimeWarning, stacklevel=2
        )


@final
class _UserWide(caching.UserWideCacheLocator):
    """The user's folder of caches, if there is one: a user without a home would get a folder called ~ otherwise."""

    @classmethod
    def from_function(cls, py_func: Callable[..., Any], py_file: str) -> Any:
        known = Path(AppDirs(appname="numba", appauthor=False).user_cache_dir).is_absolute()
        return super().from_function(py_func, py_file) if known else None


@final
class _Temporary(caching.UserWideCacheLocator):
    """A temporary folder of the user's own, when no other can be written to."""

    def __init__(self, py_func: Callable[..., Any], py_file: str) -> None:
        super().__init__(py_func, py_file)
        user = os.getuid() if hasattr(os, "getuid") else "user"
        self._root = Path(tempfile.gettempdir()) / f"trm_gym-kernels-{user}"
        self._cache_path = str(self._root / self.get_suitable_cache_subpath(py_file))

    def ensure_cache_path(self) -> None:
        """Raises PermissionError where somebody else could write to the folder: what lies there is run."""
        self._root.mkdir(mode=0o700, exist_ok=True)
        found = self._root.lstat()
        if hasattr(os, "getuid") and (found.st_uid != os.getuid() or found.st_mode & 0o022 or self._root.is_symlink()):
            raise PermissionError(f"{self._root} is not this user's alone")
        super().ensure_cache_path()
        _warn(f"compiled kernels can be kept only for now, in {self._root}")


@final
class _Implementation(caching.CompileResultCacheImpl):
    _locator_classes = [  # noqa: RUF012  Numba's name, and as Numba has it
        caching.UserProvidedCacheLocator,
        caching.InTreeCacheLocator,
        _UserWide,
        caching.IPythonCacheLocator,
        caching.ZipCacheLocator,
        _Temporary,
    ]


@final
class _KernelFiles(caching.IndexDataCacheFile):
    """Index and data of one kernel: a digest, then the pickle that it is of. Whatever does not fit is absent."""

    def __init__(self, cache_path: str, filename_base: str, function: Callable[..., Any]) -> None:
        super().__init__(cache_path, filename_base, None)
        self._function = function

    @functools.cached_property
    def _made_of(self) -> bytes:
        """Of all that goes into the kernel; it is asked for at the first call, when what it calls is defined."""
        parts = [numba.__version__.encode(), *_parts(self._function, set())]
        return hashlib.sha256(b"\0".join(parts)).digest()

    def load(self, key: Any) -> Any:
        name = self._load_index().get(key)
        found = None if name is None else self._opened(self._data_path(name))
        # Two processes may have taken one name for two signatures.
        return found[1] if found is not None and found[0] == key else None

    def save(self, key: Any, data: Any) -> None:
        super().save(key, (key, data))

    def _load_index(self) -> dict[Any, str]:
        return self._opened(self._index_path) or {}

    def _save_index(self, overloads: dict[Any, str]) -> None:
        self._write(self._index_path, overloads)

    def _save_data(self, name: str, data: Any) -> None:
        self._write(self._data_path(name), data)

    def _write(self, path: str, content: Any) -> None:
        pickled = dumps(content)
        with self._open_for_write(path) as file:
            file.write(self._digest(pickled) + pickled)

    def _opened(self, path: str) -> Any:
        """What a file holds; None where there is none, or it is damaged, or made of something else: that one goes."""
        try:
            content = Path(path).read_bytes()
            if content[:_DIGEST] == self._digest(content[_DIGEST:]):
                return pickle.loads(content[_DIGEST:])  # noqa: S301  Numba's own format
        except FileNotFoundError:
            return None
        except Exception:  # Unpickling may raise anything, and all of it means the same.
            pass
        self.remove(path)
        return None

    def remove(self, *paths: str) -> None:
        """Delete files of this kernel, by default its index, where that can be done."""
        for path in paths or [self._index_path]:
            with contextlib.suppress(OSError):
                Path(path).unlink()

    def _digest(self, pickled: bytes) -> bytes:
        return hashlib.sha256(self._made_of + pickled).digest()


@final
class _KernelCache(caching.FunctionCache):
    """Numba's cache of one function, which may fail to read or to write without any harm."""

    _impl_class = _Implementation

    def __init__(self, py_func: Callable[..., Any]) -> None:
        super().__init__(py_func)
        self._cache_file = _KernelFiles(self._cache_path, self._impl.filename_base, py_func)

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        try:
            return super().load_overload(sig, target_context)
        except Exception:  # Whatever goes wrong when a cache is read, there is the compiler.
            self._cache_file.remove()
            return None

    def save_overload(self, sig: Any, data: Any) -> None:
        try:
            super().save_overload(sig, data)
        except OSError as error:
            _warn(f"a compiled kernel cannot be kept in {self._cache_path} ({error.strerror or error})")


def _parts(function: Callable[..., Any], seen: set[Callable[..., Any]]) -> Iterator[bytes]:
    """The code of a function, the constants in it, and the same of all compiled functions that it calls."""
    seen.add(function)
    yield from _code_parts(function.__code__)
    for name in function.__code__.co_names:
        value = function.__globals__.get(name)
        if isinstance(value, Dispatcher):
            if value.py_func not in seen:
                yield from _parts(value.py_func, seen)
        elif isinstance(value, np.ndarray):
            yield f"{name} {value.dtype} {value.shape}".encode() + value.tobytes()
        elif isinstance(value, (bool, int, float, tuple, np.generic)):
            yield f"{name} {value!r}".encode()


def _code_parts(code: CodeType) -> Iterator[bytes]:
    yield code.co_code
    yield repr((code.co_names, code.co_varnames)).encode()
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _code_parts(constant)
        else:
            yield repr(constant).encode()

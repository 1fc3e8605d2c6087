"""Whatever lies where compiled kernels are kept, kernels are compiled and right; nothing stale is ever run."""

from __future__ import annotations

import importlib
import pickle
import random
import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import numba
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from trm_gym import kernel_cache

SOURCES = {
    "parts": "from trm_gym.jit import inner\nOFFSET = 3\n\n@inner\ndef twice(x):\n    return 2 * x\n",
    "whole": (
        "from trm_gym.jit import kernel\nfrom {parts} import OFFSET, twice\n\n"
        "@kernel\ndef shifted(x):\n    return twice(x) + OFFSET\n"
    ),
}


@pytest.fixture(scope="module", autouse=True)
def _forgotten():
    yield
    for name in [name for name in sys.modules if name.startswith("kept_kernels_")]:
        del sys.modules[name]


@pytest.fixture
def place(tmp_path, monkeypatch) -> Path:
    """A folder of Python files, and of what Numba keeps."""
    monkeypatch.setattr("numba.core.config.CACHE_DIR", str(tmp_path / "kept"))
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(kernel_cache, "_WARNED", [])
    return tmp_path


def started(place: Path, parts: str = SOURCES["parts"], whole: str = SOURCES["whole"]) -> ModuleType:
    """The kernels as a new process has them: the same files on disk, imported anew."""
    for name, text in (("kept_kernels_parts", parts), ("kept_kernels_whole", whole)):
        (place / f"{name}.py").write_text(text.replace("{parts}", "kept_kernels_parts"))
        sys.modules.pop(name, None)
    for cached in place.glob("__pycache__/*.pyc"):
        cached.unlink()  # Their stamps are whole seconds.
    importlib.invalidate_caches()
    return importlib.import_module("kept_kernels_whole")


def hits(module: ModuleType) -> int:
    return sum(module.shifted.stats.cache_hits.values())


def kept(place: Path, ending: str) -> list[Path]:
    return sorted(place.glob(f"kept/*/*shifted*.{ending}"))


class _Gone:
    """Pickles as a thing of a module that is no more."""

    def __reduce__(self) -> tuple[Callable[..., object], tuple[str]]:
        return importlib.import_module, ("trm_gym.no_such_module",)


def _flipped(content: bytes, at: float) -> bytes:
    place = int(at * (len(content) - 1))
    return content[:place] + bytes([content[place] ^ 0x10]) + content[place + 1 :]


DAMAGES: dict[str, Callable[[bytes, float], bytes]] = {
    "empty": lambda content, at: b"",
    "cut": lambda content, at: content[: int(at * len(content))],
    "a bit": _flipped,
    "longer": lambda content, at: content + b"\0" * (1 + int(at * 99)),
    "noise": lambda content, at: random.Random(at).randbytes(len(content)),
    "text": lambda content, at: b"version https://git-lfs.github.com/spec/v1\n",
    "zeros": lambda content, at: bytes(len(content)),
    "a module that moved": lambda content, at: pickle.dumps(numba.__version__) + pickle.dumps(_Gone()),
    "moved, alone": lambda content, at: pickle.dumps(_Gone()),
}


def test_kept_and_found(place):
    assert started(place).shifted(4) == 11 and kept(place, "nbi") and kept(place, "nbc")
    again = started(place)
    assert again.shifted(4) == 11 and hits(again) == 1


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(damage=st.sampled_from(sorted(DAMAGES)), ending=st.sampled_from(["nbi", "nbc"]), at=st.floats(0, 0.999))
def test_damage_is_a_miss_and_is_mended(place, damage, ending, at):
    assert started(place).shifted(4) == 11
    (file,) = kept(place, ending)
    file.write_bytes(DAMAGES[damage](file.read_bytes(), at))
    module = started(place)
    assert module.shifted(4) == 11 and hits(module) == 0
    again = started(place)
    assert again.shifted(4) == 11 and hits(again) == 1


@pytest.mark.parametrize("ending", ["nbi", "nbc"])
def test_a_folder_in_its_place(place, ending):
    started(place).shifted(4)
    (file,) = kept(place, ending)
    file.unlink()
    file.mkdir()
    with pytest.warns(RuntimeWarning, match="cannot be kept"):
        assert started(place).shifted(4) == 11


def test_what_numba_itself_kept_before(place):
    numbas = "import numba\n\n@numba.njit(cache=True)\ndef shifted(x):\n    return x\n"
    ours = "from trm_gym.jit import kernel\n\n@kernel\ndef shifted(x):\n    return x + 1\n"
    assert started(place, whole="\n" + numbas).shifted(4) == 4
    (index,) = kept(place, "nbi")
    assert started(place, whole="\n" + ours).shifted(4) == 5
    assert kept(place, "nbi") == [index], "the same file, made anew"


@pytest.mark.parametrize(
    ("part", "old", "new", "expected"),
    [
        ("parts", "2 * x", "3 * x", 15),
        ("parts", "OFFSET = 3", "OFFSET = 4", 12),
        ("parts", "OFFSET = 3", "OFFSET = 3.5", 11.5),
        ("whole", "+ OFFSET", "- OFFSET", 5),
        ("whole", "+ OFFSET", "+ OFFSET + 100", 111),
    ],
)
def test_what_a_kernel_is_made_of_decides(place, part, old, new, expected):
    """Also in another file: Numba itself would run the code of before."""
    assert started(place).shifted(4) == 11
    changed = started(place, **{part: SOURCES[part].replace(old, new)})
    assert changed.shifted(4) == expected and hits(changed) == 0


def test_a_full_disk_is_one_warning(place, monkeypatch):
    def full(*arguments: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(kernel_cache._KernelFiles, "_write", full)
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        assert started(place).shifted(4) == 11
        assert started(place).shifted(5) == 13
    assert [str(one.message) for one in seen] == [
        f"a compiled kernel cannot be kept in {kept_folder(place)} (No space left on device): "
        "NUMBA_CACHE_DIR=FOLDER names a folder that can be written to"
    ]


def kept_folder(place: Path) -> Path:
    (folder,) = (place / "kept").iterdir()
    return folder

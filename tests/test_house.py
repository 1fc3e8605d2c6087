"""Rules of the house that no linter counts: short files, short functions, what holds arrays says so in a line."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
FOLDERS = ("trm_gym", "agents", "curricula", "scripts", "tests")
FILES = sorted(path for folder in FOLDERS for path in (ROOT / folder).rglob("*.py"))
FILE_LINES, FUNCTION_LINES = 300, 50
HOLDS_MUCH = re.compile(r"^(?!.*Callable).*\b(NDArray|ndarray|Tensor|Problems|Unroll|Trajectory|TRM|Carry|Verdicts)\b")
"""What stands in the annotation of a field that would fill a screen."""
INSIDE = ("_search", "maze/generator", "algebra/generator")
"""Files whose tuples of arrays never leave them: compiled code takes them apart."""


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_files_and_functions_are_short(path):
    text = path.read_text(encoding="utf-8")
    assert len(text.splitlines()) < FILE_LINES
    functions = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.FunctionDef)]
    lines = {node.name: (node.end_lineno or 0) - node.lineno + 1 for node in functions}
    assert {name: count for name, count in lines.items() if count >= FUNCTION_LINES} == {}


def holds_arrays(node: ast.ClassDef) -> bool:
    """Whether a class is a dataclass or named tuple with a field that would fill a screen, and others see it."""
    words = [ast.unparse(part) for part in (*node.decorator_list, *node.bases)]
    fields = [ast.unparse(part.annotation) for part in node.body if isinstance(part, ast.AnnAssign)]
    kept = any("dataclass" in word or "NamedTuple" in word for word in words) and not node.name.startswith("_")
    return kept and any(HOLDS_MUCH.match(field) for field in fields)


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_what_holds_arrays_is_printed_on_a_line(path):
    name = path.relative_to(ROOT).as_posix()
    if name.startswith(("scripts/", "tests/")) or any(part in name for part in INSIDE):
        return
    classes = [node for node in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(node, ast.ClassDef)]
    bare = [
        one.name for one in classes if holds_arrays(one) and "short_repr" not in map(ast.unparse, one.decorator_list)
    ]
    assert bare == [], "decorate them with @short_repr of trm_gym.short_repr"

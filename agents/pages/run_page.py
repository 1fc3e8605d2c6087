"""What a run's folder says, as a page: of pretrain.py, grpo.py and compare.py, whole or in the midst of its work."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, final

import yaml

from agents.checkpoint import CONFIG_FILE
from agents.common.same_numerics import FILE as NUMERICS
from agents.common.tensor_file import CheckpointError
from agents.evaluation.tables import report_markdown
from agents.inference.showing import draw_level
from agents.pages.blocks import Block, Heading, Listing, Picture, Table, Text, of_markdown
from agents.pages.costs import Cost, cost_table
from agents.pages.curves import draw_curves, draw_mix, read_curves
from trm_gym import make_task
from trm_gym.files import check_regular

PICTURES = {
    "halting.png": "right answers against mean steps, of every halting rule",
    "accuracy.png": "right answers by number of steps",
    "steps.png": "steps that the policy takes, by difficulty",
    "drafts.png": "a problem, and drafts of its answer",
    "thinking.png": "what the network thinks of its drafts, step by step",
    "settling.png": "latents settling",
}
"""Pictures that runs leave, and what is seen on them."""
EPISODES = "thinking-"
"""What folders of episodes begin with."""


@final
@dataclass(frozen=True)
class Run:
    """A run's folder. kind: of the script that made it. config: what stands in its config.yaml."""

    folder: Path
    kind: str
    config: Mapping[str, Any]

    @property
    def task(self) -> str:
        """The task's name."""
        return str(self.config["task"] if self.kind == "pretrain" else self.config["pretrain"]["task"])

    @property
    def title(self) -> str:
        """What the page is called."""
        return f"{self.kind}: {self.task}, {self.folder.resolve().name}"


def read_run(folder: Path) -> Run:
    """The run in a folder. Raises ValueError where it is none of these scripts'."""
    place = folder / "config.yaml"
    try:
        check_regular(place)
        config = yaml.safe_load(place.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError, RecursionError) as error:
        raise ValueError(
            f"{folder} is no folder of a run ({error}): name one of pretrain.py, grpo.py or compare.py"
        ) from error
    marks = {"compare": ("pretrain", "learn"), "grpo": ("pretrain", "learner"), "pretrain": ("task", "updates")}
    for kind, fields in marks.items():
        if isinstance(config, dict) and all(field in config for field in fields):
            run = Run(folder, kind, config)
            make_task(run.task)
            return run
    raise ValueError(f"{place} is of none of pretrain.py, grpo.py and compare.py: name a folder of one of them")


def blocks(run: Run, out: Path, hour_price: float, draw: bool) -> list[Block]:
    """The page.

    out: a folder for pictures that the run has not left. draw: run the checkpoint for episodes where there are none.
    """
    found: list[Block] = [Heading(run.title, 1), Heading("Cost"), *_cost(run, hour_price)]
    found += [Heading("Results"), *(list(_results(run)) or [Text("The run has no results yet.")])]
    curves = list(_curves(run, out))
    found += [Heading("Curves"), *curves] if curves else []
    episodes = list(_episodes(run, out, draw))
    found += [Heading("Episodes"), *episodes] if episodes else []
    return [
        *found,
        Heading("Settings"),
        Listing((run.folder / "config.yaml").read_text(encoding="utf-8"), "config.yaml"),
    ]


def _json(path: Path) -> dict[str, Any]:
    """A JSON object of the run; empty where it is not there. Raises CheckpointError where it cannot be read."""
    if not path.exists():
        return {}
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        if not isinstance(found, dict):
            raise ValueError("it is no object")
        return found
    except (OSError, ValueError, RecursionError) as error:
        raise CheckpointError(f"{path} cannot be read ({error}): the run is damaged, make it anew") from error


def _meta(run: Run) -> dict[str, Any]:
    """What the run's checkpoint says of how it was made."""
    for name in ("checkpoint", "pretrained"):
        if meta := _json(run.folder / name / CONFIG_FILE).get("meta"):
            return meta
    return {}


def _cost(run: Run, hour_price: float) -> Iterator[Block]:
    costs, meta = [], _meta(run)
    made_here = run.kind == "pretrain" or (run.folder / "pretrained").exists()
    if made_here and "pretraining_seconds" in meta:
        costs.append(Cost("pretraining", meta["pretraining_seconds"], meta.get("numerics", {}).get("threads", 0)))
    if run.kind == "grpo":
        learner = run.config["learner"]
        threads = meta.get(f"{learner}_numerics", {}).get("threads", 0)
        costs.append(
            Cost(f"learning to halt ({learner})", read_curves(run.folder / "tensorboard" / learner).seconds, threads)
        )
    if run.kind == "compare":
        threads = _json(run.folder / NUMERICS).get("threads", 0)
        for place in sorted(run.folder.glob("network-*")):
            seconds = [_json(path).get("seconds", 0.0) for path in place.rglob("run.json")]
            costs.append(Cost(f"{place.name}, {len(seconds)} parts", sum(seconds), threads))
    if not costs:
        yield Text("The run has not written down what it took.")
        return
    yield cost_table(costs, hour_price)
    if hour_price:
        yield Text(f"A core's hour is taken to cost {hour_price:g}.")
    yield _machine(run, meta)


def _machine(run: Run, meta: Mapping[str, Any]) -> Block:
    """What the run wrote down of its machine."""
    known = meta.get(f"{run.config.get('learner')}_numerics") or meta.get("numerics") or _json(run.folder / NUMERICS)
    if not known:
        return Text("Machine: not recorded.")
    return Table(["machine, as recorded", ""], [[name, str(value)] for name, value in known.items()])


def _results(run: Run) -> Iterator[Block]:
    solved = dict(_meta(run).get("solved_at_steps", {})) if run.kind == "pretrain" else {}
    if steps := solved.pop("steps", None):
        yield Text("Test problems that are right after so many steps.")
        rows = [[level, *(f"{one:.1%}" for one in shares)] for level, shares in solved.items()]
        yield Table(["level", *map(str, steps)], rows)
    for place in sorted([*run.folder.glob("evaluation-*"), *run.folder.glob("results/*")]):
        if not (place / "report.json").exists():
            continue
        yield Heading(place.name.removeprefix("evaluation-"), 3)
        yield from of_markdown(report_markdown(_json(place / "report.json")))
        yield from _pictures(place)
    for path in sorted(run.folder.glob("results/*.md")):
        yield Heading(path.stem, 3)
        yield from of_markdown(path.read_text(encoding="utf-8"))


def _pictures(place: Path) -> Iterator[Block]:
    yield from (Picture(place / name, seen) for name, seen in PICTURES.items() if (place / name).exists())


def _curves(run: Run, out: Path) -> Iterator[Block]:
    mixed = False
    for place in sorted((run.folder / "tensorboard").glob("*")):
        curves = read_curves(place).curves
        drawn: Sequence[tuple[Path | None, str]] = (
            (draw_curves(curves, out / f"curves-{place.name}.png"), f"curves of {place.name}"),
            (draw_mix(curves, out / f"mix-{place.name}.png"), f"mix of the curriculum of {place.name}"),
        )
        yield from (Picture(path, seen) for path, seen in drawn if path is not None)
        mixed |= drawn[1][0] is not None
    # grpo.py draws the same of the run as a whole.
    if not mixed and (run.folder / "curriculum.png").exists():
        yield Picture(run.folder / "curriculum.png", "mix of the curriculum")


def _episodes(run: Run, out: Path, draw: bool) -> Iterator[Block]:
    left = sorted(run.folder.glob(f"{EPISODES}*"))
    place = run.folder / "checkpoint"
    if not left and draw and (place / CONFIG_FILE).exists():
        level = str(run.config["levels"][-1])
        left = [out / f"{EPISODES}{level}"]
        draw_level(place, level, left[0], int(run.config["max_steps"]), float(run.config.get("price", 0.1)))
    for one in left:
        yield Heading(one.name.removeprefix(EPISODES), 3)
        yield from _pictures(one)

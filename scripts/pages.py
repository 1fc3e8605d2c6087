"""Write the documentation's page of every environment, from registry, docstrings, levels and shipped networks.

python scripts/pages.py    writes docs/environments/, pictures included; commit what it changes

tests/scripts/test_pages.py fails where what stands there is not what this writes. The words live in the docstrings of
environments and tasks; only the frame of a page is made here.
"""

from __future__ import annotations

import importlib
import inspect
import itertools
import json
import typing
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, final

import gymnasium
import numpy as np
from gymnasium import spaces
from gymnasium.envs.registration import EnvSpec

import agents
import trm_gym
from agents.checkpoint import CONFIG_FILE, SHIPPED, shipped
from agents.common.checks import Checked, at_least_one
from agents.common.cli import main
from agents.common.places import Places, writes
from agents.evaluation.records import levels_measured
from agents.evaluation.tables import markdown_table
from scripts.paging import features, pictures
from trm_gym.atomic_io import atomic_write
from trm_gym.splits import SPLITS
from trm_gym.task import Task

HEADINGS = (
    "Description",
    "Action Space",
    "Observation Space",
    "Rewards",
    "Episode End",
    "Levels",
    "Difficulty",
    "Reset options",
    "Arguments",
    "Baselines",
    "Version History",
)
"""The sections of a page, in their order. A docstring's paragraph starts one by its name and a colon."""
PACKAGES = (trm_gym.__name__, agents.__name__)
"""Where environments come from that have a page; whatever else has been registered is not ours."""
ROW = 3
"""Pictures side by side."""
EXAMPLES = {"checkpoint": f'"{pictures.HALTED}"'}
"""Arguments without a default, as a page gives them."""
RESULTS = "results/index.md"


@dataclass(frozen=True)
class Config(Checked):
    """Write a page for every environment."""

    docs: Path = Path("docs")
    """Where the documentation is: results are read there, and pages go to its folder ``environments``."""
    folder: Path | None = None
    """Folder for the pages; environments among the docs by default."""
    pictures: bool = True
    """Whether to draw a problem of every level; the text is the same without."""
    problems: int = 200
    """Problems a level whose difficulty is measured; a level with fewer gives all it has."""

    prefix = "--"

    def __post_init__(self) -> None:
        super().__post_init__()
        at_least_one(self, "problems")


@final
@dataclass(frozen=True)
class Page:
    """An environment's id, how it is made, the class that its docstring is on, and its task, if it has but one."""

    spec: EnvSpec
    maker: Callable[..., gymnasium.Env]
    env: type[gymnasium.Env]
    task: Task | None

    @property
    def name(self) -> str:
        """The file's name without its ending."""
        return self.spec.id

    @property
    def package(self) -> str:
        """The package that it comes with."""
        return str(self.spec.entry_point).partition(".")[0]

    @property
    def summary(self) -> str:
        """The first line of what it is."""
        return markdown(inspect.getdoc(type(self.task) if self.task else self.env) or "").splitlines()[0]


def registered() -> list[Page]:
    """Every environment of ours, the newest version of each: those of the suite first, in the order of registration.

    Those that are another inside a wrapper have no page of their own.
    """
    newest: dict[str, EnvSpec] = {}
    for spec in gymnasium.registry.values():
        if str(spec.entry_point).partition(".")[0] in PACKAGES and not spec.additional_wrappers:
            newest[spec.name] = max(newest.get(spec.name, spec), spec, key=lambda one: one.version or 0)
    return sorted((page(spec) for spec in newest.values()), key=lambda one: PACKAGES.index(one.package))


def page(spec: EnvSpec) -> Page:
    """The page of an environment."""
    module, _, name = str(spec.entry_point).partition(":")
    maker = getattr(importlib.import_module(module), name)
    task = spec.kwargs.get("task")
    return Page(spec, maker, made_by(maker), None if task is None else trm_gym.make_task(task))


def made_by(maker: Any) -> Any:
    """The class of what ``maker``, a class or a function, makes."""
    return maker if isinstance(maker, type) else typing.get_type_hints(maker)["return"]


def markdown(docstring: str) -> str:
    """A docstring with literals as Markdown has them."""
    return docstring.replace("``", "`")


def sections(docstring: str) -> dict[str, str]:
    """A docstring's paragraphs by the heading that each starts with; those without one are Arguments, the first
    paragraph (what every docstring starts with) is Description.
    """
    found: dict[str, str] = {}
    for place, paragraph in enumerate(markdown(docstring).split("\n\n")):
        name, colon, text = paragraph.partition(": ")
        if not (colon and name in HEADINGS):
            name, text = "Arguments" if place else "Description", paragraph
        text = text[:1].upper() + text[1:] if name in ("Description", "Difficulty") else text
        found[name] = "\n\n".join(part for part in (found.get(name), text) if part)
    return found


def space_text(space: spaces.Space) -> str:
    """A space as Python, with repeated counts as products, which is shorter than its own repr."""
    if isinstance(space, spaces.MultiDiscrete):
        runs = ((count, len(list(same))) for count, same in itertools.groupby(space.nvec.tolist()))
        return f"MultiDiscrete({' + '.join(f'[{count}]' + f' * {times}' * (times > 1) for count, times in runs)})"
    if isinstance(space, spaces.Dict):
        return f"Dict({', '.join(f'{name}={space_text(part)}' for name, part in space.items())})"
    return repr(space)


def arguments(shown: Page) -> str:
    """What ``gymnasium.make`` takes beside the id, with defaults."""
    rows = []
    for name, parameter in inspect.signature(shown.maker).parameters.items():
        default = shown.spec.kwargs.get(name, parameter.default)
        rows.append((f"`{name}`", "to be given" if default is inspect.Parameter.empty else f"`{default!r}`"))
    return markdown_table(("argument", "default"), rows)


def levels(task: Task, env_id: str, config: Config) -> str:
    """The table of a task's levels, and a picture of each."""
    rows, gallery = [], []
    counted = any(task.split_size(level, SPLITS[0]) is not None for level in range(len(task.levels)))
    for index, level in enumerate(task.levels):
        problems = task.generate_at_most(config.problems, index, pictures.shown_split(task, index), 0)
        difficulty = problems.difficulty.astype(np.float64)
        name = f"**{level.name}**" if index == task.default_level else level.name
        row = [index, name, level.description, f"{difficulty.mean():.1f}", f"{difficulty.std():.1f}"]
        sizes = [task.split_size(index, split) for split in SPLITS]
        rows.append([*row, *(["" if size is None else f"{size:,}" for size in sizes] if counted else [])])
        gallery.append((level.name, f"![{level.name}](images/{env_id}-{level.name}.png)"))
    head = ["index", "level", "problems", "difficulty: mean", "spread", *(SPLITS if counted else ())]
    note = f"In bold the default. Mean and standard deviation of the difficulty of {config.problems} problems a level"
    sized = "; how many problems each split has, where they can be counted" if counted else ""
    shown = [gallery[first : first + ROW] for first in range(0, len(gallery), ROW)]
    drawn = "\n\n".join(markdown_table([name for name, _ in row], [[picture for _, picture in row]]) for row in shown)
    return f"{markdown_table(head, rows)}\n\n{note} (fewer where it has no more){sized}.\n\n{drawn}"


def baselines(task: Task, docs: Path) -> str:
    """What shipped networks reach on a task: as their own descriptions and docs/results say."""
    made = {name: json.loads((SHIPPED / name / CONFIG_FILE).read_text("utf-8")) for name in shipped()}
    parts = [network(name, config) for name, config in made.items() if config["task"] == task.name]
    if rows := list(levels_measured((docs / RESULTS).parent / "records", task.name)):
        where = "where halting rules are compared, on three networks where they say so"
        parts.append(f"By the tables of [the results](../{RESULTS}), {where}:")
        parts.append(markdown_table(("level", "test problems", "after steps", "right, %"), rows))
    return "\n\n".join(parts) or "No network for this task comes with the package yet."


def network(name: str, config: Mapping[str, Any]) -> str:
    """What a shipped network is, how it was made and what share it solves; config: its config.json."""
    model, meta = config["model"], config["meta"]
    shape = f"mixer `{model['mixer']}` over {model['positions']}, {model['hidden']} wide"
    told = [f"The network [`{name}`](../networks/{name}.md) comes with the package: {shape}"]
    if "pretraining_seconds" in meta:
        trained = ", ".join(f"`{level}`" for level in meta["pretraining"]["levels"])
        told.append(f", pretrained for {meta['pretraining_seconds']:.0f} s on {trained}")
    if "commands" in meta:
        told.append(f", by {', then '.join(f'`{command}`' for command in meta['commands'])}")
    solved = meta.get("solved_at_steps")
    if not solved:
        return "".join(told) + "."
    steps = solved["steps"]
    rows = [(level, *(f"{100 * share:.2f}" for share in solved[level])) for level in solved if level != "steps"]
    head = ("right, %", *(f"{count} step{'s' if count > 1 else ''}" for count in steps))
    return "".join(told) + ". Test problems solved after so many steps:\n\n" + markdown_table(head, rows)


def facts(shown: Page) -> str:
    """How an environment is made, and its sizes."""
    parameters = inspect.signature(shown.maker).parameters.values()
    needed = [
        one.name for one in parameters if one.default is inspect.Parameter.empty and one.name not in shown.spec.kwargs
    ]
    told = "".join(f", {name}={EXAMPLES[name]}" for name in needed)
    rows = [("make", f'`gymnasium.make("{shown.package}:{shown.name}"{told})`')]
    if shown.spec.vector_entry_point:
        rows.append(("make many", f'`gymnasium.make_vec("{shown.package}:{shown.name}", num_envs=1024{told})`'))
    if shown.task:
        env = gymnasium.make(shown.name)
        rows.append(("positions L, tokens V", f"{shown.task.length}, {shown.task.vocab}"))
        rows.append(("actions", f"`{space_text(env.action_space)}`"))
        rows.append(("observations", f"`{space_text(env.observation_space)}`"))
        rewards = '`"exact"`, `"graded"`, `"progress"`' if shown.task.graded else '`"exact"` (no partial score)'
        rows.append(("rewards", rewards))
    return markdown_table(("what", "how"), rows)


def text(shown: Page, config: Config) -> str:
    """An environment's page."""
    parts = sections(inspect.getdoc(shown.env) or "")
    parts["Arguments"] = "\n\n".join(filter(None, [arguments(shown), parts.get("Arguments")]))
    if shown.task:
        own = sections(inspect.getdoc(type(shown.task)) or "")
        about = "\n\n".join(filter(None, [own.pop("Description", None), own.pop("Arguments", None)]))
        parts["Description"] = "\n\n".join(filter(None, [about, parts.get("Description")]))
        parts |= own
        parts["Levels"] = levels(shown.task, shown.name, config)
        parts["Baselines"] = baselines(shown.task, config.docs)
    else:
        entries = markdown_table(("entry", "name", "meaning"), features.rows(pictures.HALTED))
        parts["Observation Space"] += f"\n\nWith the network `{pictures.HALTED}`:\n\n{entries}"
    film = f"![{shown.name}](images/{shown.name}.gif)\n\n{pictures.film_text(shown.task)}"
    head = f"# {shown.name}\n\n<!-- written by scripts/pages.py -->\n\n{film}\n\n{facts(shown)}\n"
    return head + "".join(f"\n## {name}\n\n{parts[name].strip()}\n" for name in HEADINGS if parts.get(name))


def index(pages: list[Page]) -> str:
    """The page that leads to the others."""
    rows = []
    for shown in pages:
        size = (shown.task.length, shown.task.vocab, len(shown.task.levels)) if shown.task else ("", "", "")
        rows.append((f"[{shown.name}]({shown.name}.md)", shown.summary, *size))
    head = ("id", "what", "L", "V", "levels")
    return f"# Environments\n\n<!-- written by scripts/pages.py -->\n\n{markdown_table(head, rows)}\n"


@writes(lambda config: Places([config.folder or config.docs / "environments"]))
def run(config: Config) -> None:
    """Write all pages."""
    out = config.folder or config.docs / "environments"
    pages = registered()
    atomic_write(out / "index.md", index(pages))
    for shown in pages:
        atomic_write(out / f"{shown.name}.md", text(shown, config))
        if config.pictures:
            atomic_write(out / "images" / f"{shown.name}.gif", pictures.film_of(shown.task))
            for name, content in pictures.of_levels(shown.name, shown.task) if shown.task else ():
                atomic_write(out / "images" / name, content)
    print(f"{len(pages)} environments: {out}")


if __name__ == "__main__":
    main(run, Config)

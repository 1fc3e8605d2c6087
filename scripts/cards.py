"""Write the documentation's card of every shipped network: what made it, what it reaches, and a problem it has wrong.

python scripts/cards.py                             every network: looks for its failures anew and draws them
python scripts/cards.py --networks maze15x15        one that has joined the package, and the list of all
python scripts/cards.py --no-pictures               the text alone, with the failures that are known; a minute less
python scripts/cards.py --networks maze15x15 --curves runs/pretrain-maze15x15-0/tensorboard/pretrain

The card is what ``Solver.save_pretrained`` writes beside a network. Here come the results of ``scripts/evaluate.py
--all`` (docs/results/records/networks.json) and the failures, which are kept in docs/networks/failures.json.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from agents.checkpoint import Checkpoint, load_checkpoint, shipped
from agents.common.checks import Checked
from agents.common.cli import main
from agents.common.places import Places, writes
from agents.common.png import small_png
from agents.evaluation.records import Record, load_record
from agents.evaluation.shipped import STEPS, taught
from agents.evaluation.tables import markdown_table
from agents.inference.card import Failure, Reached, card, first_failure
from agents.inference.film import PALETTE
from agents.pages.curves import draw_curves, read_curves, thinned
from trm_gym import make_task
from trm_gym.atomic_io import atomic_write
from trm_gym.json_files import read_json

TRAINING = ("train/loss", "train/halt_loss", "train/hint_loss", "rollout/success_rate", "rollout/ep_len_mean")
"""The curves of a training that a card shows."""
POINTS = 100
"""Of each of them."""
MADE = "<!-- written by scripts/cards.py -->"
INTERVALS = "(95%)"
"""What the name of the record's column ends in by which the weakest level is told."""


@dataclass(frozen=True)
class Config(Checked):
    """Write the cards of shipped networks."""

    networks: tuple[str, ...] = ()
    """Networks whose cards are written; all that come with the package by default."""
    pictures: bool = True
    """Whether to look for failures anew and to draw them; else those that are kept are told."""
    curves: Path | None = None
    """A run's folder of TensorBoard events: of its training the card of the one network named gets a picture."""
    docs: Path = Path("docs")
    """Where the documentation is: results and known failures are read there."""
    folder: Path | None = None
    """Folder for the cards; networks among the docs by default."""

    prefix = "--"

    def __post_init__(self) -> None:
        super().__post_init__()
        if unknown := [name for name in self.networks if name not in shipped()]:
            raise ValueError(f"no network {unknown[0]!r} comes with the package: choose of {', '.join(shipped())}")
        if self.curves is not None and len(self.networks) != 1:
            raise ValueError("--curves is of one network's training: name it with --networks")


def measured_of(name: str, record: Record) -> Reached | None:
    """What the record of all networks says of one; None where it was not measured yet."""
    table = record.tables[1]
    rows = [row[1:] for row in table["rows"] if row[0] == name]
    told = f"Measured on {record.date} at commit {record.commit} by `{record.commands[0]}`. {table['caption']}"
    return Reached(told, table["header"][1:], rows) if rows else None


def weakest_first(checkpoint: Checkpoint, measured: Reached | None) -> list[str]:
    """The levels that a network was taught, the one it is worst at first; in their order where that is not known."""
    if measured is None:
        return taught(checkpoint)
    column = next(place for place, name in enumerate(measured.header) if name.endswith(INTERVALS))
    return [row[0] for row in sorted(measured.rows, key=lambda row: float(row[column].split()[0]))]


def found_failures(name: str, measured: Reached | None, images: Path) -> list[Failure]:
    """A problem that a network has wrong, of the weakest level that has one, drawn into ``images``; or that none was
    found at any level.
    """
    checkpoint, none = load_checkpoint(name), []
    for level in weakest_first(checkpoint, measured):
        failure, problem, draft = first_failure(checkpoint, level)
        if problem is not None:
            task = make_task(checkpoint.task)
            captions = (f"after {failure.steps} steps: wrong", "right")
            drawn = zip((draft, problem.solution[0]), captions, strict=True)
            boards = [task.draw_rgb(problem, one, caption) for one, caption in drawn]
            height, width, _ = boards[0].shape
            atomic_write(images / f"{name}.png", small_png(np.concatenate(boards, int(width <= 2 * height)), PALETTE))
            return [failure]
        none.append(failure)
    return none


def draw_training(events: Path, path: Path) -> None:
    """What of a training is of use to others, as a picture. Raises ValueError where the folder holds no such curves."""
    if not events.is_dir():
        raise ValueError(f"there is no folder {events}: give a run's tensorboard/pretrain")
    found = {tag: curve for tag, curve in read_curves(events).curves.items() if tag in TRAINING}
    if not found:
        raise ValueError(f"{events} holds no curves of a training: give a run's tensorboard/pretrain")
    path.parent.mkdir(parents=True, exist_ok=True)
    draw_curves({tag: thinned(curve, POINTS) for tag, curve in found.items()}, path)


def text(name: str, measured: Reached | None, failures: Sequence[Failure], curve: bool) -> str:
    """A network's page: the card, with the pictures of failures and, where there is one, of the training."""
    seen = f"![What {name} answers, and what is right](images/{name}.png)"
    shown = [dataclasses.replace(one, note=seen) if one.number else one for one in failures]
    training = f"![The training of {name}: losses, share of drafts that are right, steps](curves/{name}.png)"
    made = card(load_checkpoint(name), name, measured, shown, training if curve else "")
    title, _, rest = made.partition("\n")
    return f"{title}\n\n{MADE}\n{rest}"


def index(record: Record) -> str:
    """The list of all networks."""
    right = {row[0]: row[record.tables[0]["header"].index("right, %")] for row in record.tables[0]["rows"]}
    rows = []
    for name in shipped():
        one = load_checkpoint(name)
        minutes = f"{one.meta.get('pretraining_seconds', 0) / 60:.1f}"
        weights = f"{one.model.num_parameters():,}"
        rows.append((f"[{name}]({name}.md)", f"`{one.task}`", weights, minutes, right.get(name, "not measured yet")))
    head = ("network", "task", "weights", "minutes of pretraining", f"right after {max(STEPS)} steps, %")
    told = (
        "The networks that come with the package. Each has a card: the commands that made it, how long that took,\n"
        "what it was taught, what it reaches with 95% intervals, and a test problem that it has wrong.\n"
        "Right: the mean over the levels that it was taught."
    )
    return f"# Networks\n\n{MADE}\n\n{told}\n\n{markdown_table(head, rows)}\n"


@writes(lambda config: Places([config.folder or config.docs / "networks"]))
def run(config: Config) -> None:
    """Write the cards, and the list of them."""
    out = config.folder or config.docs / "networks"
    record = load_record(config.docs / "results" / "records" / "networks.json")
    kept = config.docs / "networks" / "failures.json"
    known: Mapping[str, list] = read_json(kept) if kept.exists() else {}
    failures = {name: [Failure(**one) for one in known.get(name, ())] for name in shipped()}
    if config.curves is not None:
        draw_training(config.curves, out / "curves" / f"{config.networks[0]}.png")
    for name in config.networks or shipped():
        measured = measured_of(name, record)
        if config.pictures:
            failures[name] = found_failures(name, measured, out / "images")
        drawn = any((place / "curves" / f"{name}.png").exists() for place in (out, config.docs / "networks"))
        atomic_write(out / f"{name}.md", text(name, measured, failures[name], drawn))
        print(out / f"{name}.md", flush=True)
    atomic_write(out / "index.md", index(record))
    if config.pictures:
        listed = {name: [dataclasses.asdict(one) for one in found] for name, found in failures.items() if found}
        atomic_write(out / "failures.json", json.dumps(listed, indent=1, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main(run, Config)

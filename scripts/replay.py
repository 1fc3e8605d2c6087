"""Write episodes as one HTML file that plays them in any browser, without a server: for an issue, a paper, a lesson.

python scripts/replay.py --checkpoint sudoku9x9 --level minimal --problems 3 --out runs/replay.html
python scripts/replay.py --checkpoint algebra --puzzle "3*x + 4 = 25 - 4*x"
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from agents.common.checks import at_least_one
from agents.common.cli import main
from agents.common.places import Places, writes
from agents.inference.demo_config import ShownConfig
from agents.viewer.asking import Run, others_of, usual_rules
from agents.viewer.events import record, run_events
from agents.viewer.page import replay
from trm_gym.atomic_io import atomic_write


@dataclass(frozen=True)
class Config(ShownConfig):
    """Episodes as a page that needs nothing else: test problems of a level, or a puzzle of your own."""

    problems: int = 3
    """Test problems, one episode each, where no puzzle is given."""
    rule: str | None = None
    """When to stop, see solve.py; the learnt rule by default."""
    rules: str | None = None
    """Other rules whose stops are shown, parted by spaces; a choice of them by default."""
    out: Path = Path("runs", "replay.html")
    """File for the page."""

    def __post_init__(self) -> None:
        super().__post_init__()
        at_least_one(self, "problems")


@writes(lambda config: Places(files=[config.out], reads=[config.checkpoint]))
def run(config: Config) -> None:
    """Run the problems, and write the page."""
    solver, own = config.shown()
    problems = config.drawn(solver, config.problems) if own is None else own.problems
    rule = config.rule or solver.default_rule
    level = config.level or solver.task.levels[solver.task.default_level].name
    episodes = []
    for place in range(len(problems)):
        asked = Run(
            solver=solver,
            problems=problems[slice(place, place + 1)],
            names={} if own is None else own.names,
            remark="" if own is None else own.remark,
            rule=rule,
            acting=solver.rule(rule, config.price),
            others=others_of(solver, usual_rules(solver) if config.rules is None else config.rules.split()),
            price=config.price,
            max_steps=config.max_steps,
            checkpoint=Path(config.name).name,
            drawn="" if own is not None else f"level {level}, seed {config.seed}, number {place + 1}",
        )
        episodes.append(record(run_events(asked)))
    atomic_write(config.out, replay(episodes))
    right = sum(episode["answer_right"] for episode in episodes)
    size = config.out.stat().st_size / 1e6
    print(f"{config.out}: {len(episodes)} episodes, {right} of them right, {size:.2f} MB")


if __name__ == "__main__":
    main(run, Config)

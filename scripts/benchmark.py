"""Measure how fast this machine runs the suite, each figure beside the bar it is held to. It checks no results.

python scripts/benchmark.py envs      environments, supply of problems, import and first reset
python scripts/benchmark.py tasks     fresh problems and verdicts of math and mazes, beside reasoning-gym if installed
python scripts/benchmark.py sb3       Stable-Baselines3's adapter for native environments, beside its own DummyVecEnv
python scripts/benchmark.py training  networks in training and solving, beside other programs of the same network;
                                      --training.parts compare, or mixers, compiling, memory for a part of it
python scripts/benchmark.py sharing   an update of pretraining shared by processes, and a model of many machines
python scripts/benchmark.py peers     minutes until 6x6 is learnt (--peers.task sudoku9x9: 9x9): ours, the published
                                      network, tiny-recursive-model if installed, and a plain transformer
python scripts/benchmark.py page      seconds until the page of view.py is open, and until it shows an answer
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, Literal

import tyro

from agents.common.checks import Checked
from agents.common.cli import main
from agents.common.places import Places, writes
from scripts.benchmarking.envs import measure_envs
from scripts.benchmarking.measuring import Settings, show
from scripts.benchmarking.page import measure_page
from scripts.benchmarking.peers import Peers, measure_peers
from scripts.benchmarking.sb3 import measure_sb3
from scripts.benchmarking.sharing import Sharing, measure_sharing
from scripts.benchmarking.tasks import measure_tasks
from scripts.benchmarking.training import Training, measure_training


@dataclass(frozen=True)
class Config(Checked):
    """What to measure, and how long."""

    subject: Annotated[Literal["envs", "tasks", "sb3", "training", "sharing", "peers", "page"], tyro.conf.Positional]
    """Part of the suite to measure."""
    suite: Annotated[Settings, tyro.conf.arg(name="")] = field(default_factory=Settings)
    """Options of the subjects envs, tasks and sb3."""
    training: Training = field(default_factory=Training)
    """Options of the subject training."""
    sharing: Sharing = field(default_factory=Sharing)
    """Options of the subject sharing."""
    peers: Peers = field(default_factory=Peers)
    """Options of the subject peers."""


SUITE = {"envs": measure_envs, "tasks": measure_tasks, "sb3": measure_sb3}


@writes(lambda config: Places([config.peers.place] if config.subject == "peers" else []))
def run(config: Config) -> None:
    """Measure the subject and show the figures."""
    if config.subject == "training":
        show(measure_training(config.training))
    elif config.subject == "sharing":
        measure_sharing(config.sharing)
    elif config.subject == "peers":
        measure_peers(config.peers)
    elif config.subject == "page":
        show(measure_page())
    else:
        show(SUITE[config.subject](config.suite))


if __name__ == "__main__":
    main(run, Config)

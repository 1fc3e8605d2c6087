"""Work on a Ray cluster of two nodes, one of which is killed: all pieces once, and the same tables as without.

python -m venv with_ray && with_ray/bin/pip install -e ".[agents,ray]" beartype pytest
with_ray/bin/python -m pytest tests/ecosystems/test_ray.py
"""

from __future__ import annotations

import contextlib
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from agents.common.cli import main
from agents.common.cluster import Cluster, machines
from scripts import compare
from scripts.enduring.held import begun
from scripts.fuzzing.jobs import saved

MISSING = 'ray is not installed: pip install -e ".[agents,ray]" in an environment of its own'
ray = pytest.importorskip("ray", reason=MISSING)
Nodes = pytest.importorskip("ray.cluster_utils", reason=MISSING).Cluster

SMALL = """
    --preset sudoku6x6 --pretrain.task sudoku4x4 --learn clues6-8 --evaluation.level clues6-8 --evaluation.problems 140
    --evaluation.validation 140 --evaluation.max-steps 3 --evaluation.resamples 50 --dataset.problems 140
    --dataset.branches 2 --dataset.max-steps 3 --training.iterations 2 --training.groups 4 --training.passes 1
    --acceleration.compile off --acceleration.threads 1 --seeds 1 --learners grpo bce
""".split()
PIECES = [(4, 2), (1, 0), (9, 3)]
pytestmark = pytest.mark.filterwarnings("default")  # others' warnings are not ours to mend


ATTEMPTS = 9
PATIENCE = 600
"""Seconds for what a busy machine takes long for."""
SLOW = {
    "RAY_agent_register_timeout_ms": 1000 * PATIENCE,
    "RAY_health_check_timeout_ms": 60_000,  # of a node that does not answer; a killed one is known by its connection
    "RAY_worker_register_timeout_seconds": PATIENCE,
}
"""Ray's limits of its own."""


def node(made: Any) -> Any:
    """A new node of one processor, the first of a cluster or another.

    Ray gives it 30 seconds to come up, and its agents 15 of them each, which on a busy machine may be too few. Then
    there is another attempt, when the processes of the first one are gone, which would only make the machine busier.
    """
    settings = {"num_cpus": 1, "include_dashboard": False, "include_log_monitor": False, "no_monitor": True}
    for attempt in range(ATTEMPTS):
        before = {*begun(os.getpid())}
        try:
            return made.add_node(**settings)
        except Exception:
            for process in {*begun(os.getpid())} - before:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(process, signal.SIGKILL)
            if attempt == ATTEMPTS - 1:
                raise
    raise AssertionError("the last attempt raises")


@pytest.fixture(scope="module")
def head() -> Iterator[Any]:
    """A cluster of one node, which is the one that is asked."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in SLOW.items():
            patch.setenv(name, str(value))
        # Otherwise each of Ray's many processes translates all of Ray's sources anew, for seconds.
        patch.delenv("PYTHONDONTWRITEBYTECODE", raising=False)
        made = Nodes()
        node(made)
        try:
            yield made
        finally:
            made.shutdown()


@pytest.fixture
def nodes(head: Any) -> Iterator[Any]:
    """The cluster with a second node, which may be killed."""
    second = node(head)
    head.wait_for_nodes(PATIENCE)
    try:
        yield head
    finally:
        ray.shutdown()
        if second in head.worker_nodes:
            head.remove_node(second, allow_graceful=False)


def kill_when(nodes: Any, due: Callable[[], bool]) -> threading.Thread:
    """Kill the second node, with all its processes, once it is time."""

    def wait() -> None:
        while not due():
            time.sleep(0.02)
        nodes.remove_node(nodes.list_all_nodes()[-1], allow_graceful=False)

    thread = threading.Thread(target=wait, daemon=True)
    thread.start()
    return thread


def noted(place: Path, home: str, number: int) -> int:
    """A piece that notes in a file of its own where it was begun, and on another node than the first never ends."""
    node = ray.get_runtime_context().get_node_id()
    place.joinpath(f"{number}-{time.monotonic_ns()}").write_text(node)
    while node != home:
        time.sleep(1)
    return 10 * number


class Noting:
    """The same as an actor."""

    def __init__(self, place: Path, home: str) -> None:
        self.place, self.home = place, home

    def run(self, number: int) -> int:
        return noted(self.place, self.home, number)


@pytest.mark.parametrize("actors", [False, True])
def test_every_piece_comes_back_once_though_a_node_is_lost(actors: bool, nodes: Any, tmp_path: Path):
    pieces = 12
    with machines(nodes.address) as cluster:
        assert isinstance(cluster, Cluster) and cluster.processors == 2
        given = (tmp_path, ray.get_runtime_context().get_node_id())
        killer = kill_when(nodes, lambda: any(path.read_text() not in ("", given[1]) for path in tmp_path.iterdir()))
        if actors:
            found = cluster.by_actors(Noting, given, [(number,) for number in range(pieces)], "pieces")
        else:
            found = cluster.each(noted, [(*given, number) for number in range(pieces)], "pieces")
        killer.join()
    assert found == [10 * number for number in range(pieces)]
    begun = [path.name.split("-")[0] for path in tmp_path.iterdir()]
    assert len(begun) > pieces and len(set(begun)) == pieces  # what was lost was begun again


def shared(whole: int, parts: int) -> int:
    """A piece that may fail by an error of its own. Ray takes no function of Python's own."""
    return whole // parts


class Sharing:
    """The same as an actor."""

    def run(self, whole: int, parts: int) -> int:
        return shared(whole, parts)


def test_what_a_piece_raises_is_raised(nodes: Any):
    with machines(nodes.address) as cluster:
        assert cluster is not None
        for work in (
            lambda: cluster.each(shared, PIECES, "pieces"),
            lambda: cluster.by_actors(Sharing, (), PIECES, ""),
        ):
            with pytest.raises(ZeroDivisionError):
                work()


def tables(place: Path) -> dict[str, Any]:
    """What a comparison has found, by file."""
    files = [path for path in sorted((place / "results").rglob("*")) if path.suffix in (".md", ".json")]
    assert len(files) > 2
    return {path.name: path.read_text() for path in files}


def test_a_comparison_comes_to_the_same_tables(nodes: Any, tmp_path: Path):
    saved(tmp_path / "one")
    words = [*SMALL, "--checkpoints", str(tmp_path / "one"), str(tmp_path / "one"), "--folder"]
    main(compare.run, compare.Config, compare.PRESETS, [*words, str(tmp_path / "alone")])
    place = tmp_path / "shared"
    killer = kill_when(nodes, lambda: any(place.glob("*/rollouts/*.safetensors")))
    main(compare.run, compare.Config, compare.PRESETS, [*words, str(place), "--ray", nodes.address])
    killer.join()
    assert tables(place) == tables(tmp_path / "alone")
    banks = [{path.name: path.read_bytes() for path in one.glob("*/rollouts/*")} for one in (place, tmp_path / "alone")]
    assert len(banks[0]) == 3 and banks[0].keys() == banks[1].keys()
    assert banks[0] == banks[1]  # no group lost, none counted twice


@pytest.mark.parametrize("address", ["127.0.0.1:1", "nowhere"])
def test_no_cluster_is_one_sentence(address: str):
    with pytest.raises(ValueError, match="no Ray cluster answers"), machines(address):
        pass

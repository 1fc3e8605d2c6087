"""compare.py --ray by a stand-in for Ray that runs pieces here, in odd order; tests/ecosystems/test_ray.py has Ray."""

from __future__ import annotations

import dataclasses
import functools
import itertools
import socket
import sys
import types
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch

from agents.checkpoint import load_checkpoint, rollout_store
from agents.common.acceleration import AccelerationConfig
from agents.common.cli import main
from agents.common.cluster import RETRIES, machines
from agents.evaluation.spread import GroupRunner
from agents.rollouts import dataset
from agents.rollouts.dataset import DatasetConfig
from agents.rollouts.groups import Branching
from scripts import compare
from tests.scripts.checkpoints import untrained

SMALL = """
    --preset sudoku6x6 --pretrain.task sudoku4x4 --learn clues6-8 --evaluation.level clues6-8 clues10-12
    --evaluation.problems 20 --evaluation.validation 20 --evaluation.max-steps 3 --evaluation.resamples 50
    --dataset.problems 70 --dataset.branches 2 --dataset.noise 0.3 --dataset.max-steps 3 --training.iterations 1
    --training.groups 4 --training.passes 1 --acceleration.threads 1 --seeds 1 --learners grpo bce
""".split()


class Lost(Exception):
    """What is said of an actor whose machine is gone."""


def stand_in(made: list[str]) -> Any:
    """A module like Ray's, as far as it is used; what runs is noted in ``made``. The piece asked last comes first."""

    def remote(**_: object) -> Callable[[Any], Any]:
        def asked(work: Callable[..., Any], *args: Any) -> Any:
            made.append(getattr(work, "__name__", "run"))
            return functools.partial(work, *args)

        def decorate(work: Any) -> Any:
            def begun(*given: Any) -> Any:
                actor = work(*given)
                return types.SimpleNamespace(run=types.SimpleNamespace(remote=functools.partial(asked, actor.run)))

            whole = begun if isinstance(work, type) else functools.partial(asked, work)
            return types.SimpleNamespace(remote=whole)

        return decorate

    module: Any = types.ModuleType("ray")
    module.remote, module.get, module.kill = remote, lambda asked: asked(), lambda actor: made.append("killed")
    module.wait = lambda left, num_returns: (left[-num_returns:], left[:-num_returns])
    module.exceptions = types.SimpleNamespace(RayError=Lost, RayTaskError=ZeroDivisionError)
    module.cluster_resources = lambda: {"CPU": 2.0}
    module.is_initialized, module.init, module.shutdown = lambda: False, lambda **_: None, lambda: made.append("left")
    return module


@pytest.fixture
def ray(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    made: list[str] = []
    monkeypatch.setitem(sys.modules, "ray", stand_in(made))
    yield made


def test_pieces_come_back_in_their_order_and_the_cluster_is_left(ray: list[str]):
    with machines("auto") as cluster:
        assert cluster is not None
        assert cluster.each(divmod, [(7, 2), (9, 4), (5, 5)], "pieces") == [(3, 1), (2, 1), (1, 0)]
    assert ray == ["divmod"] * 3 + ["left"]
    with machines(None) as cluster:
        assert cluster is None


class Half:
    """An actor that halves numbers, and cannot halve the lucky one."""

    def run(self, number: int) -> float:
        return number / 2 if number != 13 else 1 / 0


@pytest.mark.parametrize(
    ("lost", "made"),
    [
        ((), ["run"] * 5 + ["killed"] * 2),
        ((1,), ["run"] * 3 + ["killed"] + ["run"] * 3 + ["killed"]),
        ((0, 1), ["run"] * 2 + ["killed"] * 2 + ["run"] * 5 + ["killed"]),
        (range(8), ["run"] * 2 + ["killed"] * 2 + ["run", "killed"] * 6 + ["run"] * 5 + ["killed"]),
    ],
)
def test_the_piece_of_a_lost_actor_is_the_next_of_another(lost: Iterable[int], made: list[str], ray: list[str]):
    """With ``lost`` the calls that come back without a result; a new actor is made where none is left."""
    calls = itertools.count()

    def get(asked: Callable[[], Any]) -> Any:
        if next(calls) in lost:
            raise Lost
        return asked()

    sys.modules["ray"].__dict__["get"] = get
    with machines("auto") as cluster:
        assert cluster is not None
        assert cluster.by_actors(Half, (), [(number,) for number in range(5)], "pieces") == [0, 0.5, 1, 1.5, 2]
    assert ray == [*made, "left"]


def test_an_actor_that_waits_for_a_processor_gets_one(ray: list[str]):
    """Of a machine that was lost just before, the cluster may still say that it has processors."""
    late: list[object] = []

    def wait(left: list[functools.partial[Any]], num_returns: int) -> tuple[list[Any], list[Any]]:
        late[:] = late or [left[1].func.__self__]  # begins when another is gone
        ready = [one for one in left if one.func.__self__ is not late[0] or "killed" in ray]
        return ready[:num_returns], []

    sys.modules["ray"].__dict__["wait"] = wait
    with machines("auto") as cluster:
        assert cluster is not None
        assert cluster.by_actors(Half, (), [(number,) for number in range(4)], "pieces") == [0, 0.5, 1, 1.5]
    assert ray == ["run"] * 4 + ["killed"] * 2 + ["left"]


def test_a_piece_that_always_loses_its_actor_or_fails_ends_the_work(ray: list[str]):
    with machines("auto") as cluster, pytest.raises(ZeroDivisionError):
        assert cluster is not None
        cluster.by_actors(Half, (), [(13,)], "pieces")
    assert ray == ["run", "killed", "left"]

    def get(asked: Callable[[], Any]) -> Any:
        raise Lost

    sys.modules["ray"].__dict__["get"] = get
    with machines("auto") as cluster, pytest.raises(Lost):
        assert cluster is not None
        cluster.by_actors(Half, (), [(1,)], "pieces")
    assert ray[3:] == ["run", "killed"] * (RETRIES + 1) + ["left"]


def test_without_ray_it_is_one_sentence(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(ValueError, match=r"pip install 'trm-gym\[ray\]'"), machines("auto"):
        pass


def test_where_nobody_listens_it_is_one_sentence_at_once(ray: list[str]):
    with socket.create_server(("127.0.0.1", 0)) as listening:
        address = f"127.0.0.1:{listening.getsockname()[1]}"
        for prefix in ("", "ray://"):
            with machines(prefix + address) as cluster:
                assert cluster is not None
    assert ray == ["left"] * 2
    with pytest.raises(ValueError, match=f"no Ray cluster answers at {address}"), machines(address):
        pass
    with pytest.raises(ValueError, match="no Ray cluster answers"), machines("127.0.0.1:99999"):
        pass
    assert ray == ["left"] * 2, "Ray was not asked"


@pytest.mark.parametrize("branching", ["carry_noise", "restarts", "random_starts", "sampled_tokens"])
@pytest.mark.parametrize("fresh", [True, False])
def test_groups_run_apart_are_those_run_together(branching: Branching, fresh: bool, tmp_path: Path):
    place, plain = untrained(tmp_path, "sudoku4x4"), AccelerationConfig("off", "off", 1)
    config = DatasetConfig(problems=140, branches=2, branching=branching, max_steps=2, seed=3, fresh=fresh)
    together = rollout_store(load_checkpoint(place), None, plain).load_or_collect([0, 1], config)

    def spread(groups, numerics):
        assert [len(one.problems) for one in groups] == [64, 64, 12]
        return [GroupRunner(place, None, 32, numerics).run(one) for one in groups[::-1]][::-1]

    apart = rollout_store(load_checkpoint(place), None, plain, spread=spread).load_or_collect([0, 1], config)
    for field in dataclasses.fields(dataset.Unroll):
        assert torch.equal(getattr(together.unroll, field.name), getattr(apart.unroll, field.name)), field.name


def test_a_cluster_comes_to_the_same_results(ray: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    network = untrained(tmp_path, "sudoku4x4", heads=())
    words = [*SMALL, "--checkpoints", str(network), "--folder"]
    main(compare.run, compare.Config, compare.PRESETS, [*words, str(tmp_path / "alone")])
    main(compare.run, compare.Config, compare.PRESETS, [*words, str(tmp_path / "shared"), "--ray", "auto"])
    # One network; 64 and 6 problems to learn on, then of two levels those to validate and to test on; three cells.
    assert ray == ["part", "run", "run", "killed", "killed", *["run", "killed"] * 4, *["part"] * 3, "left"]
    files = sorted(path.relative_to(tmp_path / "alone") for path in (tmp_path / "alone").rglob("*") if path.is_file())
    compared = [path for path in files if path.suffix in (".md", ".npz", ".safetensors") or path.name == "report.json"]
    assert len(compared) > 12
    for path in compared:
        assert (tmp_path / "alone" / path).read_bytes() == (tmp_path / "shared" / path).read_bytes(), path

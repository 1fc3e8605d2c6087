"""benchmark.py sharing: the model in numbers worked out by hand, and a small measurement by one and two processes."""

from __future__ import annotations

import pytest

from agents.common.cli import main
from agents.common.processes import Processes
from scripts import benchmark
from scripts.benchmarking.sharing import Cost, Sharing, compared, foretold, modelled, told

ALONE = Cost(share=0.8, message=0.0, whole=1.0)
SEVERAL = Cost(share=0.4, message=0.1, whole=0.7, count=2, size=4e6)


def test_the_model_is_share_rest_and_ring():
    config = Sharing(bandwidth=0.002, latency=500_000)
    assert modelled(config, ALONE, SEVERAL, 1) == pytest.approx(1.0)
    # 0.8 / 4 + 0.2; 6 / 4 of 2 s for the bytes; 6 turns of half a second, twice.
    assert modelled(config, ALONE, SEVERAL, 4) == pytest.approx(0.4 + 3.0 + 6.0)


def test_tables():
    assert "| 2 | 400.0 | 200.0 | 100.0 | 2 | 4.00 | 600.0 | 600.0 | +0% |" in compared({1: ALONE, 2: SEVERAL})
    table = foretold(Sharing(batch=64), ALONE, SEVERAL, 3600)
    assert "| 1 | 1000.0 | 64 | 1.0 | 1 | 0.01 |" in table and len(table.splitlines()) == 9


def test_what_is_sent_is_counted_and_nothing_stays_changed():
    plain, cost = Processes.gather, Cost()
    with told(cost):
        assert Processes.gather is not plain
        Processes().gather([])
    assert Processes.gather is plain and cost.count == 0


def test_a_small_measurement(capsys: pytest.CaptureFixture[str]):
    words = "sharing --sharing.preset sudoku4x4 --sharing.batch 4 --sharing.counts 1 2 --sharing.updates 1"
    main(benchmark.run, benchmark.Config, args=words.split())
    rows = [line.split(" | ") for line in capsys.readouterr().out.splitlines() if line.startswith("| ")]
    assert [row[0] for row in rows[2:4]] == ["| 1", "| 2"] and len(rows) == 4 + 2 + 7
    assert rows[2][4:6] == ["0", "0.00"] and rows[3][4] == "2"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("--sharing.counts 2", "must hold 1"),
        ("--sharing.preset x", "unknown preset"),
        ("--sharing.bandwidth 0", "must be above 0"),
    ],
)
def test_bad_input(words: str, said: str, capsys: pytest.CaptureFixture[str]):
    with pytest.raises(SystemExit) as stopped:
        main(benchmark.run, benchmark.Config, args=["sharing", *words.split()])
    assert stopped.value.code == 2 and said in " ".join(capsys.readouterr().err.split())

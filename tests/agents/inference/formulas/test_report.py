"""What is said of a formula found: R2, exactness, and a picture."""

from __future__ import annotations

import contextlib
from pathlib import Path

import numpy as np
import pytest
from matplotlib.figure import Figure

from agents.common.cli import main
from agents.inference.formulas import report
from agents.inference.formulas.report import draw, quality
from scripts import solve
from trm_gym.regression.parsing import parse

PLACES = np.linspace(0.0, 3.0, 20)


def test_exact_is_what_has_six_digits_of_the_target_and_explains_it():
    points = np.column_stack([PLACES, np.sin(PLACES)])
    assert quality(parse("sin(x)"), points) == (1.0, True)
    assert not quality(parse("1.00001 * sin(x)"), points)[1]
    assert quality(parse("log(x - 9)"), points) == (-np.inf, False)
    far = np.column_stack([PLACES, 1e9 + np.sin(PLACES)])
    assert quality(parse("1e9 + sin(x)"), far)[1]
    explained, exact = quality(parse("1e9"), far)
    assert explained < 0.5 and not exact, "six digits of a target far from 0 are those of its mean"


def test_a_target_of_zero_is_met_by_what_is_small_beside_the_others():
    x = np.round(np.arange(0, 4, 0.1), 1)
    square, product = 1000 * (x * x - 0.49), 37.5 * (x - 0.7) * (x - 3.1)
    for text, target in (("1000*x^2 - 490", square), ("37.5*(x-0.7)*(x-3.1)", product)):
        points = np.column_stack([x, np.round(target, 6)])
        assert quality(parse(text), points) == (pytest.approx(1.0), True)
        points[3, 1] += 1e-4 * np.abs(target).max()
        assert not quality(parse(text), points)[1]


def test_targets_that_are_all_the_same_have_no_r2():
    for value in (0.1, 0.0):
        explained, exact = quality(parse("0.1"), np.column_stack([PLACES, np.full(20, value)]))
        assert np.isnan(explained) and exact == (value == 0.1)


def test_a_picture_is_a_png_whatever_its_name(tmp_path: Path):
    draw(tmp_path / "found.picture", parse("x^2"), np.column_stack([PLACES, PLACES**2]))
    assert (tmp_path / "found.picture").read_bytes().startswith(b"\x89PNG")


def test_a_picture_goes_along_the_one_variable_that_is_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    labels = []

    @contextlib.contextmanager
    def kept(*_):
        figure = Figure()
        yield figure
        labels.append([axes.get_ylabel() for axes in figure.axes] + [figure.axes[-1].get_xlabel()])

    monkeypatch.setattr(report, "figure_file", kept)
    points = np.column_stack([PLACES, PLACES[::-1], PLACES[::-1] ** 2])
    for text in ("y^2", "y^2 + 0 * x", "4"):
        draw(tmp_path / "found.png", parse(text), points, ("height", "time", "speed $2"))
    draw(tmp_path / "found.png", parse("y^2"), points)
    assert labels == [
        ["speed \\$2", "residual", "time"],
        ["speed \\$2", "residual", "speed \\$2"],
        ["speed \\$2", "residual", "height"],
        ["target", "residual", "y"],
    ]


def test_a_picture_never_replaces_the_data(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    data = tmp_path / "data.csv"
    data.write_text("\n".join(f"{x},{x * x}" for x in range(20)))
    before = data.read_bytes()
    with pytest.raises(SystemExit) as stopped:
        main(solve.run, solve.Config, args=["regression", str(data), "--picture", str(data), "--seconds", "1"])
    assert stopped.value.code == 2 and data.read_bytes() == before
    assert "would be overwritten" in " ".join(capsys.readouterr().err.split())


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (("regression", "{data}", "--rule", "always", "--max-steps", "4"), "does not go by --rule, --max-steps"),
        (("regression", "{data}", "--price", "0.3"), "regression does not go by --price"),
        (("algebra", "x + 1 = 2", "--seconds", "3"), "algebra does not go by --seconds"),
    ],
)
def test_options_that_would_not_count_are_refused(words, named, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    data = tmp_path / "data.csv"
    data.write_text("\n".join(f"{x},{x * x}" for x in range(20)))
    with pytest.raises(SystemExit) as stopped:
        main(solve.run, solve.Config, args=[word.format(data=data) for word in words])
    assert stopped.value.code == 2 and named in " ".join(capsys.readouterr().err.split())

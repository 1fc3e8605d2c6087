"""The shared command line: which source wins, what comes back from a saved file, what a person's mistakes look like."""

from __future__ import annotations

import gc
import re
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Literal

import pytest
import tyro

from agents.common.cli import ConfigError, load_config, main, parse, save_config


@dataclass(frozen=True)
class Network:
    width: int = 8
    """Width of the latents."""
    mixer: Literal["mlp", "units"] = "mlp"
    """How cells see each other."""


@dataclass(frozen=True)
class Run:
    """A run of the script."""

    seed: int = 0
    """Seed of everything."""
    rate: float = 1e-3
    """Learning rate."""
    compiled: bool | None = None
    """Compile the block; None decides by itself."""
    resume: bool = False
    """Go on where the last run stopped."""
    title: str = ""
    """What to call it."""
    levels: tuple[str, ...] = ("clues8",)
    """Levels to draw from."""
    betas: tuple[float, float] = (0.9, 0.95)
    """Decay rates."""
    out: Path = Path("runs")
    """Where results go."""
    network: Network = Network()
    """The network."""

    def __post_init__(self) -> None:
        if self.seed < 0:
            raise ValueError(f"seed is {self.seed}: use 0 or more")


PRESETS = {"small": Run(), "big": Run(rate=3e-4, network=Network(width=64, mixer="units"))}


def write(folder: Path, text: str) -> str:
    path = folder / "config.yaml"
    path.write_text(text)
    return str(path)


def test_first_preset_is_the_default():
    assert parse(Run, PRESETS, []) == PRESETS["small"]


def test_preset_by_name():
    assert parse(Run, PRESETS, ["--preset", "big"]) == PRESETS["big"]


def test_fields_override_file_overrides_preset(tmp_path):
    file = write(tmp_path, "rate: 1e-2\nseed: 5\nnetwork:\n  width: 32\n")
    got = parse(Run, PRESETS, ["--preset", "big", "--config", file, "--seed", "7", "--levels", "a", "b"])
    assert got == Run(seed=7, rate=1e-2, levels=("a", "b"), network=Network(width=32, mixer="units"))


def test_without_presets_only_fields():
    assert parse(Run, args=["--network.width", "16"]) == Run(network=Network(width=16))
    with pytest.raises(SystemExit) as end:
        parse(Run, args=["--preset", "small"])
    assert end.value.code == 2


@pytest.mark.parametrize(
    "config",
    [
        *PRESETS.values(),
        Run(rate=1e-7, compiled=True, resume=True, out=Path("a b/c"), title="größer: 6x6 #1", levels=()),
        Run(compiled=False, levels=("minimal", "clues30"), betas=(0.1 + 0.2, 1e300)),
    ],
)
def test_saved_config_comes_back_equal(tmp_path, config):
    file = save_config(config, tmp_path / "new" / "config.yaml")
    assert load_config(file, PRESETS["big"]) == config
    assert parse(Run, PRESETS, ["--preset", "big", "--config", str(file)]) == config


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("sead: 1", r"config\.yaml: unknown key 'sead' \(did you mean seed\?\); known keys: seed, rate"),
        ("network: {depth: 1}", r"network\.unknown key 'depth'"),
        ("network: 3", r"network\.expected fields of Network, got 3"),
        ("seed: many", r"seed: expected int, got 'many' \(str\)"),
        ("seed: 1.5", r"seed: expected int, got 1\.5 \(float\)"),
        ("seed: null", r"seed: expected int, got None"),
        ("rate: [1, 2]", r"rate: expected float, got \[1, 2\]"),
        ("network: {mixer: conv}", r"network\.mixer: expected .*'mlp', 'units'.*, got 'conv'"),
        ("betas: [0.9]", r"betas: expected tuple\[float, float\]"),
        ("- 1", r"expected fields of Run, got \[1\]"),
        ("a: b: c", r"config\.yaml is not valid YAML"),
        ("{" * 5000, "nested too deeply"),
        ("seed: !!python/object/apply:os.getcwd []", r"not valid YAML"),
        ("seed: -1", r"seed is -1: use 0 or more"),
    ],
)
def test_bad_file_says_where_and_what(tmp_path, text, message):
    with pytest.raises(ValueError, match=message):
        load_config(write(tmp_path, text), Run())


def test_missing_and_binary_files(tmp_path):
    with pytest.raises(ConfigError, match=r"cannot read the configuration .*absent\.yaml"):
        load_config(tmp_path / "absent.yaml", Run())
    (tmp_path / "binary.yaml").write_bytes(b"\xff\xfe\x00\x81")
    with pytest.raises(ConfigError, match="binary"):
        load_config(tmp_path / "binary.yaml", Run())


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["--preset", "huge"], "small.*big"),
        (["--sed", "1"], "--seed"),
        (["--seed", "x"], "--seed"),
        (["--config", "absent.yaml"], r"^error: cannot read the configuration absent\.yaml.*\n$"),
        (["--seed", "-1"], "seed is -1: use 0 or more"),
        (["--width=3"], r"^error: there is no option --width: do you mean --network\.width\?\n$"),
    ],
)
def test_mistakes_on_the_command_line_end_with_code_2(capsys, args, message):
    with pytest.raises(SystemExit) as end:
        main(lambda config: None, Run, PRESETS, args)
    assert end.value.code == 2
    error = capsys.readouterr().err
    assert re.search(message, error, re.DOTALL)
    assert "Traceback" not in error


def fail(error: BaseException):
    def run(config: Run) -> None:
        raise error

    return run


@pytest.mark.parametrize(
    ("error", "line", "code"),
    [
        (ValueError("row 1\nhas two 5s"), "error: row 1 has two 5s\n", 2),
        (FileNotFoundError(2, "No such file or directory", "x.txt"), "error: No such file or directory: x.txt\n", 2),
        (KeyboardInterrupt(), "interrupted\n", 130),
    ],
)
def test_what_goes_wrong_in_a_run_is_one_line(capsys, error, line, code):
    with pytest.raises(SystemExit) as end:
        main(fail(error), Run, PRESETS, [])
    assert (end.value.code, capsys.readouterr().err) == (code, line)


def test_faults_of_the_program_keep_their_traceback():
    with pytest.raises(TypeError):
        main(fail(TypeError("bug")), Run, PRESETS, [])


def test_help_shows_presets_and_every_field(capsys):
    with pytest.raises(SystemExit) as end:
        parse(Run, PRESETS, ["--preset", "big", "--help"])
    assert end.value.code == 0
    text = capsys.readouterr().out
    assert all(word in text for word in ("A run of the script", "--preset {small,big}", "--config", "--network.width"))
    assert "Width of the latents. (default: 64)" in text


def test_words_of_the_process_are_the_default(monkeypatch):
    seen = []
    monkeypatch.setattr(sys, "argv", ["script", "--seed", "3"])
    main(seen.append, Run, PRESETS)
    assert seen == [replace(PRESETS["small"], seed=3)]


@dataclass(frozen=True)
class Large(Run):
    """A run with more options than --help shows."""

    depth: int = 1
    """Depth of the network."""
    width: int = 2
    """Width of the network."""
    other: Network = Network()
    """Another
    network."""
    pace: float = 0.5
    """Its pace, of which the first line says a
    little, (the second) the rest."""


LARGE = {"small": Large(), "big": Large(seed=7, network=Network(mixer="units"))}


def helped(capsys, *args: str, first: str = "") -> tuple[list[str], str]:
    """The options that a text of help names, and the text."""
    with pytest.raises(SystemExit) as ended:
        parse(Large, LARGE, args, first)
    assert ended.value.code == 0
    text = capsys.readouterr().out
    return re.findall(r"^\W*(--[a-z][a-z.-]*)", text, re.MULTILINE), text


def test_short_help_shows_the_options_named_first_and_the_presets_values(capsys):
    shown, text = helped(capsys, "--preset", "big", "--help", first="seed network.mixer")
    assert shown == ["--preset", "--config", "--seed", "--network.mixer", "--help-all"]
    assert "Seed of everything. (default: 7)" in " ".join(text.split())
    assert "(default: units)" in text
    assert "A run with more options than --help shows." in text and "Suppress" not in text
    assert "--help-all shows all 17 options." in text


def test_short_help_shows_the_first_ten_where_none_are_named(capsys):
    shown, _ = helped(capsys, "-h")
    own = [
        "--seed",
        "--rate",
        "--compiled",
        "--resume",
        "--title",
        "--levels",
        "--betas",
        "--out",
        "--depth",
        "--width",
    ]
    assert shown == ["--preset", "--config", *own, "--help-all"]


def test_full_help_shows_everything(capsys):
    shown, _ = helped(capsys, "--help-all", first="seed")
    assert {"--width", "--network.width", "--other.mixer"} <= set(shown) and "--help-all" not in shown


@pytest.mark.parametrize(("word", "first"), [("--help", "seed pace"), ("--help-all", "")])
def test_the_lines_of_a_docstring_are_one_paragraph(capsys, monkeypatch, word, first):
    monkeypatch.setenv("COLUMNS", "200")
    _, text = helped(capsys, word, first=first)
    assert "says a little, (the second) the rest. (default: 0.5)" in text


def test_help_that_names_a_lost_option_is_an_error():
    with pytest.raises(ValueError, match="--help is to show paces, but Large has no such option"):
        parse(Large, LARGE, ["--help"], "seed paces")
    with pytest.raises(ValueError, match="--help is to show pace, but Network has no such option"):
        parse(Large, LARGE, ["--help"], "network.pace")


@dataclass(frozen=True)
class Asked:
    """Takes a problem."""

    problem: Annotated[str | None, tyro.conf.Positional] = None
    """The problem."""
    title: str = ""
    """Its title."""
    steps: int = 0
    """A number."""


@pytest.mark.parametrize(
    "word",
    ["-x=3", "--x=3", "-3+5", "-(2+3)", "--34-1-2--", "-x + 4 = 3", "----", "-5..3...", "-", "-----/|S G|/-----"],
)
def test_a_value_may_begin_with_a_dash(word):
    for words in (["--steps", "-3", word], [word, "--steps=-3"]):
        assert parse(Asked, args=words) == Asked(word, steps=-3)
    assert parse(Asked, args=["--title", word]) == Asked(title=word)


@pytest.mark.parametrize("word", ["--titel", "--titel=3", "--no.such"])
def test_a_misspelt_option_is_no_value(word, capsys):
    with pytest.raises(SystemExit) as stopped:
        parse(Asked, args=[word, "3"])
    assert stopped.value.code == 2 and word.split("=")[0] in capsys.readouterr().err


def test_reading_words_again_and_again_leaves_nothing():
    counts = []
    while len(counts) < 8:
        assert parse(Run, PRESETS, ["--preset", "big"]) and gc.collect() >= 0
        counts.append(len(gc.get_objects()))
    assert counts[-1] - counts[2] < 5, counts

"""One command line for every script: a frozen dataclass is its config, presets and YAML files are starting points.

A later source overrides an earlier one: preset (``--preset NAME``), file (``--config FILE``), single fields
(``--model.width 64``). This module knows nothing of what a config means; a script's dataclass says that.
"""

from __future__ import annotations

import contextlib
import dataclasses
import difflib
import errno
import functools
import inspect
import io
import itertools
import os
import re
import sys
from collections.abc import Callable, Collection, Mapping, Sequence
from enum import Enum
from pathlib import Path
from typing import Annotated, Any, NoReturn, TypeVar, cast, get_type_hints

import tyro
import yaml

from agents.common.cost import counted
from agents.common.renamed import OPTIONS, field_names, renamed_tree, renamed_words
from agents.common.short_help import count_options, flowing, shortened, with_values
from agents.common.signals import Ended, TimeLimit, interruptible, limited
from agents.common.standard_streams import BROKEN_PIPE, is_broken_pipe, leave_silently, settle_streams
from trm_gym.atomic_io import atomic_write
from trm_gym.extras import MissingExtra
from trm_gym.files import check_regular
from trm_gym.short_repr import short

Config = TypeVar("Config")

_HELP = {"-h", "--help"}
_OPTION = re.compile(r"-h|--|--[A-Za-z][\w.-]+(=.*)?|-[0-9.]+(e[-+]?[0-9]+)?|-inf|-nan", re.DOTALL | re.IGNORECASE)
_OUT_OF_MEMORY = re.compile(
    "OutOfMemoryError|(?:can't|not|cannot) allocate memory|bad_alloc"
    "|Storage size calculation overflowed|integer multiplication overflow"  # of sizes that no address reaches
)
DEEPEST = 100
"""Brackets in brackets that a configuration may have; ours have two."""


class ConfigError(ValueError):
    """A configuration that does not fit its dataclass; the message says where, and what was expected."""


def parse(
    cls: type[Config],
    presets: Mapping[str, Config] | None = None,
    args: Sequence[str] | None = None,
    first: str = "",
) -> Config:
    """The config that the command line asks for.

    cls: a frozen dataclass; nested ones become ``--outer.inner``, the docstring under a field is its help.
    presets: named starting points, the first of them the default; without any there is no --preset and no --config.
    args: the words of the command line; None for those of this process.
    first: the fields that --help shows where there are many, such as ``seed model.width``; --help-all shows all.
    Raises ConfigError for a bad file and an option without its section; misspelt options and values end the process
    with code 2 and say why.
    """
    known = field_names(cls)
    args = renamed_words(_values_marked(sys.argv[1:] if args is None else args), known)
    _check_sections(args, known | _without_section(cls))
    if _HELP & set(args):
        short = shortened(cls, first.split())
        _print_help(short, presets, args, 0 if short is cls else count_options(cls) + 2 * bool(presets))
    if "--help-all" in args:
        _print_help(cls, presets, ["--help" if word == "--help-all" else word for word in args], 0)
    return _unmarked(_parse(cls, presets, args))


def _check_sections(words: Sequence[str], known: Collection[str]) -> None:
    """Raises ConfigError for an option that is one of a section only, with the section's name left out."""
    for word in words:
        name = word.partition("=")[0].removeprefix("--").replace("-", "_")
        if word.startswith("--") and name not in {*known, "preset", "config"}:
            meant = sorted(f"--{full.replace('_', '-')}" for full in known if full.endswith(f".{name}"))
            if meant:
                raise ConfigError(f"there is no option --{name.replace('_', '-')}: do you mean {' or '.join(meant)}?")


def _without_section(cls: type) -> set[str]:
    """Options of sections that have no name on the command line: ``Annotated[Section, tyro.conf.arg(name="")]``."""
    names: set[str] = set()
    for hint in get_type_hints(cls, include_extras=True).values():
        if any(getattr(one, "name", None) == "" for one in getattr(hint, "__metadata__", ())):
            names |= field_names(hint.__origin__)
    return names


def _values_marked(words: Sequence[str]) -> list[str]:
    """The words of a command line, a space before those that begin with a dash and are a value: ``-x=3``, ``--3.1``.

    Options here have a name after two dashes; the parser would take any dash for one.
    """
    return [f" {word}" if word.startswith("-") and not _OPTION.fullmatch(word) else word for word in words]


def _unmarked(config: Config) -> Config:
    """The config without the spaces that ``_values_marked`` put before its texts."""
    texts = {field.name: getattr(config, field.name) for field in dataclasses.fields(cast("Any", config))}
    marked = {name: text[1:] for name, text in texts.items() if isinstance(text, str) and text.startswith(" -")}
    return dataclasses.replace(cast("Any", config), **marked) if marked else config


def _print_help(cls: type[Any], presets: Mapping[str, Any] | None, args: Sequence[str], options: int) -> NoReturn:
    """Print the options of ``cls``, and how to see all ``options`` where that is not 0; ends the process."""
    cls = flowing(cls)
    presets = {name: with_values(cls, config) for name, config in (presets or {}).items()}
    try:
        _parse(cls, presets, args)
    finally:
        if options:
            print(f"--help-all shows all {options} options.")
    raise AssertionError("--help ends the process")


def _parse(cls: type[Config], presets: Mapping[str, Config] | None, args: Sequence[str]) -> Config:
    """What ``parse`` does, with words that are all known today."""
    markers = (tyro.conf.AvoidSubcommands,)
    description = inspect.getdoc(cls)
    if not presets:
        return tyro.cli(cls, args=args, description=description, config=markers)
    origin, command = _forms(tuple(presets), cls)
    # Two passes, because the starting point decides the defaults that the second one shows and fills in.
    start, _ = tyro.cli(origin, args=args, return_unknown_args=True, add_help=False)
    base = presets[start.preset]
    if start.config is not None:
        base = load_config(start.config, base)
    return tyro.cli(command, default=command(start, base), args=args, description=description, config=markers).to


@functools.cache
def _forms(presets: tuple[str, ...], cls: type) -> tuple[Any, Any]:
    """The dataclass of the two options that say where to start, and of all. Made once: who reads types keeps them."""
    names = tyro.extras.literal_type_from_choices(list(presets))
    file = "A YAML file laid over the preset, such as the config.yaml of an earlier run."
    origin = dataclasses.make_dataclass(
        "Origin",
        [
            ("preset", Annotated[names, tyro.conf.arg(help="The settings to start from.")], presets[0]),
            ("config", Annotated[Path | None, tyro.conf.arg(help=file)], None),
        ],
    )
    sections = {"origin": origin, "to": cls}
    return origin, dataclasses.make_dataclass(
        "Command", [(name, Annotated[kind, tyro.conf.arg(name="")]) for name, kind in sections.items()]
    )


def load_config(path: str | os.PathLike[str], base: Config) -> Config:
    """``base`` with the fields that the YAML file at ``path`` names. Raises ConfigError, naming file and key."""
    try:
        check_regular(path)
        text = Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"cannot read the configuration {path}: {error}") from error
    # Counted first, since the reader's time grows with the square of the brackets that are open.
    if max(itertools.accumulate((sign in "[{") - (sign in "]}") for sign in text), default=0) > DEEPEST:
        raise ConfigError(f"{path} is no configuration: its brackets are nested too deeply")
    try:
        values = yaml.safe_load(text)
    except (yaml.YAMLError, RecursionError) as error:
        raise ConfigError(f"{path} is not valid YAML: {error}") from error
    if isinstance(values, Mapping):
        try:
            values = renamed_tree(values, OPTIONS, field_names(type(base)))
        except (ValueError, RecursionError) as error:
            raise ConfigError(f"{path}: {error}") from error
    return _overlay(base, {} if values is None else values, f"{path}: ")


def as_yaml(config: Any) -> str:
    """Every field of ``config`` as YAML; ``--config`` reads it back to the same config."""
    return yaml.safe_dump(_plain(config), sort_keys=False, allow_unicode=True)


def save_config(config: Any, path: str | os.PathLike[str]) -> Path:
    """Write ``as_yaml`` to a file, atomically."""
    return atomic_write(path, as_yaml(config))


def main(
    run: Callable[[Config], object],
    cls: type[Config],
    presets: Mapping[str, Config] | None = None,
    args: Sequence[str] | None = None,
    first: str = "",
) -> None:
    """Parse the command line and run the script, no longer than a ``TimeLimit`` allows it.

    What a person got wrong (ValueError, OSError, more than fits into memory) becomes one line on stderr and exit code
    2, an interruption exit code 130, another signal 128 + its number; where nobody reads the output any longer, it ends
    without a word.
    ``python -X dev`` lets the traceback through, for a person who suspects the program.
    """
    settle_streams()
    try:
        with interruptible():
            config = parse(cls, presets, args, first)
            with counted(config), limited(config.max_minutes if isinstance(config, TimeLimit) else 0.0):
                run(config)
            sys.stdout.flush()
    except Ended as ended:
        print(ended, file=sys.stderr)
        sys.exit(ended.code)
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        sys.exit(130)
    except (SystemExit, ValueError, OSError, MissingExtra) as error:
        if is_broken_pipe(error):
            leave_silently()
            sys.exit(BROKEN_PIPE)
        if isinstance(error, SystemExit) or sys.flags.dev_mode:
            raise
        print(f"error: {_one_line(error)}", file=sys.stderr)
        sys.exit(2)
    except (MemoryError, RuntimeError) as error:
        if sys.flags.dev_mode or not _is_out_of_memory(error):
            raise
        said = " ".join(str(error).split())[:200]
        print(f"error: out of memory ({said}): use smaller numbers (batch, slots, problems, width)", file=sys.stderr)
        sys.exit(2)


def _is_out_of_memory(error: MemoryError | RuntimeError) -> bool:
    """Whether memory does not suffice: NumPy has a class for it, PyTorch one for graphics cards and sentences else."""
    return isinstance(error, MemoryError) or _OUT_OF_MEMORY.search(f"{type(error).__name__} {error}") is not None


def _one_line(error: ValueError | OSError | MissingExtra) -> str:
    """What an error says, on one line and without error numbers."""
    if isinstance(error, OSError) and (error.filename is not None or error.strerror):
        place = error.filename if error.filename is not None else "standard output, or a file that is being written"
        room = ". Make room, then give the same command again" if error.errno in (errno.ENOSPC, errno.EDQUOT) else ""
        return f"{error.strerror}: {place}{room}"
    return " ".join(str(error).split()) or type(error).__name__


def _overlay(base: Any, values: Any, where: str) -> Any:
    """The dataclass instance ``base`` with the fields in ``values``; ``where`` prefixes what errors name."""
    if not isinstance(values, Mapping):
        raise ConfigError(f"{where}expected fields of {type(base).__name__}, got {short(values)}")
    hints = get_type_hints(type(base), include_extras=True)
    changes = {}
    for name, value in values.items():
        if name not in hints:
            close = difflib.get_close_matches(str(name), hints, n=1)
            meant = f" (did you mean {close[0]}?)" if close else ""
            raise ConfigError(f"{where}unknown key {short(name)}{meant}; known keys: {', '.join(hints)}")
        current = getattr(base, name)
        if dataclasses.is_dataclass(current):
            changes[name] = _overlay(current, value, f"{where}{name}.")
        else:
            changes[name] = _convert(hints[name], value, f"{where}{name}")
    return dataclasses.replace(base, **changes)


def _convert(hint: Any, value: Any, where: str) -> Any:
    """``value`` from YAML as ``hint``, by the command line's own rules: 1e-3, which YAML takes for text, is a float."""
    try:
        with contextlib.redirect_stderr(io.StringIO()):  # its box tells of words that nobody has typed
            return tyro.cli(hint, args=_words(value), add_help=False, console_outputs=False)
    except SystemExit:
        expected = inspect.formatannotation(hint)
        raise ConfigError(f"{where}: expected {expected}, got {short(value)} ({type(value).__name__})") from None


def _words(value: Any) -> list[str]:
    """A YAML value as the words that a person would type for it."""
    if isinstance(value, Mapping):
        value = [part for pair in value.items() for part in pair]
    if isinstance(value, list):
        return [word for part in value for word in _words(part)]
    return [str(value)]


def _plain(value: Any) -> Any:
    """A config as the mappings, lists and scalars that YAML knows."""
    if dataclasses.is_dataclass(value):
        return {field.name: _plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {_plain(key): _plain(part) for key, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(part) for part in value]
    if isinstance(value, Enum):
        return value.name
    if isinstance(value, float):
        return float(value)  # NumPy's are floats too, but none that YAML knows
    return str(value) if isinstance(value, (str, os.PathLike)) else value

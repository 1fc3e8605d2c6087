"""Names of the version before, and what they are called now: they keep working for one version, with a warning.

Names are dotted: those of options, of keys of YAML files and of config.json, of tensors. An entry holds wherever its
parts stand one after another: ``grpo.times`` renames ``--teach.grpo.times`` too. It is applied to unknown names alone.
"""

from __future__ import annotations

import dataclasses
import functools
import warnings
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, NamedTuple, get_type_hints

from trm_gym.short_repr import short

_GRPO = {
    "hidden": "hidden",
    "lr": "lr",
    "decay": "decay",
    "passes": "passes",
    "epochs": "epochs",
    "minibatches": "minibatches",
    "gradient_norm": "gradient_norm",
    "bar_lr": "policy.threshold_lr",
    "judge_first": "policy.policy_delay",
    "prices": "policy.price_range",
    "own_price": "policy.env_price_fraction",
    "times": "sampling.halting_steps",
    "explore": "sampling.explore",
    "entropy": "sampling.entropy",
    "advantage": "grpo.advantage",
    "loss": "grpo.loss",
    "clip": "grpo.clip",
    "pricing": "grpo.pricing",
}
OPTIONS: dict[str, str] = {
    "bank": "dataset",
    "out": "folder",
    "iterations": "training.iterations",
    "groups": "training.groups",
    "teach": "training",
    "disguises": "augmentations",
    "head": "rule",
    "guises": "augment",
    "model.orthogonal": "model.extras.orthogonal",
    "consistency": "extras.consistency",
    "depths": "extras.depths",
    "starts": "extras.starts",
    **{f"{section}grpo.{old}": f"training.{new}" for old, new in _GRPO.items() for section in ("", "teach.")},
}
"""Options of the command line and keys of YAML files."""
VALUES: dict[str, dict[str, str]] = {
    "grpo.loss": {"clip": "ppo", "sequence": "gspo"},
    "reward": {"guided": "shaped"},
}
"""By the end of an option's present name: values of before, and what they are called now."""
REMOVED: dict[str, str] = {
    "model.latents": "two",
    "model.networks": "shared",
    "model.orthogonal_in": "inference",
    "optim.muon_momentum": "0.9",
    "halt_weight": "0.5",
    "grpo.warmup": "0",
    "grpo.floor": "0.9",
    "grpo.dual_rate": "1.0",
    "grpo.weight_decay": "0.0",
    "grpo.clip_high": "0.2",
}
"""Options that went, with the one value that meant what is done now; any other value is an error."""
WEIGHTS: dict[str, str] = {
    "judge": "value_heads",
    "sharpness": "log_scale",
    "bar": "threshold_bias",
    "slope": "threshold_coef",
}
"""Tensors of a checkpoint."""
RULES: dict[str, str] = {"rule-checker": "verifier", "two-heads": "two_heads"}
"""Halting rules."""
FIELDS: dict[str, str] = {"model.orthogonal": "model.extras.orthogonal"}
"""Keys of a checkpoint's config.json."""


class Moved(NamedTuple):
    """An option that one of several parts alone has, and that stands now among that part's own, as NAME=VALUE.

    home: the option that holds those. chooser: the option that says which part it is. parts: those that have it.
    """

    home: str
    chooser: str
    parts: tuple[str, ...]
    default: Any


MOVED: dict[str, Moved] = {
    "model.heads": Moved("model.mixer_options", "model.mixer", ("attention", "mla"), 4),
    "model.low_rank": Moved("model.mixer_options", "model.mixer", ("mla",), 32),
    "model.rope_width": Moved("model.mixer_options", "model.mixer", ("mla",), 16),
    "model.terms": Moved("model.position_options", "model.positions", ("terms",), 8),
    "model.reserved": Moved("model.position_options", "model.positions", ("cells",), 0),
}

LONGEST = 3
"""Renamings that one name may need."""
MOST = 10_000
"""Names in a file; ours have some hundred."""


def field_names(cls: type, prefix: str = "") -> set[str]:
    """The dotted names of all fields of a dataclass, those of the dataclasses in it among them."""
    hints, names = get_type_hints(cls), set()
    for field in dataclasses.fields(cls):
        hint, name = hints[field.name], f"{prefix}{field.name}"
        inner = isinstance(hint, type) and dataclasses.is_dataclass(hint)
        names |= field_names(hint, f"{name}.") if inner else {name}
    return names


def current(name: str, table: Mapping[str, str], known: Collection[str]) -> str | None:
    """What ``name`` is called now: itself where it is known; None where the table leads to no known name."""
    names = [name]
    for _ in range(LONGEST + 1):
        if found := next((one for one in names if one in known), None):
            return found
        names = [changed for one in names for changed in _replaced(one, table)]
    return None


def _replaced(name: str, table: Mapping[str, str]) -> Iterator[str]:
    """``name`` with each entry of the table replaced where it occurs, the longest entries first."""
    for old in sorted(table, key=len, reverse=True):
        before, found, after = f".{name}.".partition(f".{old}.")
        if found:
            yield f"{before}.{table[old]}.{after}".strip(".")


def renamed_words(words: Sequence[str], known: Collection[str]) -> list[str]:
    """The words of a command line with present names of options, for which there is a warning each.

    Raises ValueError for an option that went, where its value is not the one that may be left out.
    """
    found, rest, moved = [], list(words), dict[str, list[str]]()
    while rest:
        word = rest.pop(0)
        option, equals, value = word.partition("=")
        if not option.startswith("--") or option == "--":
            found.append(word)
            continue
        dotted = option[2:].replace("-", "_")
        if (removed := _entry(dotted, REMOVED)) and dotted not in known:
            value = value if equals else rest.pop(0) if rest else ""
            check_removed(dotted, value, REMOVED[removed])
            continue
        if (entry := _entry(dotted, MOVED)) and dotted not in known:
            value = value if equals else rest.pop(0) if rest else ""
            home = f"--{dotted.removesuffix(entry)}{MOVED[entry].home}".replace("_", "-")
            moved.setdefault(home, []).append(f"{entry.rpartition('.')[2]}={value}")
            warn(f"{option} {value}", f"{home} {moved[home][-1]}")
            continue
        new = _renamed_option(dotted, known)
        if new != dotted:
            option = f"--{new.replace('_', '-')}"
            warn(word.partition("=")[0], option)
        if (values := VALUES.get(_entry(new, VALUES) or "")) and (equals or rest):
            value = value if equals else rest[0]
            rest[: 0 if equals else 1] = [renamed_value(option, value, values)]
            found.append(option)
            continue
        found.append(f"{option}{equals}{value}")
    return found + [word for home, options in moved.items() for word in (home, *options)]


def _renamed_option(dotted: str, known: Collection[str]) -> str:
    """The present name of an option; a switch that is turned off (no-...) is known by the name without it."""
    if new := current(dotted, OPTIONS, known):
        return new
    before, _, last = dotted.rpartition(".")
    if last.startswith("no_") and (new := current(f"{before}.{last[3:]}".strip("."), OPTIONS, known)):
        before, _, last = new.rpartition(".")
        return f"{before}.no_{last}".strip(".")
    return dotted


def renamed_tree(tree: Mapping[str, Any], table: Mapping[str, str], known: Collection[str]) -> dict[str, Any]:
    """Nested mappings with present names for keys, for which there is a warning each; unknown keys stay as they are.

    Raises ValueError for a key of an option that went, see ``renamed_words``.
    """
    made: dict[str, Any] = {}
    moved: list[tuple[str, Any]] = []
    for count, (name, value) in enumerate(_leaves(tree, known)):
        if count == MOST:  # a file of a few lines can hold millions by aliases
            raise ValueError(f"more than {MOST} names: this is no configuration")
        if (removed := _entry(name, REMOVED)) and name not in known:
            check_removed(name, str(value), REMOVED[removed])
            continue
        if _entry(name, MOVED) and name not in known:
            moved.append((name, value))
            continue
        new = current(name, table, known) or name
        if new != name:
            warn(name, new)
        if values := VALUES.get(_entry(new, VALUES) or ""):
            value = renamed_value(new, value, values)
        _put(made, new.split("."), value)
    for name, value in moved:
        _move(made, name, value)
    return made


def _move(tree: dict[str, Any], name: str, value: Any) -> None:
    """Write an option of ``MOVED`` to its home, unless the part that the tree chooses does not have it or has it so."""
    entry = _entry(name, MOVED) or name
    moved, before, option = MOVED[entry], name.removesuffix(entry), entry.rpartition(".")[2]
    home = f"{before}{moved.home}".split(".")
    section = functools.reduce(lambda place, key: place.get(key, {}), home[:-1], tree)
    part, options = section.get(moved.chooser.rpartition(".")[2]), section.get(home[-1], [])
    if part is None or (part in moved.parts and value != moved.default):
        options = [*options, f"{option}={value}"]
        warn(name, ".".join(home))
    _put(tree, home, options)


def _put(tree: dict[str, Any], path: Sequence[str], value: Any) -> None:
    """Write a value into nested mappings. Raises ValueError where something else stands in its way."""
    for section in path[:-1]:
        tree = tree.setdefault(section, {})
        if not isinstance(tree, dict):
            raise ValueError(f"{'.'.join(path)} cannot stand below {section}, which is a value: {short(tree)}")
    tree[path[-1]] = value


def _leaves(tree: Mapping[str, Any], known: Collection[str], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """What stands at the ends of nested mappings, by its dotted name; an option's value is an end."""
    for key, value in tree.items():
        name = f"{prefix}{key}"
        if isinstance(value, Mapping) and value and name not in known:
            yield from _leaves(value, known, f"{name}.")
        else:
            yield name, value


def _entry(name: str, table: Mapping[str, Any]) -> str | None:
    """The entry of a table that a dotted name ends with."""
    return next((entry for entry in table if f".{name}".endswith(f".{entry}")), None)


def renamed_value(option: str, value: Any, values: Mapping[str, str]) -> Any:
    """A value by its present name."""
    if not isinstance(value, str) or value not in values:
        return value
    warn(f"{option} {value}", values[value])
    return values[value]


def check_removed(name: str, value: str, only: str) -> None:
    """Warn of an option that went. Raises ValueError where its value asked for what is done no more."""
    if value != only and not _same_number(value, only):
        raise ValueError(f"{name}={value} went with this version, which always does as {name}={only} did: leave it out")
    warnings.warn(f"{name} went: it is always {only} now; leave it out", FutureWarning, stacklevel=2)


def _same_number(value: str, other: str) -> bool:
    """Whether both are the same number, however it is written: 0 and 0.0."""
    try:
        return float(value) == float(other)
    except ValueError:
        return False


def warn(old: str, new: str) -> None:
    """Say that a name is of the version before."""
    warnings.warn(f"{old} is called {new} now; the old name goes with the next version", FutureWarning, stacklevel=2)

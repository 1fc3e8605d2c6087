"""Runs that are kept: each is a folder, finished once its run.json is written, and never done twice."""

from __future__ import annotations

import hashlib
import json
import math
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, final

import numpy as np

from agents.checkpoint import check_head, describe_head, make_head
from agents.common.signals import pause
from agents.common.state_form import check_form, check_settings, restoring
from agents.common.tensor_file import CheckpointError, load_tensors, save_tensors
from agents.evaluation.protocol import EvaluationConfig, RuleSteps, TestOutcomes, choose, outcomes_of, steps_of
from agents.halting.registry import head_rules, oracle, plain_rules, verifier_rule
from agents.halting.restart_head import Head, two_acts
from agents.halting.tuning import TunableRule
from agents.rollouts.unroll import Unroll
from trm_gym.atomic_io import atomic_write
from trm_gym.json_files import read_json
from trm_gym.kept_arrays import UNREADABLE, open_arrays

PARTS = ("point", "prices", "curve")
DIGEST = "digest"
"""Under which name a file of arrays has a hash of the others."""


@final
class CachedRun:
    """A folder and the settings that decide what comes to stand in it.

    Raises CheckpointError where it was finished with other settings.
    """

    def __init__(self, folder: Path, settings: Mapping[str, Any]) -> None:
        self.folder, self._settings = folder, json.loads(json.dumps(settings, default=str))
        self._started = time.perf_counter()
        if self.done:
            check_settings(f"{folder} was finished", self.read()["settings"], self._settings)

    @property
    def done(self) -> bool:
        """Whether it is finished."""
        return (self.folder / "run.json").exists()

    def read(self) -> dict[str, Any]:
        """What was found, and the settings. Raises CheckpointError where it cannot be read."""
        try:
            found = read_json(self.folder / "run.json")
            if "settings" not in found:
                raise ValueError("it is no record of a run")
            return found
        except (OSError, ValueError) as error:
            raise CheckpointError(f"{self.folder / 'run.json'} cannot be read ({error}): delete it") from error

    def finish(self, **found: Any) -> None:
        """Say that all files are written, what was found, and how many seconds it took since the run was made.

        Where a signal has asked for the end, it is here.
        """
        seconds = round(time.perf_counter() - self._started, 2)
        text = json.dumps({"settings": self._settings, "seconds": seconds, **found}, indent=2)
        atomic_write(self.folder / "run.json", text + "\n")
        pause()


def save_arrays(path: Path, arrays: Mapping[str, np.ndarray]) -> None:
    """Write arrays of numbers into one compressed npz file, atomically.

    Raises ValueError for arrays of objects, which NumPy would pickle. Not by ``allow_pickle=False``: that is younger
    than the oldest NumPy in range, which would take it for one more array.
    """
    if objects := [name for name, values in arrays.items() if np.asarray(values).dtype.hasobject]:
        raise ValueError(f"{path} is to hold numbers alone: {', '.join(objects)} holds Python objects")
    # First, so that an archive that has lost its end still has it.
    named: dict[str, Any] = {DIGEST: _digest(arrays), **arrays}
    atomic_write(path, lambda file: np.savez_compressed(file, **named))


def _digest(arrays: Mapping[str, np.ndarray]) -> np.ndarray:
    """A hash of names, types, shapes and bytes, uint8 [16]: an archive's own checksums leave out its list of names."""
    found = hashlib.blake2b(digest_size=16)
    for name, values in sorted(arrays.items()):
        values = np.ascontiguousarray(values)
        found.update(f"{name} {values.dtype} {values.shape}".encode() + values.tobytes())
    return np.frombuffer(found.digest(), np.uint8)


def load_arrays(path: Path) -> dict[str, np.ndarray]:
    """What ``save_arrays`` wrote. Raises CheckpointError where it cannot be read."""
    try:
        arrays = open_arrays(path)
        digest = arrays.pop(DIGEST, None)  # those of versions before have none
        if not arrays or (digest is not None and not np.array_equal(digest, _digest(arrays))):
            raise ValueError("it is no longer what was written, by its checksum")
        return arrays
    except UNREADABLE as error:
        raise CheckpointError(f"{path} cannot be read ({error}): delete its folder to do it again") from error


def _check_array(name: str, values: np.ndarray, kinds: str, shape: tuple[int | None, ...]) -> None:
    """Raise ValueError where an array is not of a kind, by NumPy's letters, and a shape; None is any size."""
    fits = len(values.shape) == len(shape) and all(
        size in (None, found) for found, size in zip(values.shape, shape, strict=True)
    )
    if not fits or values.dtype.kind not in kinds:
        raise ValueError(f"{name} is {values.dtype} of shape {values.shape}")


def save_rule_steps(path: Path, steps: Mapping[str, RuleSteps]) -> None:
    """Write what rules did, problem by problem: RULE/point [n], RULE/prices [p, n], RULE/curve [k, n]."""
    arrays = {f"{name}/{part}": getattr(one, part).astype(np.int16) for name, one in steps.items() for part in PARTS}
    save_arrays(path, arrays | {f"{name}/tuned": np.array(one.tuned) for name, one in steps.items()})


def load_rule_steps(path: Path) -> dict[str, RuleSteps]:
    """What ``save_rule_steps`` wrote. Raises CheckpointError where it is no such thing."""
    arrays = load_arrays(path)
    names = [name.removesuffix("/point") for name in arrays if name.endswith("/point")]
    with restoring(path):
        problems = next((arrays[f"{name}/point"].shape[-1:] for name in names), None)
        if problems is None:
            raise ValueError("it holds no rule")
        for name in names:
            _check_array(f"{name}/point", arrays[f"{name}/point"], "iu", problems)
            for part in PARTS[1:]:
                _check_array(f"{name}/{part}", arrays[f"{name}/{part}"], "iu", (None, *problems))
        return {
            name: RuleSteps(*(arrays[f"{name}/{part}"] for part in PARTS), tuned=bool(arrays[f"{name}/tuned"]))
            for name in names
        }


def rules_of(learner: str, head: Path | None, protocol: EvaluationConfig) -> list[TunableRule]:
    """The rules of one run: those of the taught head in a file, or without one all that need none."""
    if head is None:
        return [*plain_rules(protocol.max_steps), verifier_rule(), oracle()]
    return head_rules(learner, two_acts({learner: load_head(head)})[learner], protocol.prices, protocol.scale)


def save_tested(
    folder: Path,
    rules: Sequence[TunableRule],
    validation: Unroll,
    test: Unroll,
    protocol: EvaluationConfig,
    keep: bool,
) -> None:
    """Write what rules do on test drafts, tuned on validation; keep: the verdicts, which all rules share, too."""
    tested = outcomes_of(test, validation, protocol.slack)
    if keep:
        save_outcomes(folder / "outcomes.npz", tested)
    tuned = {one.name: choose(one, validation, tested.target, protocol.prices) for one in rules}
    save_rule_steps(folder / "steps.npz", {one.name: steps_of(one, tuned[one.name], test) for one in rules})


def save_outcomes(path: Path, network: TestOutcomes) -> None:
    """Write a network's verdicts on every test problem."""
    save_arrays(path, {name: np.asarray(value) for name, value in vars(network).items()})


def load_outcomes(path: Path) -> TestOutcomes:
    """What ``save_outcomes`` wrote. Raises CheckpointError where it is no such thing."""
    arrays = load_arrays(path)
    with restoring(path):
        best_fixed, target = int(arrays.pop("best_fixed")), float(arrays.pop("target"))
        problems = arrays["solved"].shape[:1]
        _check_array("solved", arrays["solved"], "b", (*problems, None))
        _check_array("level", arrays["level"], "iu", problems)
        _check_array("difficulty", arrays["difficulty"], "f", problems)
        if not 0 < best_fixed <= arrays["solved"].shape[1] or not math.isfinite(target):
            raise ValueError(f"best_fixed is {best_fixed} and target {target}")
        return TestOutcomes(**arrays, best_fixed=best_fixed, target=target)


def save_head(path: Path, head: Head) -> None:
    """Write a halting head."""
    save_tensors(path, head.state_dict(), describe_head(head))


def load_head(path: Path) -> Head:
    """What ``save_head`` wrote, in evaluation mode."""
    tensors, note = load_tensors(path)
    with restoring(path):
        check_head("the head", note, tensors)
        head = make_head(**note)
        check_form(tensors, head.state_dict())
        head.load_state_dict(tensors)
    return head.eval().requires_grad_(False)

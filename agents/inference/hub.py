"""A checkpoint as a folder that the Hugging Face Hub knows: weights, config.json and a model card.

Imported at first use only: nothing else needs huggingface_hub. Saving and loading folders needs no network.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, final

from huggingface_hub import ModelHubMixin, snapshot_download

from agents.checkpoint import CONFIG_FILE, WEIGHTS_FILE, Checkpoint, load_checkpoint, save_checkpoint
from trm_gym.atomic_io import atomic_write

FILES = (WEIGHTS_FILE, CONFIG_FILE)


@final
class HubModel(ModelHubMixin):
    """A checkpoint with ``save_pretrained``, ``from_pretrained`` and ``push_to_hub`` as the Hub's tools have them."""

    def __init__(self, checkpoint: Checkpoint) -> None:
        self.checkpoint = checkpoint

    def _save_pretrained(self, save_directory: Path) -> None:
        save_checkpoint(save_directory, self.checkpoint)
        # Written here, because the mixin would leave the card of an earlier checkpoint in its place.
        atomic_write(save_directory / "README.md", model_card(self.checkpoint))

    @classmethod
    def _from_pretrained(
        cls,
        *,
        model_id: str,
        revision: str | None,
        cache_dir: str | Path | None,
        force_download: bool,
        local_files_only: bool,
        token: str | bool | None,
        size: int | None = None,
    ) -> HubModel:
        """From a folder, or from a repository of the Hub. size: see ``load_checkpoint``."""
        folder = model_id
        if not Path(folder).is_dir():
            folder = snapshot_download(
                model_id,
                revision=revision,
                cache_dir=cache_dir,
                force_download=force_download,
                local_files_only=local_files_only,
                token=token,
                allow_patterns=list(FILES),
            )
        return cls(load_checkpoint(folder, size=size))


def model_card(checkpoint: Checkpoint) -> str:
    """The text of README.md: what the network is, what made it, on which data, and what it reached."""
    config, meta = checkpoint.model.config, checkpoint.meta
    levels = meta.get("pretraining", {}).get("levels", [])
    commands = "\n".join(meta.get("commands", ["(not recorded)"]))
    heads = ", ".join(checkpoint.heads) or "none"
    return f"""---
library_name: trm-gym
license: mit
tags: [tiny-recursive-model, adaptive-computation, {checkpoint.task}]
---

# A Tiny Recursive Model for {checkpoint.task}

{checkpoint.model.num_parameters():,} parameters: hidden {config.hidden}, {config.layers} layers, T={config.cycles},
n={config.latent_updates}, mixer `{config.mixer}`, positions `{config.positions}`. It refines a draft of the answer step
by step, and may fail. Halting heads on it: {heads}.

## Use

```python
from agents.inference.solver import Solver

solver = Solver.from_pretrained("path/of/this/folder")
solution = solver.solve(problem, max_steps=16, rule="{"grpo" if "grpo" in checkpoint.heads else "always"}")
print(solution.text, solution.steps, solution.verdict)
```

## Command

```sh
{commands}
```

## Data

Problems of `trm_gym`'s task `{checkpoint.task}`, train split, levels: {", ".join(levels) or "(not recorded)"}.
They are made on the spot; problems that are equal under the task's symmetries never stand in two splits.

## Results

{_results(meta)}
"""


def _results(meta: dict[str, Any]) -> str:
    """What the checkpoint's notes say that it reached."""
    parts = []
    reached = dict(meta.get("solved_at_steps", {}))
    if steps := reached.pop("steps", None):
        parts.append("Share of problems whose draft is right, by step:\n")
        parts.append("| level | " + " | ".join(map(str, steps)) + " |")
        parts.append("|---" * (1 + len(steps)) + "|")
        parts += [
            f"| {level} | " + " | ".join(f"{one:.1%}" for one in shares) + " |" for level, shares in reached.items()
        ]
    if "results" in meta:
        parts += ["```json", json.dumps(meta["results"], indent=2), "```"]
    if "pretraining_seconds" in meta:
        parts.append(f"\nPretraining took {meta['pretraining_seconds']:.0f} seconds.")
    return "\n".join(parts) or "None are recorded with the checkpoint: measure it with scripts/evaluate.py."

"""A checkpoint as a folder that the Hugging Face Hub knows: weights, config.json and a model card.

Imported at first use only: nothing else needs huggingface_hub. Saving and loading folders needs no network.
"""

from __future__ import annotations

from pathlib import Path
from typing import final

from huggingface_hub import ModelHubMixin, snapshot_download

from agents.checkpoint import CONFIG_FILE, WEIGHTS_FILE, Checkpoint, load_checkpoint, save_checkpoint
from agents.inference.card import card
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
    """The text of README.md: what the Hub reads of it, and the card (``agents.inference.card``)."""
    return f"""---
library_name: trm-gym
license: mit
tags: [tiny-recursive-model, adaptive-computation, {checkpoint.task}]
---

{card(checkpoint)}"""

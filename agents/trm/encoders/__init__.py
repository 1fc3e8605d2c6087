"""Encoders: from problem tokens to what the recursion reads, and from its answer latent to token logits.

One file each. A new encoder is a final subclass of ``Encoder`` and a line in ``ENCODERS``; then
``pretrain.py --model.positions NAME`` takes it.
"""

from agents.trm.encoders.base import NEVER, Encoder, EncoderContext
from agents.trm.encoders.candidates import CandidateEncoder
from agents.trm.encoders.cells import CellEncoder
from agents.trm.encoders.formula import FormulaEncoder
from agents.trm.encoders.panels import PanelEncoder
from agents.trm.encoders.terms import TermEncoder
from agents.trm.encoders.worksheet import WorksheetEncoder

ENCODERS: dict[str, type[Encoder]] = {
    "cells": CellEncoder,
    "candidates": CandidateEncoder,
    "terms": TermEncoder,
    "panels": PanelEncoder,
    "formula": FormulaEncoder,
    "worksheet": WorksheetEncoder,
}
"""By the name that ``TRMConfig.positions`` says."""

__all__ = ["ENCODERS", "NEVER", "Encoder", "EncoderContext"]

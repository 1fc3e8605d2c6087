"""One position per cell of an answer in numbers, which sees what is worked out at its place on paper."""

from __future__ import annotations

from typing import final

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

from agents.trm.encoders.base import NEVER, Encoder, EncoderContext
from agents.trm.encoders.terms import embedding
from agents.trm.inputs import Inputs
from agents.trm.layers import Linear, truncated_normal_
from agents.trm.options import at_least
from agents.trm.recognition import values
from trm_gym.structure import TextStructure
from trm_gym.worksheet.cells import COLUMN_CODES, TRIAL_CODES, closes, kind_codes, show, sign_codes
from trm_gym.worksheet.columns import WIDEST
from trm_gym.written.signs import SYMBOLS, TOKEN, VERBS


@final
class WorksheetEncoder(Encoder):
    """One position per cell of the answer, with the column and the trial of a division that stand at its place.

    See trm_gym/worksheet. Carrying, signs and how an answer is written are left to the network. trials: 1, or 0 to
    show no trials, so that the division is left to it too.
    """

    verbs: Tensor
    known: Tensor

    def __init__(self, context: EncoderContext, *, trials: int = 1) -> None:
        structure, hidden = context.structure, context.hidden
        if not isinstance(structure, TextStructure):
            raise ValueError("a worksheet needs a task of text; use positions='cells'")
        self.written, answer = structure.written, context.length - structure.written
        self.kinds, self.closes = kind_codes(answer), closes(answer)
        at_least(0, trials=trials)
        self.trials = trials > 0
        super().__init__(context, symbols=len(VERBS) + 1, positions=answer)
        self.position = table(self.kinds * answer, hidden)
        codes = (COLUMN_CODES, TRIAL_CODES, sign_codes(answer))
        self.column, self.trial, self.sign = (table(n, hidden) for n in codes)
        if self.closes:
            self.mark = table(len(SYMBOLS), hidden)
        known = values(torch.arange(COLUMN_CODES, dtype=torch.float32) - (WIDEST + 1))
        self.register_buffer("known", known * (torch.arange(COLUMN_CODES) > 0)[:, None], persistent=False)
        self.amount = embedding(known.shape[-1], hidden)
        self.head = Linear(hidden, len(SYMBOLS))
        self.register_buffer("verbs", torch.tensor([TOKEN[verb] for verb in VERBS]), persistent=False)

    def embed(self, inputs: Inputs) -> Float[Tensor, "batch positions hidden"]:
        device = self.symbols.device
        problem, draft = (part.cpu().numpy().astype(np.uint8) for part in (inputs.problem, inputs.draft))
        sheet = show(problem[:, : self.written], draft[:, self.written :])
        kinds, codes = (torch.from_numpy(part).to(device) for part in sheet)
        column, trial, sign, mark = codes.unbind(-1)
        shown = F.embedding(column, self.column + self.amount(self.known)) + F.embedding(sign, self.sign)
        shown = shown + F.embedding(trial * self.trials, self.trial)
        if self.closes:
            shown = shown + F.embedding(mark, self.mark)
        place = self.position.unflatten(0, (self.kinds, -1))[kinds]
        tokens = inputs.problem[:, : self.written]
        asked = (tokens[..., None] == self.verbs).any(1).float()
        verb = torch.cat([asked, 1 - asked.sum(1, keepdim=True)], dim=1) @ self.symbols * self.scale
        return shown + place + verb[:, None]

    def read(self, answer: Float[Tensor, "batch positions hidden"]) -> Float[Tensor, "batch length vocab"]:
        # The problem's cells are fixed: whatever stands there is no part of the answer.
        return F.pad(self.head(answer), (0, 0, self.written, 0), value=NEVER)


def table(rows: int, hidden: int) -> nn.Parameter:
    """A table of embeddings."""
    return nn.Parameter(truncated_normal_(torch.empty(rows, hidden, dtype=torch.float32), 1.0))

"""A pretrained network as the eyes of Stable-Baselines3's policies: it refines what is observed, they read the result.

PPO("MultiInputPolicy", env, policy_kwargs={"features_extractor_class": TRMExtractor, "features_extractor_kwargs":
{"checkpoint": "sudoku4x4"}, "net_arch": []}). The carry does not outlive an observation: SB3's policies hold none.
"""

from __future__ import annotations

import os
from typing import final

import torch
from gymnasium import spaces
from jaxtyping import Float
from stable_baselines3.common.torch_layers import BaseFeaturesExtractor
from torch import Tensor

from agents.checkpoint import load_checkpoint
from agents.trm import Inputs
from trm_gym import make_task
from trm_gym.episodes import observation_space as observed


@final
class TRMExtractor(BaseFeaturesExtractor):
    """What a frozen network makes of an observed problem in ``steps`` steps.

    Features, float32 [batch, 3 L V + 2]: problem and draft, one-hot; the network's probabilities of tokens; its
    probability of being right; the share of steps left.

    observation_space: that of an environment of the suite. checkpoint: a folder, or the name of one that comes with the
    package. size: another size of its task, see ``load_checkpoint``. Raises ValueError where network and environment
    do not fit each other, and for a task whose problems are more than tokens.
    """

    def __init__(
        self,
        observation_space: spaces.Space,
        checkpoint: str | os.PathLike[str],
        steps: int = 2,
        size: int | None = None,
    ) -> None:
        if steps < 1:
            raise ValueError(f"steps must be at least 1, got {steps}: the network has to look at the problem")
        loaded = load_checkpoint(checkpoint, size=size)
        task = make_task(loaded.task)
        if task.numbers:
            raise ValueError(
                f"{checkpoint} was made for {task.name}, whose problems hold numbers: this reads tokens alone"
            )
        if observation_space != observed(task):
            raise ValueError(
                f"{checkpoint} was made for {loaded.task}: give its policy an environment of that task, or size= where "
                "the network is tied to none"
            )
        super().__init__(observation_space, 3 * task.length * task.vocab + 2)
        self._length, self._steps = task.length, steps
        # No submodule: SB3 initialises all those of a policy, which would wipe out what was learnt.
        self._network = (loaded.model,)

    def forward(self, observations: dict[str, Tensor]) -> Float[Tensor, "batch features"]:
        """Features of observations as SB3 hands them over: tokens one-hot [batch, L V], the budget [batch, 1]."""
        problem, draft = observations["problem"], observations["answer"]
        tokens, answer = (part.unflatten(1, (self._length, -1)).argmax(-1) for part in (problem, draft))
        likely, right = self._look(Inputs.of_tokens(tokens, answer))
        return torch.cat([problem, draft, likely.flatten(1), right[:, None], observations["budget"]], dim=1)

    @torch.no_grad()
    def _look(self, inputs: Inputs) -> tuple[Float[Tensor, "batch length vocab"], Float[Tensor, " batch"]]:
        """The network's probabilities, of tokens and of being right, after its last step."""
        network = self._network[0].to(inputs.problem.device)
        carry = network.initial_carry(len(inputs.problem))
        carry, output = network(carry, inputs)
        for _ in range(self._steps - 1):
            carry, output = network(carry, inputs)
        return output.logits.softmax(-1), output.halt.sigmoid()

"""Newton-Schulz on a latent: bring its [positions, hidden] matrix towards one with all singular values alike.

Positions whose latents have grown alike are told apart again, without a new length for the whole. As an option at
inference it asks whether a network's answer hangs on such correlations (a "reality check").
"""

from __future__ import annotations

from jaxtyping import Float
from torch import Tensor

ITERATIONS = 8
"""Each multiplies a small singular value by 1.5; those above .1 of the largest possible are at 1 by then."""


def newton_schulz(matrix: Float[Tensor, "*batch rows columns"]) -> Float[Tensor, "*batch rows columns"]:
    """X <- 1.5 X - .5 X X^T X from X / |X|: the nearest orthogonal matrix in the limit.

    Its rows (where there are fewer of them) or columns are orthonormal. Bjorck & Bowie 1971; Higham 2008, "Functions of
    Matrices", chapter 8. A zero matrix stays zero.
    """
    tall = matrix.shape[-2] > matrix.shape[-1]
    x = matrix.mT if tall else matrix
    x = x / x.norm(dim=(-2, -1), keepdim=True).clamp(min=1e-7)
    for _ in range(ITERATIONS):
        x = 1.5 * x - 0.5 * (x @ x.mT) @ x
    return x.mT if tall else x


def towards_orthogonal(
    latent: Float[Tensor, "batch positions hidden"], weight: float
) -> Float[Tensor, "batch positions hidden"]:
    """(1 - weight) Z + weight Z', where Z' is ``newton_schulz`` of Z, scaled to the length that Z has."""
    length = latent.norm(dim=(-2, -1), keepdim=True) / min(latent.shape[-2:]) ** 0.5
    return (1 - weight) * latent + weight * length * newton_schulz(latent)

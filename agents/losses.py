"""Losses of halting as pure functions: tensors in, a number or one number per problem out; no state, no sampling.

Throughout, s is the budget; a halting rule gives each step t = 1..s a logit, h_t = sigmoid(logit_t) is the probability
of halting there once it is reached, and the last step always halts.
"""

from __future__ import annotations

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor
from torch.nn import functional as F

from trm_gym.reward import episode_return

LARGEST_LOG_RATIO = 20.0


def halting_log_probs(logits: Float[Tensor, "*batch s"]) -> Float[Tensor, "*batch s"]:
    """log p_t of halting at each step: p_t = h_t prod_{i<t} (1 - h_i) for t < s, p_s = prod_{i<s} (1 - h_i).

    Graves 2016, arXiv 1603.08983; in this form Banino et al. 2021 (PonderNet), arXiv 2107.05407, equation 6. The last
    logit has no influence.
    """
    going_on = F.logsigmoid(-logits[..., :-1]).cumsum(-1)
    reached = F.pad(going_on, (1, 0))
    halting = F.pad(F.logsigmoid(logits[..., :-1]), (0, 1))
    return reached + halting


def halting_returns(solved: Bool[Tensor, "*batch s"], step_cost: Float[Tensor, "*batch"]) -> Float[Tensor, "*batch s"]:
    """R_t = solved_t - step_cost * t in float64: what an environment of that step cost pays for halting at step t.

    To the last bit where the step cost is given in float64: see trm_gym.reward.exact_cost.
    """
    steps = torch.arange(1, solved.shape[-1] + 1, dtype=torch.float64, device=solved.device)
    return episode_return(solved.double(), steps, step_cost.double()[..., None])


def halting_entropy(log_probs: Float[Tensor, "*batch s"]) -> Float[Tensor, "*batch"]:
    """-sum_t p_t log p_t of halting distributions (the bonus of Williams & Peng 1991)."""
    return -(log_probs.exp() * log_probs).sum(-1)


def expected_return(
    log_probs: Float[Tensor, "*batch s"], returns: Float[Tensor, "*batch s"]
) -> Float[Tensor, "*batch"]:
    """sum_t p_t R_t, what sampling a halting time is worth on average; its negative is a loss without any sampling.

    PonderNet's objective (arXiv 2107.05407, equation 5) without the prior, with returns instead of losses.
    """
    return (log_probs.exp() * returns.to(log_probs.dtype)).sum(-1)


def group_advantage(returns: Float[Tensor, "groups members"]) -> Float[Tensor, "groups members"]:
    """r_i minus the mean of the others of its group: (m r_i - sum_j r_j) / (m - 1).

    Leave-one-out: Kool et al. 2019 ("Buy 4 REINFORCE samples"), Ahmadian et al. 2024 (RLOO, arXiv 2402.14740). Unlike
    GRPO's (arXiv 2402.03300, equation 3) there is no division by the group's standard deviation: where all members are
    right, only the cost of steps varies, and the division would blow it up until halting collapses to step 1.
    """
    members = returns.shape[-1]
    if members < 2:
        raise ValueError("an advantage within a group needs at least two members: sample more halting times")
    return (members * returns - returns.sum(-1, keepdim=True)) / (members - 1)


def probability_ratio(
    log_prob: Float[Tensor, "*batch"], old_log_prob: Float[Tensor, "*batch"]
) -> Float[Tensor, "*batch"]:
    """r = exp(log_prob - old_log_prob), at most exp(LARGEST_LOG_RATIO).

    What exploration draws may have been next to impossible for the old policy: its ratio would be infinite, its
    importance is 0, and the product of the two no number.
    """
    return (log_prob - old_log_prob).clamp(max=LARGEST_LOG_RATIO).exp()


def ppo_clip_loss(
    log_prob: Float[Tensor, "*batch"],
    old_log_prob: Float[Tensor, "*batch"],
    advantage: Float[Tensor, "*batch"],
    clip: float,
    weight: Float[Tensor, "*batch"] | float = 1.0,
) -> Float[Tensor, ""]:
    """Loss -mean w min(r A, clip(r, 1 - c, 1 + c) A) with r = exp(log_prob - old_log_prob), over all samples.

    Schulman et al. 2017 (PPO, arXiv 1707.06347, equation 7) with the advantages of a group (GRPO, arXiv 2402.03300).
    weight: importance of samples that were not drawn from the old policy itself, old / behaviour; kept out of the
    clipped ratio, so that at the first update nothing is clipped (Hilton et al. 2021, arXiv 2110.00641).
    """
    ratio = probability_ratio(log_prob, old_log_prob)
    gain = torch.minimum(ratio * advantage, ratio.clamp(1 - clip, 1 + clip) * advantage)
    return -(weight * gain).mean()


def cispo_loss(
    log_prob: Float[Tensor, "*batch"],
    old_log_prob: Float[Tensor, "*batch"],
    advantage: Float[Tensor, "*batch"],
    clip: float,
    weight: Float[Tensor, "*batch"] | float = 1.0,
) -> Float[Tensor, ""]:
    """Loss -mean w sg(clip(r, 1 - c, 1 + c)) A log_prob, sg: without gradient.

    CISPO (MiniMax 2025, arXiv 2506.13585, equation 4): a ratio beyond its bounds is cut, its gradient is not.
    """
    ratio = probability_ratio(log_prob, old_log_prob).clamp(1 - clip, 1 + clip).detach()
    return -(weight * ratio * advantage * log_prob).mean()


def gspo_loss(
    log_prob: Float[Tensor, "*batch"],
    old_log_prob: Float[Tensor, "*batch"],
    advantage: Float[Tensor, "*batch"],
    clip: float,
    weight: Float[Tensor, "*batch"] | float,
    actions: Int[Tensor, "*#batch"],
) -> Float[Tensor, ""]:
    """``ppo_clip_loss`` with r^(1 / n) for r, n the number of ``actions`` whose probabilities make log_prob.

    GSPO (Zheng et al. 2025, arXiv 2507.18071, equations 5 and 7). Halting at step t is t actions, t - 1 times "go on"
    and once "stop"; a draft is as many as it has free cells.
    """
    return ppo_clip_loss(log_prob / actions, old_log_prob / actions, advantage, clip, weight)


def clip_fraction(
    log_prob: Float[Tensor, "*batch"], old_log_prob: Float[Tensor, "*batch"], clip: float
) -> Float[Tensor, ""]:
    """Share of samples whose probability ratio lies beyond 1 +- clip."""
    return (probability_ratio(log_prob, old_log_prob) - 1).abs().gt(clip).float().mean()


def halting_kl(old: Float[Tensor, "*batch s"], new: Float[Tensor, "*batch s"]) -> Float[Tensor, "*batch"]:
    """KL(old || new) = sum_t p_t (log p_t - log q_t), exactly, from the log-probabilities of every halting time."""
    return (old.exp() * (old - new)).sum(-1)


def token_kl(
    logits: Float[Tensor, "*batch l v"], reference: Float[Tensor, "*batch l v"], free: Bool[Tensor, "*batch l"]
) -> Float[Tensor, ""]:
    """Mean over free cells of KL(pi || pi_ref) = sum_v pi_v (log pi_v - log pi_ref,v), exactly.

    The anchor of GRPO (arXiv 2402.03300, equation 3), which estimates it from samples; here all tokens are at hand.
    """
    new, old = logits.log_softmax(-1), reference.log_softmax(-1)
    return ((new.exp() * (new - old)).sum(-1) * free).sum() / free.sum().clamp(min=1)


def binary_cross_entropy(logits: Float[Tensor, "*shape"], targets: Bool[Tensor, "*shape"]) -> Float[Tensor, ""]:
    """-mean [y log h + (1 - y) log(1 - h)], h = sigmoid(logit): the loss of the published TRM's halt head.

    Jolicoeur-Martineau 2025, arXiv 2510.04871, figure 3 (its target: the draft is right).
    """
    return F.binary_cross_entropy_with_logits(logits, targets.to(logits.dtype))


def ever_solved(solved: Bool[Tensor, "*batch s"]) -> Bool[Tensor, "*batch s"]:
    """Whether this draft or a later one is right."""
    return solved.flip(-1).cummax(-1).values.flip(-1)


def value_loss(logits: Float[Tensor, "*batch s 2"], solved: Bool[Tensor, "*batch s"]) -> Float[Tensor, ""]:
    """Binary cross-entropy of two value heads after every step: the draft is right; this or a later one is."""
    return binary_cross_entropy(logits, torch.stack([solved, ever_solved(solved)], dim=-1))


def token_log_prob(
    logits: Float[Tensor, "*batch l v"], tokens: Int[Tensor, "*batch l"], free: Bool[Tensor, "*batch l"]
) -> Float[Tensor, "*batch"]:
    """log-probability of a draft: sum over its free cells of log softmax(logits)[token]; fixed cells are no choice.

    The joint term of the policy gradient where answers are actions too (Williams 1992, REINFORCE).
    """
    chosen = logits.log_softmax(-1).gather(-1, tokens[..., None]).squeeze(-1)
    return (chosen * free).sum(-1)


def log_stablemax(logits: Float[Tensor, "*batch v"]) -> Float[Tensor, "*batch v"]:
    """log(s(x_i) / sum_j s(x_j)) with s(x) = x + 1 where x >= 0, 1 / (1 - x) below: what TRM uses for softmax.

    Prieto et al. 2025, arXiv 2501.04697, equation 5. The published code takes the quotient in float64; here log s(x) =
    +-log(1 + |x|) is formed directly, so that nothing is lost in float32.
    """
    above, below = logits.clamp(min=0).log1p(), -(-logits.clamp(max=0)).log1p()
    scores = torch.where(logits < 0, below, above)
    return scores - scores.logsumexp(-1, keepdim=True)


def stablemax_cross_entropy(
    logits: Float[Tensor, "*batch v"], targets: Int[Tensor, "*batch"]
) -> Float[Tensor, "*batch"]:
    """-log stablemax(logits)[target] of every cell: the published TRM's loss of the answer."""
    return -log_stablemax(logits).gather(-1, targets[..., None]).squeeze(-1)


def score_function_loss(
    log_prob: Float[Tensor, "*batch"],
    advantage: Float[Tensor, "*batch"],
    weight: Float[Tensor, "*batch"] | float = 1.0,
) -> Float[Tensor, ""]:
    """Loss -mean w A log_prob, whose gradient is the plain policy gradient's (Williams 1992, REINFORCE).

    weight: importance of samples that were not drawn from the policy itself, policy / behaviour.
    """
    return -(weight * advantage * log_prob).mean()


def geometric_log_probs(rate: float, steps: int) -> Float[Tensor, " s"]:
    """log p_t of halting at each of ``steps`` steps when each halts with chance ``rate``, and the last for certain.

    PonderNet's prior (arXiv 2107.05407, section 2.2), its tail collected in the last step.
    """
    if not 0 < rate < 1:
        raise ValueError(f"rate must be between 0 and 1, got {rate}: it is the chance of halting at a step")
    rate_logit = torch.full((steps,), rate, dtype=torch.float32).logit()
    return halting_log_probs(rate_logit)

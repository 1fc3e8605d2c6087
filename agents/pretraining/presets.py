"""Pretraining settings by name: one for every task that has been trained, and those of the published TRM."""

from __future__ import annotations

import dataclasses

from agents.pretraining.config import DraftsConfig, HintsConfig, PretrainConfig
from agents.pretraining.optim import OptimConfig
from agents.trm.config import (
    ALGEBRA,
    ARC,
    ARITHMETIC,
    MAZE,
    OFFICIAL_MAZE,
    OFFICIAL_SUDOKU_ATTENTION,
    OFFICIAL_SUDOKU_MLP,
    REGRESSION,
    SUDOKU,
    WORKSHEET,
)

PUBLISHED = PretrainConfig(
    task="sudoku9x9",
    levels=("minimal", "locked_or_pairs", "search"),
    model=OFFICIAL_SUDOKU_MLP,
    optim=OptimConfig(core="adam_atan2", atan2_lr=1e-4, weight_decay=1.0, warmup=2000, decay=0.0),
    updates=65_000,
    batch=768,
    max_steps=16,
    explore=0.1,
    explore_draw="step",
    loss="stablemax",
    average=0.999,
)
"""As TRM was published: a day and more on a large graphics card. Fresh problems take the place of its 1000
augmented ones; see docs/fidelity.md."""

PRETRAIN: dict[str, PretrainConfig] = {
    "sudoku6x6": PretrainConfig(
        task="sudoku6x6",
        levels=("clues13", "clues12", "clues11", "clues10", "clues8-10", "minimal"),
        model=SUDOKU,
        updates=800,
    ),
    "sudoku4x4": PretrainConfig(
        task="sudoku4x4", levels=("clues10-12", "clues6-8", "clues4-5"), model=SUDOKU, updates=200
    ),
    # Four times the cells of 4x4 and twice those of 6x6: half the batch keeps a step's tensors within the caches.
    "sudoku9x9": PretrainConfig(
        task="sudoku9x9",
        levels=("clues30", "clues26", "minimal"),
        model=SUDOKU,
        updates=2500,
        batch=32,
        max_steps=16,
        average=0.995,
    ),
    # What needs search: three cycles a step, and problems of many branches. About 95 minutes on one core.
    "hard_sudoku9x9": PretrainConfig(
        task="sudoku9x9",
        levels=("clues26", "minimal", "locked_or_pairs", "search", "hard", "hard"),
        model=dataclasses.replace(SUDOKU, hidden=48, cycles=3),
        optim=OptimConfig(decay=1.0),
        updates=24_000,
        batch=32,
        max_steps=16,
        start_noise=0.5,
        average=0.999,
        save_every=500,
    ),
    # Starts from noise: the recursion does not get worse with depth then.
    "arithmetic": PretrainConfig(
        task="arithmetic",
        levels=("sum3", "sum6", "chain", "carry"),
        model=ARITHMETIC,
        optim=OptimConfig(adamw_lr=2e-3),
        updates=6000,
        max_steps=16,
        start_noise=1.0,
    ),
    "algebra": PretrainConfig(
        task="algebra",
        levels=("long_shift", "linear", "both_sides", "collect", "expand"),
        model=ALGEBRA,
        optim=OptimConfig(muon_lr=0.02, adamw_lr=1e-3),
        updates=4000,
        batch=128,
        max_steps=16,
        explore=0.1,
        start_noise=1.0,
    ),
    "everyday_arithmetic": PretrainConfig(
        task="arithmetic",
        levels=(
            *("sum3", "sum6", "chain", "chain", "carry", "sums", "sums", "products", "long_product", "long_product"),
            *("quotients", "fraction", "fractions", "mixed", "mixed", "rational", "mixed99", "mixed99", "powers"),
            *("near", "near", "decimals", "decimals"),
        ),
        model=dataclasses.replace(WORKSHEET, hidden=96, layers=2),
        optim=OptimConfig(adamw_lr=2e-3, decay=1.0),
        updates=50_000,
        batch=128,
        max_steps=16,
        explore=0.5,
        start_noise=1.0,
        average=0.999,
        save_every=1000,
    ),
    # Carrying is learnt last, so levels that are little else come twice.
    "everyday_algebra": PretrainConfig(
        task="algebra",
        levels=(
            *("long_shift", "long_shift", "lengths", "lengths", "parts", "parts", "parts", "many_terms", "brackets"),
            *("bracket", "systems", "systems", "roots", "quadratic", "values", "values", "collect", "terms", "terms"),
            *("expand", "expand3", "multiply", "differentiate", "differentiate", "factor", "factors"),
            *("ratios", "ratios", "crossings", "crossings", "long_terms", "long_terms"),
            *("powers", "high_products", "splits", "factor3", "contents"),
            *("long_ratios", "long_ratios", "long_values", "shares"),
        ),
        model=dataclasses.replace(WORKSHEET, hidden=96, layers=2),
        optim=OptimConfig(adamw_lr=2e-3, decay=1.0),
        updates=60_000,
        batch=128,
        max_steps=16,
        explore=0.5,
        start_noise=1.0,
        average=0.999,
        save_every=1000,
    ),
    # The recursion of a deeper search is less stable: smaller steps, late steps trained on more often, noisy starts.
    "maze11x11": PretrainConfig(
        task="maze11x11",
        levels=("random", "rooms", "perfect", "far"),
        model=MAZE,
        optim=OptimConfig(adamw_lr=2e-3),
        updates=2400,
        explore=0.5,
        start_noise=1.0,
    ),
    # Taught step by step how far a flood from the goal has come, and the way back: nine cells a step, of which nothing
    # depends on the size, so that it goes on in larger mazes.
    "maze15x15": PretrainConfig(
        task="maze15x15",
        levels=("random", "rooms", "perfect", "far", "far"),
        model=dataclasses.replace(MAZE, cycles=3),
        optim=OptimConfig(muon_lr=6e-3, adamw_lr=1.2e-3, decay=1.0),
        updates=16_000,
        batch=32,
        max_steps=40,
        explore=0.5,
        start_noise=1.0,
        step_noise=0.3,
        average=0.999,
        hints=HintsConfig(weight=1.0, speed=9.0, wait=16),
        save_every=1000,
    ),
    # Positions are many (1100), so the batch is small.
    "arc": PretrainConfig(
        task="arc10x10",
        levels=("in_place",),
        model=ARC,
        updates=2400,
        batch=16,
        max_steps=8,
        explore=0.5,
        average=0.995,
    ),
    # Without spoilt drafts nothing starts: what is wanted of a part means something only where the others are right.
    "regression": PretrainConfig(
        task="regression",
        levels=(
            *("nodes5", "nodes7", "nodes9", "nodes9", "three_variables"),
            *("constants", "constants", "constants", "noise1"),
        ),
        model=REGRESSION,
        optim=OptimConfig(muon_lr=6e-3, adamw_lr=1.2e-3),
        updates=4000,
        max_steps=6,
        average=0.998,
        save_every=1000,
        drafts=DraftsConfig(start_corrupted=0.35, next_corrupted=0.3, sampled=0.35),
    ),
    "official_sudoku_mlp": PUBLISHED,
    "official_sudoku_attention": dataclasses.replace(PUBLISHED, model=OFFICIAL_SUDOKU_ATTENTION),
    "official_maze": dataclasses.replace(PUBLISHED, task="maze30x30", levels=("hard",), model=OFFICIAL_MAZE),
}
"""The first is the default."""

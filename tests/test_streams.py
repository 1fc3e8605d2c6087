"""Streams and splits: well mixed, reproducible, in the stated shares."""

import numpy as np
import pytest

from trm_gym.splits import SPLITS, split_index, split_of
from trm_gym.streams import mix


def test_the_same_parts_give_the_same_hash_alone_and_in_a_batch():
    seeds = np.array([0, 1, 2**63 - 1], dtype=np.uint64)
    batch = mix(seeds, np.arange(3), 7)
    for i in range(3):
        assert mix(int(seeds[i]), i, 7) == batch[i : i + 1]


def test_hashes_stay_what_they_are():
    """Problems are a function of these, so a changed constant would change every result ever reported."""
    assert mix(0, 0, 0, 0).tolist() == [3369492976528302848]
    assert mix(1, 2, 3, 0).tolist() == [5068336598288815722]


def test_parts_broadcast_and_their_order_matters():
    assert mix(np.arange(4)[:, None], np.arange(3)).shape == (4, 3)
    assert mix(1, 2) != mix(2, 1)
    assert mix(1) != mix(1, 0)


def test_neighbours_share_nothing():
    grid = mix(np.arange(400)[:, None], np.arange(250))
    assert len(np.unique(grid)) == grid.size
    flipped = np.bitwise_count(grid[1:] ^ grid[:-1])
    assert abs(flipped.mean() - 32) < 0.1, "a step of one must flip half of the 64 bits"
    ones = np.bitwise_count(grid[..., None] & (np.uint64(1) << np.arange(64, dtype=np.uint64))).mean((0, 1))
    assert np.all(abs(ones - 0.5) < 0.01), "every bit must be set half of the time"


@pytest.mark.parametrize("parts", [(), (1.5,), (np.array([0.0]),), ("seed",)])
def test_only_integers_are_mixed(parts):
    with pytest.raises(ValueError, match="mix"):
        mix(*parts)


def test_splits_come_in_their_shares():
    shares = np.bincount(split_of(mix(np.arange(200_000))), minlength=3) / 200_000
    np.testing.assert_allclose(shares, [0.8, 0.1, 0.1], atol=0.004)
    assert split_of(np.array([0, 2**64 - 1], dtype=np.uint64)).tolist() == [0, 2]


def test_splits_have_names():
    assert [split_index(name) for name in SPLITS] == [0, 1, 2]
    with pytest.raises(ValueError, match=r"unknown split 'dev': use one of train, validation, test"):
        split_index("dev")

"""Where a fraction of a log with a clock ends: at an instant, whatever order its rows come in."""

import numpy as np
import pytest

from infnet_keras.data.history.instant_counts import InstantCounts


def counted(*parts: np.ndarray, most: int = 1 << 20) -> InstantCounts:
    counts = InstantCounts(most)
    for part in parts:
        counts.add(np.asarray(part, np.int64))
    return counts


@pytest.mark.parametrize(
    ("instants", "fraction", "start"),
    [
        (range(10), 0.8, 8),  # as by position
        (range(7), 0.5, 4),  # of two that are as near the later
        ([5] * 9 + [7], 0.8, 7),
        ([5] * 7 + [7] * 3, 0.8, 7),
        ([5] * 2 + [7] * 8, 0.1, 7),
        ([5, 6, 7], 1.0, 8),
        ([5], 0.2, 5),
        ([], 0.5, 0),
        ([2**41, 2**41 + 1], 0.5, 2**41 + 1),
    ],
)
def test_no_instant_is_on_both_sides(instants, fraction, start) -> None:
    assert counted(list(instants)).start(fraction) == start


def test_the_order_of_rows_does_not_matter() -> None:
    """Nor does how they are spread over files, even where instants are counted together."""
    random = np.random.default_rng(0)
    instants = random.integers(1_600_000_000_000, 1_600_000_000_000 + 3_000, 5_000)
    whole = counted(instants, most=100)
    parts = np.array_split(random.permutation(instants), 7)
    added = counted(*parts, most=100)
    merged = InstantCounts(100)
    for part in parts:
        merged.merge(counted(part, most=100))
    for fraction in (0.01, 0.3, 0.5, 0.8, 1.0):
        start = whole.start(fraction)
        assert start == added.start(fraction) == merged.start(fraction)
        # 3,000 ms in at most 100 counts: no more than 64 ms in one.
        assert abs((instants < start).mean() - fraction) <= 0.5 * 64 / 3_000 + 0.01


def test_instants_are_exact_up_to_the_most() -> None:
    instants = np.random.default_rng(1).permutation(1_000) * 977
    assert counted(instants, most=1_000).start(0.8) == 800 * 977
    assert counted(instants, most=999).start(0.8) != 800 * 977

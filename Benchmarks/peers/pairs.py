"""Exact answers for two streams of tags, found unlike any peer finds them: by shifting the merged stream."""
from __future__ import annotations

from itertools import count
from typing import Iterator

import numpy as np


def neighbours(times: np.ndarray, window_ps: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """All pairs of places in a sorted stream that are at most `window_ps` apart, one shift at a time."""
    for shift in count(1):
        if shift >= times.size:
            return
        first = np.flatnonzero(times[shift:] - times[:-shift] <= window_ps)
        # Times are sorted: if no tag is near the one `shift` places on, none is near one further on.
        if not first.size:
            return
        yield first, first + shift


def crossing(times: np.ndarray, bob: np.ndarray, window_ps: int) -> tuple[np.ndarray, np.ndarray]:
    """Places of all pairs of the two sides within the window, in the order of the first, then the second."""
    parts = [(p[bob[p] != bob[q]], q[bob[p] != bob[q]]) for p, q in neighbours(times, window_ps)]
    first = np.concatenate([p for p, _ in parts] or [np.zeros(0, np.int64)])
    second = np.concatenate([q for _, q in parts] or [np.zeros(0, np.int64)])
    order = np.lexsort((second, first))
    return first[order], second[order]


def merged(alice: np.ndarray, bob: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The order that merges both sides, Alice's first where they are equal, and the merged times."""
    both = np.concatenate([alice, bob])
    order = np.argsort(both, kind="stable")
    return order, both[order]


def matched(alice: np.ndarray, bob: np.ndarray, window_ps: int) -> tuple[np.ndarray, np.ndarray]:
    """Indices into Alice's and Bob's tags of all pairs within the window, in Alice's order, then Bob's."""
    order, times = merged(alice, bob)
    is_bob = order >= alice.size
    first, second = crossing(times, is_bob, window_ps)
    first, second = order[first], order[second]
    left, right = np.minimum(first, second), np.maximum(first, second) - alice.size
    sequence = np.lexsort((right, left))
    return left[sequence], right[sequence]


def histogram(alice: np.ndarray, bob: np.ndarray, window_ps: int, bin_ps: int) -> tuple[np.ndarray, int]:
    """Counts of Bob's less Alice's time in bins of [−window, window), and how many are exactly +window."""
    order, times = merged(alice, bob)
    is_bob = order >= alice.size
    counts, edge = np.zeros(2 * window_ps // bin_ps, np.int64), 0
    for p, q in neighbours(times, window_ps):
        cross = is_bob[p] != is_bob[q]
        p, q = p[cross], q[cross]
        difference = np.where(is_bob[q], times[q] - times[p], times[p] - times[q])
        edge += int(np.count_nonzero(difference == window_ps))
        inside = difference[difference < window_ps]
        counts += np.bincount((inside + window_ps) // bin_ps, minlength=counts.size)
    return counts, edge

"""W2: all pairs of two sorted streams within ±500 ps, as an index list and a 4 × 4 matrix of channels."""
from __future__ import annotations

import numpy as np

import pairs
from bench import Bench, Peer, differs, jit

TITLE = "coincidences, all pairs within ±500 ps"
UNIT = "tags"
FILES = tuple(f"w2-{side}.{what}" for side in ("alice", "bob", "merged") for what in ("times", "channels"))
WINDOW_PS = 500


def two_pointers(alice, bob, alice_channels, bob_channels, left, right, matrix):
    matrix[:] = 0
    count = 0
    first = 0
    for i in range(alice.size):
        low = alice[i] - WINDOW_PS
        high = alice[i] + WINDOW_PS
        while first < bob.size and bob[first] < low:
            first += 1
        j = first
        while j < bob.size and bob[j] <= high:
            left[count] = i
            right[count] = j
            matrix[alice_channels[i], bob_channels[j]] += 1
            count += 1
            j += 1
    return count


def look_ahead(times, channels, left, right, matrix):
    matrix[:] = 0
    count = 0
    for i in range(times.size):
        high = times[i] + WINDOW_PS
        channel = channels[i]
        j = i + 1
        while j < times.size and times[j] <= high:
            other = channels[j]
            if (channel ^ other) & 4:
                left[count] = i
                right[count] = j
                matrix[min(channel, other), max(channel, other) - 4] += 1
                count += 1
            j += 1
    return count


class Streams:
    """Both sides' tags, and room for all their pairs."""

    def __init__(self, bench: Bench) -> None:
        self.alice, self.bob = bench.load("w2-alice.times", "<i8"), bench.load("w2-bob.times", "<i8")
        self.a, self.b = bench.load("w2-alice.channels", "u1"), bench.load("w2-bob.channels", "u1")
        self.items = self.alice.size + self.bob.size

    def check(self, left, right, matrix) -> str | None:
        i, j = pairs.matched(self.alice, self.bob, WINDOW_PS)
        return (differs("Alice's indices", left, i) or differs("Bob's indices", right, j)
                or self.check_matrix(matrix, i, j))

    def check_matrix(self, matrix, i, j) -> str | None:
        cells = self.a[i].astype(np.int64) * 4 + self.b[j]
        return differs("the matrix", matrix, np.bincount(cells, minlength=16).reshape(4, 4))

    def room(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        near = np.searchsorted(self.bob, self.alice + WINDOW_PS, "right")
        count = int((near - np.searchsorted(self.bob, self.alice - WINDOW_PS, "left")).sum())
        return np.empty(count, np.int32), np.empty(count, np.int32), np.zeros((4, 4), np.int64)

    def merged(self) -> tuple[np.ndarray, np.ndarray]:
        order, times = pairs.merged(self.alice, self.bob)
        return times, np.concatenate([self.a, self.b + np.uint8(4)])[order]


def with_numba(bench: Bench) -> None:
    streams, find = Streams(bench), jit(two_pointers)
    left, right, matrix = streams.room()
    bench.measure("pairs", streams.items,
                  lambda: find(streams.alice, streams.bob, streams.a, streams.b, left, right, matrix),
                  lambda count: streams.check(left[:count], right[:count], matrix), "two pointers, arrays reused")

    if bench.records is None:
        times, channels = bench.load("w2-merged.times", "<i8"), bench.load("w2-merged.channels", "u1")
    else:
        times, channels = streams.merged()
    ahead = jit(look_ahead)

    def check(count: int) -> str | None:
        p, q = pairs.crossing(times, channels >= 4, WINDOW_PS)
        cells = np.minimum(channels[p], channels[q]).astype(np.int64) * 4 + np.maximum(channels[p], channels[q]) - 4
        return (differs("first places", left[:count], p) or differs("second places", right[:count], q)
                or differs("the matrix", matrix, np.bincount(cells, minlength=16).reshape(4, 4)))

    bench.measure("merged", times.size, lambda: ahead(times, channels, left, right, matrix), check,
                  "looks ahead in the merged stream, arrays reused")


def with_numpy(bench: Bench) -> None:
    streams = Streams(bench)

    def find():
        low = np.searchsorted(streams.bob, streams.alice - WINDOW_PS, "left")
        counts = np.searchsorted(streams.bob, streams.alice + WINDOW_PS, "right") - low
        left = np.repeat(np.arange(streams.alice.size), counts)
        right = np.arange(left.size) + np.repeat(low - (np.cumsum(counts) - counts), counts)
        cells = streams.a[left].astype(np.int64) * 4 + streams.b[right]
        return left, right, np.bincount(cells, minlength=16).reshape(4, 4)

    bench.measure("pairs", streams.items, find, lambda found: streams.check(*found), "searchsorted")


def with_tangy(bench: Bench) -> None:
    import tangy

    streams = Streams(bench)
    times, channels = streams.merged()
    buffer = tangy.TangyBuffer("peers-w2", 1e-12, channel_count=8, capacity=times.size + 1)
    buffer.push(channels, times.astype(np.uint64))
    span_seconds = buffer.time_in_buffer()

    # It finds tags that are up to twice its window apart.
    window_seconds = WINDOW_PS / 2 * 1e-12

    def count():
        return np.array([[buffer.coincidence_count(span_seconds, window_seconds, [a, 4 + b]) for b in range(4)]
                         for a in range(4)])

    bench.measure("pairs", streams.items, count,
                  lambda m: streams.check_matrix(m, *pairs.matched(streams.alice, streams.bob, WINDOW_PS)),
                  "the matrix only, a call a cell, from its merged buffer")


PEERS = [
    Peer("numba loop", "numba", with_numba),
    Peer("numpy", "numpy", with_numpy),
    Peer("tangy", "tangy", with_tangy),
]

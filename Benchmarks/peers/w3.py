"""W3: histogram of all time differences of two sorted streams in ±100 ns, 2000 bins of 100 ps."""
from __future__ import annotations

import numpy as np

import pairs
from bench import Bench, Peer, differs, jit

TITLE = "histogram of all differences in ±100 ns, 2000 bins"
UNIT = "tags"
FILES = ("w2-alice.times", "w2-bob.times")
WINDOW_PS = 100_000
BIN_PS = 100
BINS = 2 * WINDOW_PS // BIN_PS


def two_pointers(alice, bob, counts):
    counts[:] = 0
    first = 0
    for i in range(alice.size):
        low = alice[i] - WINDOW_PS
        high = alice[i] + WINDOW_PS
        while first < bob.size and bob[first] < low:
            first += 1
        j = first
        while j < bob.size and bob[j] < high:
            # The difference is not negative: unsigned division by a constant is the cheaper one.
            counts[np.uint64(bob[j] - low) // np.uint64(BIN_PS)] += 1
            j += 1


def streams(bench: Bench) -> tuple[np.ndarray, np.ndarray]:
    return bench.load("w2-alice.times", "<i8"), bench.load("w2-bob.times", "<i8")


def check(counts, alice: np.ndarray, bob: np.ndarray, closed: bool = False) -> str | None:
    """Holds all bins against the exact ones; `closed`: a difference of exactly +100 ns is in the last bin."""
    want, edge = pairs.histogram(alice, bob, WINDOW_PS, BIN_PS)
    want[-1] += edge if closed else 0
    total = int(np.sum(counts))
    sums = f" ({total:,} differences instead of {want.sum():,})" if total != want.sum() else ""
    wrong = differs("bins", counts, want)
    return wrong and wrong + sums


def with_numba(bench: Bench) -> None:
    alice, bob = streams(bench)
    counts, count = np.zeros(BINS, np.int64), jit(two_pointers)
    bench.measure("histogram", alice.size + bob.size, lambda: count(alice, bob, counts),
                  lambda _: check(counts, alice, bob), "two pointers")


def with_pytimetag(bench: Bench) -> None:
    from pytimetag.analysers.HistogramAnalyser import HistogramAnalyser
    from pytimetag.datablock import DataBlock

    alice, bob = streams(bench)
    begin, end = int(min(alice[0], bob[0])), int(max(alice[-1], bob[-1])) + 1
    block = DataBlock.create([alice, bob], 0, begin, end)
    analyser = HistogramAnalyser(2)
    analyser.turnOn({"Sync": 0, "Signals": [1], "ViewStart": -WINDOW_PS, "ViewStop": WINDOW_PS, "BinCount": BINS,
                     "Divide": 1})
    bench.measure("histogram", alice.size + bob.size, lambda: analyser.dataIncome(block),
                  lambda result: check(result["Histograms"][0], alice, bob, closed=True), "its last bin is closed")


def with_tttrlib(bench: Bench) -> None:
    import tttrlib

    alice, bob = (side.astype(np.uint64) for side in streams(bench))
    ones = np.ones(alice.size), np.ones(bob.size)

    # One cascade of steps of 1 ps: exact counts for every lag from 0 to the window.
    correlators = [tttrlib.Correlator(method="felekyan", n_bins=WINDOW_PS, n_casc=1) for _ in range(2)]

    def lags(correlator, first, second, first_ones, second_ones) -> np.ndarray:
        correlator.set_macrotimes(first, second)
        correlator.set_weights(first_ones, second_ones)
        correlator.run()
        return correlator.get_corr()

    def count() -> np.ndarray:
        later = lags(correlators[0], alice, bob, *ones)
        earlier = lags(correlators[1], bob, alice, *reversed(ones))
        # −window to −1 ps, then 0 to +window − 1 ps.
        every = np.concatenate([earlier[WINDOW_PS:0:-1], later[:WINDOW_PS]])
        return every.reshape(BINS, BIN_PS).sum(axis=1)

    bench.measure("histogram", alice.size + bob.size, count,
                  lambda counts: check(counts, alice.astype(np.int64), bob.astype(np.int64)),
                  "two correlations, lags of 1 ps summed to bins")


def with_tangy(bench: Bench) -> None:
    import tangy

    alice, bob = streams(bench)
    order, times = pairs.merged(alice, bob)
    buffer = tangy.TangyBuffer("peers-w3", 1e-12, channel_count=2, capacity=times.size + 1)
    buffer.push((order >= alice.size).astype(np.uint8), times.astype(np.uint64))
    span_seconds, bin_seconds = buffer.time_in_buffer(), BIN_PS * 1e-12
    # With the product it has all 2000 bins; with 1e-7, which is a shade less, 1998.
    window_seconds = BINS // 2 * bin_seconds
    bench.measure("histogram", times.size,
                  lambda: buffer.second_order_coherence(0, 1, span_seconds, window_seconds, bin_seconds),
                  lambda result: check(result[1], alice, bob), "from its merged buffer")


PEERS = [
    Peer("numba loop", "numba", with_numba),
    Peer("pytimetag", "pytimetag", with_pytimetag),
    Peer("tttrlib", "tttrlib", with_tttrlib),
    Peer("tangy", "tangy", with_tangy),
]

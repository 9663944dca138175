"""W1: decode a PTU file of HydraHarp 2 T2 records to picoseconds and channels of all photons."""
from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np

import ptu
from bench import Bench, Peer, differs, jit

TITLE = "decode PTU records"
UNIT = "records"
CASES = {"decode": "w1-10mcps.ptu", "decode-1mcps": "w1-1mcps.ptu"}
FILES = tuple(CASES.values())
# Records that fit a first-level cache together with 9 bytes of output each.
CACHED = 1536


def exact(words: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Times, ps, and channels, from a running sum over all records, a piece at a time."""
    times, channels, base = [], [], 0
    for start in range(0, words.size, 1 << 22):
        piece = np.asarray(words[start : start + (1 << 22)])
        special, channel, low = piece >> 31, (piece >> 25) & 63, (piece & 0x1FFFFFF).astype(np.int64)
        # An overflow record whose number is 0 stands for one.
        added = np.where((special == 1) & (channel == 63), np.maximum(low, 1) << 25, 0)
        total = base + np.cumsum(added)
        photon = special == 0
        times.append((total + low)[photon])
        channels.append(channel[photon].astype(np.uint8))
        base = int(total[-1])
    return np.concatenate(times), np.concatenate(channels)


def decode_loop(words, times, channels):
    base = 0
    count = 0
    for word in words:
        low = np.int64(word & 0x1FFFFFF)
        channel = (word >> 25) & 63
        if word >> 31:
            if channel == 63:
                base += max(low, 1) << 25
        else:
            times[count] = base + low
            channels[count] = channel
            count += 1
    return count


def many_decodes(decode, words, times, channels, repeats):
    count = 0
    for _ in range(repeats):
        count += decode(words, times, channels)
    return count


def files(bench: Bench, tags: dict[str, int] | None = None) -> list[tuple[str, Path]]:
    """Cases and their files: those written by the tool, or copies if they are to be cut or need more tags."""
    found = []
    for case, name in CASES.items():
        source = bench.folder / name
        if bench.records is not None or tags:
            source = ptu.copy(source, bench.scratch / name, bench.records, tags)
        found.append((case, source))
    return found


def check(times, channels, words: np.ndarray) -> str | None:
    want = exact(words)
    return differs("times", times, want[0]) or differs("channels", channels, want[1])


def with_ptufile(bench: Bench) -> None:
    import ptufile

    for case, path in files(bench):
        with ptufile.PtuFile(path) as file:
            words = np.array(file.read_records())

            def photons(decoded, words=words):
                kept = decoded[decoded["channel"] >= 0]
                return check(kept["time"].astype(np.int64), kept["channel"].astype(np.uint8), words)

            bench.measure(case, words.size, lambda: file.decode_records(words), photons,
                          "from memory, into a new array; overflows stay in it")
        if case == "decode":
            whole_process(bench, path, words, "import ptufile\nr = ptufile.PtuFile(sys.argv[1]).decode_records()\n"
                          "c = r['channel'][r['channel'] >= 0]\n")


def with_tttrlib(bench: Bench) -> None:
    import tttrlib

    for case, path in files(bench):
        words = np.array(ptu.records(path))
        bench.measure(case, words.size, lambda: tttrlib.TTTR(str(path)),
                      lambda t: check(t.macro_times.astype(np.int64), t.routing_channels.astype(np.uint8), words),
                      "reads the file too")
        if case == "decode":
            whole_process(bench, path, words, "import tttrlib\nc = tttrlib.TTTR(sys.argv[1]).routing_channels\n")


def whole_process(bench: Bench, path: Path, words: np.ndarray, program: str) -> None:
    """Counts of each channel, printed by a process of its own."""
    want = np.bincount(exact(words)[1]).tolist()
    program = "import sys\nimport numpy\n" + program + "print(numpy.bincount(c).tolist())\n"
    bench.measure_process("info", words.size, program, [str(path)],
                          lambda text: None if text.strip() == str(want) else f"{text.strip()} instead of {want}")


def with_tangy(bench: Bench) -> None:
    import tangy

    # It wants to know how many inputs the instrument has.
    for case, path in files(bench, {"HW_InpChannels": 8}):
        words = np.array(ptu.records(path))
        numbers = itertools.count()

        def read():
            # It cannot go back in a file, and of two buffers of one name the second is the first: hence new ones.
            file = tangy.PTUFile(str(path), f"peers-{case}-{next(numbers)}", words.size)
            file.read(words.size)
            return file.buffer()

        def photons(buffer):
            channels, times = buffer[buffer.begin : buffer.begin + buffer.count]
            # It counts inputs from 1.
            return check(times.astype(np.int64), (channels - 1).astype(np.uint8), words)

        bench.measure(case, words.size, read, photons, "reads the file too, into a new buffer")


def with_numba(bench: Bench) -> None:
    decode, repeat = jit(decode_loop), jit(many_decodes)
    for case, path in files(bench):
        words = np.array(ptu.records(path))
        times, channels = np.empty(words.size, np.int64), np.empty(words.size, np.uint8)
        bench.measure(case, words.size, lambda: decode(words, times, channels),
                      lambda count: check(times[:count], channels[:count], words), "from memory, arrays reused")
        if case == "decode":
            part = words[:CACHED].copy()
            repeats = max(1, words.size // part.size)
            bench.measure("decode-L1", part.size * repeats, lambda: repeat(decode, part, times, channels, repeats),
                          lambda count: check(times[: count // repeats], channels[: count // repeats], part),
                          f"{part.size} records again and again")


PEERS = [
    Peer("ptufile", "ptufile", with_ptufile),
    Peer("tttrlib", "tttrlib", with_tttrlib),
    Peer("tangy", "tangy", with_tangy),
    Peer("numba loop", "numba", with_numba),
]

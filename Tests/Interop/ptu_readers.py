#!/usr/bin/env python3
"""Exchanges PicoQuant PTU files with ptufile and phconvert, both ways, tag by tag.

usage: ptu_readers.py QKDCTL [FOLDER]

QKDCTL is the program; the script calls

    QKDCTL tags convert IN.csv OUT.ptu --to NAME --resolution-ps R [--sync-period-ps P]
    QKDCTL tags convert IN.ptu OUT.csv --to csv --specials

where a CSV file has lines `time_ps,channel`; channel 64 is a sync event, 64 + m a marker with the mask m. Files
stay in FOLDER if one is named.

Needs `pip install ptufile==2026.2.6 phconvert==0.10.2`. Prints what was compared for each record type, then
`N passed, N failed`; exit code 1 if anything failed.

What the two cannot do, and what is done about it here:

- ptufile gives a T2 sync event as input 0, a PicoHarp 300 marker of T2 with the mask still in the low four bits
  of the time, and inputs of PicoHarp T3 from 0. An overflow record of T2 that stands for 128 or more it multiplies
  in 32 bits; our files hold none. It writes images only, as PicoHarp T3 or generic T3.
- phconvert 0.10.2 writes nothing. Its array code fails on PicoHarp T2 ("base") and its loops lose the masks of PicoHarp
  markers ("loop"), so T2 of PicoHarp is compared without masks. Its times go through a Double: below 2^53 ticks.
"""

import logging
import os
import random
import subprocess
import sys
import tempfile
from fractions import Fraction

import numpy as np
import ptufile
from phconvert import pqreader
from ptufile.ptufile import encode_tag

OVERFLOW_TICKS = {
    "ptu-picoharp300-t2": 210_698_240,
    "ptu-picoharp300-t3": 65_536,
    "ptu-hydraharp1-t2": 33_552_000,
}
TYPES = {
    "ptu-picoharp300-t2": 0x00010203,
    "ptu-picoharp300-t3": 0x00010303,
    "ptu-hydraharp1-t2": 0x00010204,
    "ptu-hydraharp1-t3": 0x00010304,
    "ptu-hydraharp2-t2": 0x01010204,
    "ptu-hydraharp2-t3": 0x01010304,
    "ptu-timeharp260n-t2": 0x00010205,
    "ptu-timeharp260n-t3": 0x00010305,
    "ptu-timeharp260p-t2": 0x00010206,
    "ptu-timeharp260p-t3": 0x00010306,
    "ptu-generic-t2": 0x00010207,
    "ptu-generic-t3": 0x00010307,
}


class Checks:
    """Counts what held and what did not, and goes on after a failure."""

    def __init__(self):
        self.passed = 0
        self.failed = 0

    def true(self, name, holds):
        if holds:
            self.passed += 1
        else:
            self.failed += 1
            print(f"FAILED {name}")
        return holds

    def equal(self, name, value, expected):
        return self.true(f"{name}: {value!r}, expected {expected!r}", value == expected)

    def same(self, name, found, expected):
        """Whether two lists of tags are the same; shows the first difference."""
        if found == expected:
            return self.true(name, True)
        at = next((i for i, pair in enumerate(zip(found, expected)) if pair[0] != pair[1]), None)
        what = "" if at is None else f"; tag {at}: {found[at]}, expected {expected[at]}"
        return self.true(f"{name}: {len(found)} tags, expected {len(expected)}{what}", False)


class LogCount(logging.Handler):
    """Notes what ptufile complains of."""

    def __init__(self):
        super().__init__()
        self.messages = []

    def emit(self, record):
        self.messages.append(record.getMessage())


class Kind:
    """A record type with its units; a time is exact in it if it is made of its ticks and bins."""

    def __init__(self, name, resolution_ps, sync_ps=None):
        self.name = name
        self.code = TYPES[name]
        self.is_t2 = name.endswith("t2")
        self.is_pico = "picoharp" in name
        self.resolution_ps = resolution_ps
        self.sync_ps = sync_ps
        self.wrap = OVERFLOW_TICKS.get(name, 33_554_432 if self.is_t2 else 1_024)
        if self.is_t2:
            self.inputs = range(0, 5) if self.is_pico else range(0, 64)
            self.specials = range(65, 80) if self.is_pico else range(64, 80)
        else:
            self.inputs = range(1, 5) if self.is_pico else range(0, 64)
            self.specials = range(65, 80)
        self.delay_bits = 0 if self.is_t2 else 12 if self.is_pico else 15

    def __str__(self):
        return f"{self.name} {self.resolution_ps} ps" + (f", sync {self.sync_ps} ps" if self.sync_ps else "")

    def options(self):
        sync = ["--sync-period-ps", repr(self.sync_ps)] if self.sync_ps else []
        return ["--to", self.name, "--resolution-ps", repr(self.resolution_ps)] + sync

    def exact(self, tick, delay):
        """The time of a record, exactly, in picoseconds."""
        tick, delay = int(tick), int(delay)
        if self.is_t2:
            return tick * Fraction(self.resolution_ps)
        return tick * Fraction(self.sync_ps) + delay * Fraction(self.resolution_ps)

    def time(self, tick, delay):
        return int(self.exact(tick, delay) + Fraction(1, 2))

    def places(self, seed, count=4_000):
        """Places in order as (tick, delay, channel): around overflows, at equal times, after long gaps."""
        dice = random.Random(seed)
        last_delay = 0 if self.is_t2 else min((1 << self.delay_bits) - 1, int(self.sync_ps / self.resolution_ps) - 1)
        found = []
        tick, epoch = 0, 0
        while len(found) < count:
            turn = dice.randrange(8)
            if turn < 3:
                epoch = max(epoch + (1 if turn == 0 else dice.randrange(1, 3_000)), tick // self.wrap + 1)
                ticks = [epoch * self.wrap + step for step in (-2, -1, -1, 0, 0, 1, 2)]
            else:
                ticks = [tick + dice.randrange(self.wrap // 8)] * dice.randrange(1, 4)
            for tick in (max(tick, each) for each in ticks):
                channel = dice.choice([*self.inputs, *self.specials, *self.inputs])
                delay = 0 if channel > 63 else dice.choice([0, last_delay, dice.randint(0, last_delay)])
                if self.is_pico and self.is_t2 and channel > 64:
                    found.append((tick & ~15, delay, channel))
                else:
                    found.append((tick, delay, channel))
        return found


def kinds():
    for name in TYPES:
        if name.endswith("t2"):
            yield Kind(name, 4.0)
            yield Kind(name, 1.0)
        else:
            yield Kind(name, 4.0, 12_500.0)
            yield Kind(name, 1.0, 4_000.0)


def convert(program, source, target, options):
    done = subprocess.run(
        [program, "tags", "convert", source, target, *options], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(done.args)}: {done.stdout}{done.stderr}")


def write_csv(path, tags):
    with open(path, "w", encoding="ascii") as file:
        file.write("time_ps,channel\n")
        file.writelines(f"{time},{channel}\n" for time, channel in tags)


def read_csv(path):
    with open(path, encoding="ascii") as file:
        lines = [line.strip().split(",") for line in file]
    return [(int(line[0]), int(line[1])) for line in lines if line[0].lstrip("-").isdigit()]


def records_of(path):
    with ptufile.PtuFile(path) as ptu:
        return ptu.read_records().copy()


def with_ptufile(kind, path):
    """What ptufile reads: (tick, delay, channel), in our numbers but for sync events."""
    with ptufile.PtuFile(path) as ptu:
        decoded = ptu.decode_records()
    delays = np.zeros(len(decoded), np.int64) if kind.is_t2 else decoded["dtime"]
    first = 1 if kind.is_pico and not kind.is_t2 else 0
    places = []
    for tick, delay, channel, marker in zip(
            decoded["time"].tolist(), delays.tolist(), decoded["channel"].tolist(), decoded["marker"].tolist()):
        if channel >= 0:
            places.append((tick, delay, channel + first))
        elif marker:
            places.append((tick - marker if kind.is_pico and kind.is_t2 else tick, 0, 64 + marker))
    return places


def without_syncs(kind, places):
    """Sync events as ptufile gives them: input 0."""
    return [(tick, delay, 0 if channel == 64 and kind.is_t2 else channel) for tick, delay, channel in places]


def with_phconvert(kind, path):
    """What phconvert reads, and whether it tells the masks of markers."""
    records, spec, _ = pqreader.ptu_reader(path)
    loops = kind.is_pico and kind.is_t2
    ticks, channels, delays, _ = pqreader.process_pturecords(records, spec, ovcfunc="loop" if loops else "base")
    delays = np.zeros(len(ticks), np.int64) if kind.is_t2 else delays
    places = []
    for tick, delay, channel in zip(ticks.tolist(), delays.tolist(), channels.tolist()):
        if not kind.is_pico:
            # The low seven bits are ours: 64 is a sync, 64 + m a marker.
            places.append((tick, 0 if channel > 63 else delay, channel))
        elif channel > 15:
            places.append((tick, 0, 64 if loops else 48 + channel))
        else:
            places.append((tick, delay, channel))
    return places, not loops


def check_header(check, kind, path, log):
    """The header as both readers take it apart."""
    with ptufile.PtuFile(path) as ptu:
        check.equal(f"{kind} record type", int(ptu.record_type), kind.code)
        check.equal(f"{kind} mode", (ptu.is_t3, ptu.is_image), (not kind.is_t2, False))
        check.equal(f"{kind} records", ptu.number_records, len(ptu.read_records()))
        check.equal(f"{kind} bytes", ptu.record_offset + 4 * ptu.number_records, os.path.getsize(path))
        check.equal(f"{kind} tick", ptu.global_resolution, (kind.sync_ps or kind.resolution_ps) / 1e12)
        check.equal(f"{kind} bin", ptu.tcspc_resolution, kind.resolution_ps / 1e12)
        check.equal(f"{kind} sync rate", ptu.syncrate, round(1e12 / kind.sync_ps) if kind.sync_ps else 0)
        check.equal(f"{kind} identifier", ptu.guid.version, 8)
        check.true(f"{kind} date", ptu.datetime is not None and ptu.datetime.year >= 2025)
        check.true(f"{kind} text", "MeasDesc_GlobalResolution" in str(ptu))
    check.equal(f"{kind} complaints of ptufile", log.messages, [])
    log.messages.clear()
    if kind.is_pico and kind.is_t2:
        return
    _, _, _, meta, _ = pqreader.load_ptu(path, ovcfunc="base")
    check.equal(f"{kind} phconvert's tick", meta["timestamps_unit"], (kind.sync_ps or kind.resolution_ps) / 1e12)
    if not kind.is_t2:
        check.equal(f"{kind} phconvert's bin", meta["nanotimes_unit"], kind.resolution_ps / 1e12)
        check.equal(f"{kind} phconvert's rate", meta["laser_repetition_rate"], round(1e12 / kind.sync_ps))
    check.true(f"{kind} phconvert's creator", meta["software"] and meta["software_version"])


def ours_to_others(check, program, folder, log):
    for number, kind in enumerate(kinds()):
        base = os.path.join(folder, f"ours-{number}-{kind.name}")
        places = kind.places(seed=number)
        tags = [(kind.time(tick, delay), channel) for tick, delay, channel in places]
        write_csv(base + ".csv", tags)
        convert(program, base + ".csv", base + ".ptu", kind.options())
        check_header(check, kind, base + ".ptu", log)
        check.same(f"{kind} ptufile", with_ptufile(kind, base + ".ptu"), without_syncs(kind, places))
        found, has_masks = with_phconvert(kind, base + ".ptu")
        wanted = places if has_masks else [(t, d, min(c, 64)) for t, d, c in places]
        check.same(f"{kind} phconvert", found, wanted)
        convert(program, base + ".ptu", base + ".back.csv", ["--to", "csv", "--specials"])
        check.same(f"{kind} ourselves", read_csv(base + ".back.csv"), tags)
        convert(program, base + ".back.csv", base + ".again.ptu", kind.options())
        check.true(
            f"{kind} written again", np.array_equal(records_of(base + ".ptu"), records_of(base + ".again.ptu")))
        print(f"{kind}: {len(tags)} tags in {len(records_of(base + '.ptu'))} records; ptufile, phconvert"
              + ("" if has_masks else " (without masks)"))


def broken_units(check, program, folder):
    """Ticks and bins that are no whole picoseconds: near what was meant, and rounded from the exact product."""
    for number, name in enumerate(TYPES):
        kind = Kind(name, 80.955) if name.endswith("t2") else Kind(name, 2.375, 9_700.5)
        dice = random.Random(1_000 + number)
        times = sorted(dice.randrange(2 * 10**12) for _ in range(3_000))
        tags = [(time, dice.choice(kind.inputs)) for time in times]
        base = os.path.join(folder, f"broken-{name}")
        write_csv(base + ".csv", tags)
        convert(program, base + ".csv", base + ".ptu", kind.options())
        places = with_ptufile(kind, base + ".ptu")
        limit = Fraction(kind.resolution_ps) / 2 + (0 if kind.is_t2 else 1)
        near = [abs(kind.exact(tick, delay) - time) <= limit for (tick, delay, _), (time, _) in zip(places, tags)]
        check.true(f"{kind} near", len(places) == len(tags) and all(near))
        # The header's seconds as a Double are what both readers have.
        with ptufile.PtuFile(base + ".ptu") as ptu:
            tick_ps, bin_ps = ptu.global_resolution * 1e12, ptu.tcspc_resolution * 1e12
        read = Kind(name, tick_ps if kind.is_t2 else bin_ps, None if kind.is_t2 else tick_ps)
        convert(program, base + ".ptu", base + ".back.csv", ["--to", "csv", "--specials"])
        check.same(
            f"{kind} rounding", read_csv(base + ".back.csv"), [(read.time(t, d), c) for t, d, c in places])


def images_of_ptufile(check, program, folder):
    """Files that ptufile writes: images, in the two record types that it has."""
    dice = np.random.default_rng(5)
    cases = [
        ("ptu-picoharp300-t3", ptufile.PtuRecordType.PicoHarpT3, (3, 9, 7, 4, 200)),
        ("ptu-generic-t3", ptufile.PtuRecordType.GenericT3, (2, 8, 11, 9, 300)),
    ]
    for name, record_type, shape in cases:
        kind = Kind(name, 50.0, 12_500.0)
        image = dice.poisson(0.05, shape).astype(np.uint16)
        path = os.path.join(folder, f"ptufile-{name}.ptu")
        ptufile.imwrite(
            path, image, kind.sync_ps / 1e12, kind.resolution_ps / 1e12, pixel_time=1e-3, has_frames=True,
            record_type=record_type)
        compare_reading(check, program, kind, path, f"{kind} of ptufile")
        tags = read_csv(path + ".csv")
        check.equal(f"{kind} photons", sum(channel < 64 for _, channel in tags), int(image.sum()))
        lines = shape[0] * shape[1]
        markers = [sum(channel == 64 + mask for _, channel in tags) for mask in (1, 2, 4)]
        check.true(f"{kind} markers {markers}", markers[0] == lines and markers[1] == lines and markers[2] >= shape[0] - 1)
        print(f"{kind}: ptufile wrote {len(tags)} tags, the same here")


def random_records(check, program, folder):
    """Random legal records of every type behind a header of ptufile's: it and we read the same."""
    for number, kind in enumerate(kinds()):
        dice = np.random.default_rng(100 + number)
        words = dice.integers(0, 1 << 32, 30_000, np.uint32)
        words &= np.where(dice.random(len(words)) < 0.3, np.uint32(0xFE0F_FFFF), np.uint32(0xFFFF_FFFF))
        channel = words >> 28 if kind.is_pico else words >> 25 & 63
        special = channel == 15 if kind.is_pico else words >> 31 == 1
        if kind.is_pico:
            low = words >> 16 & 0xFFF
            legal = channel <= 4 if kind.is_t2 else (channel >= 1) & (channel <= 4)
            legal |= special if kind.is_t2 else special & (low <= 15)
        else:
            legal = ~special | (channel == 63) | ((channel <= 15) & ((channel > 0) | kind.is_t2))
            # In T2 ptufile multiplies the number of overflows in 32 bits: 127 is the most that it reads right.
            mask = np.uint32(0xFE00_007F if kind.is_t2 else 0xFE00_03FF)
            words = np.where(special & (channel == 63), words & mask, words)
        words = words[legal]
        header = b"PQTTTR\0\0001.0.00\0\0" + b"".join(
            encode_tag(name, value) for name, value in {
                "TTResultFormat_TTTRRecType": kind.code,
                "TTResultFormat_BitsPerRecord": 32,
                "Measurement_Mode": 2 if kind.is_t2 else 3,
                "Measurement_SubMode": 1,
                "MeasDesc_GlobalResolution": (kind.sync_ps or kind.resolution_ps) / 1e12,
                "MeasDesc_Resolution": kind.resolution_ps / 1e12,
                "TTResult_NumberOfRecords": len(words),
                "Header_End": None,
            }.items())
        path = os.path.join(folder, f"random-{number}-{kind.name}.ptu")
        with open(path, "wb") as file:
            file.write(header + words.astype("<u4").tobytes())
        compare_reading(check, program, kind, path, f"{kind} random records")
        found, has_masks = with_phconvert(kind, path)
        tags = read_csv(path + ".csv")
        ours = tags if has_masks else [(time, min(channel, 64)) for time, channel in tags]
        check.same(f"{kind} random records, phconvert", ours, [(kind.time(t, d), c) for t, d, c in found])
        print(f"{kind}: {len(words)} random records, {len(tags)} tags; ptufile, phconvert"
              + ("" if has_masks else " (without masks)"))


def compare_reading(check, program, kind, path, name):
    """Our tags of a file against ptufile's."""
    convert(program, path, path + ".csv", ["--to", "csv", "--specials"])
    places = with_ptufile(kind, path)
    ours = [(time, 0 if channel == 64 else channel) for time, channel in read_csv(path + ".csv")]
    check.same(name, ours, [(kind.time(tick, delay), channel) for tick, delay, channel in places])


def main():
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    check = Checks()
    log = LogCount()
    logging.getLogger("ptufile").addHandler(log)
    with tempfile.TemporaryDirectory() as scratch:
        folder = sys.argv[2] if len(sys.argv) == 3 else scratch
        os.makedirs(folder, exist_ok=True)
        ours_to_others(check, sys.argv[1], folder, log)
        broken_units(check, sys.argv[1], folder)
        images_of_ptufile(check, sys.argv[1], folder)
        random_records(check, sys.argv[1], folder)
    print(f"{check.passed} passed, {check.failed} failed")
    sys.exit(1 if check.failed else 0)


if __name__ == "__main__":
    main()

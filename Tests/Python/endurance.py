#!/usr/bin/env python3
"""Ten minutes of a bench: the memory at one minute and at the end, and whether anything was dropped.

Usage: endurance.py TOOL [MINUTES]. First in bench time, as fast as it goes; then in real time, against emulators in
another process. Prints the figures and 'N passed, N failed'.
"""
import json
import os
import re
import subprocess
import sys
import tempfile
import time

from checks import check, finish

TOOL = os.path.abspath(sys.argv[1])
MINUTES = float(sys.argv[2]) if len(sys.argv) > 2 else 10


def resident(process):
    """Resident memory, MB; None when the process has ended."""
    try:
        with open(f"/proc/{process.pid}/status", encoding="utf-8") as file:
            found = re.search(r"VmRSS:\s+(\d+) kB", file.read())
    except FileNotFoundError:
        return None
    return int(found.group(1)) / 1024 if found else None


def typical(samples, at):
    """The median size within 20 s of a wall time: it rises and falls with each frame."""
    sizes = sorted(size for when, size in samples if abs(when - at) <= 20)
    return sizes[len(sizes) // 2]


def follow(name, process, out, of, also=None):
    """Samples memory until the run ends; `of` tells from its wall time when a minute of the bench had passed.

    Returns the samples of the process `also`: wall time, MB.
    """
    started, samples, others = time.time(), [], []
    while process.poll() is None:
        size = resident(process)
        if also:
            others.append((time.time() - started, resident(also)))
        if size is not None:
            samples.append((time.time() - started, size))
        time.sleep(0.5)
    check(f"{name} ends 0", process.returncode == 0, process.stderr.read())
    wall = time.time() - started
    at_minute, at_end = typical(samples, of(wall)), typical(samples, wall)
    largest = max(size for _, size in samples)
    with open(os.path.join(out, "report.json"), encoding="utf-8") as file:
        result = json.load(file)["result"]
    frames, tags = result["frames"], result["tags"]
    print(f"{name}: {wall:.0f} s of wall, {frames['synchronised']} of {frames['played']} frames, {tags['received']} tags, "
          f"{result['sifted_bits']} bits, {len(result['holes'])} holes; RSS {at_minute:.1f} MB after a minute, "
          f"{at_end:.1f} MB at the end, largest {largest:.1f} MB")
    check(f"{name}: nothing dropped", tags["dropped_batches"] == 0 and tags["resyncs"] == 0 and not result["holes"])
    check(f"{name}: every frame found", frames["synchronised"] == frames["played"], frames)
    if result["clock"].get("truth"):
        check(f"{name}: every frame in its place", result["clock"]["truth"]["frames_off_slot"] == 0)
    # Both keys are held, a bit a bit, in arrays that may be twice as long as what they hold.
    growth = at_end - at_minute
    allowed = 16 + result["sifted_bits"] * 4 / 8 / 2**20
    check(f"{name}: memory is flat but for the keys", growth <= allowed, (growth, allowed))
    print(f"{name}: holes {result['holes']}")
    return others


def main():
    duration = str(60 * MINUTES)
    with tempfile.TemporaryDirectory() as folder:
        out = os.path.join(folder, "bench-time")
        process = subprocess.Popen([TOOL, "run", "--duration", duration, "--out", out], stdout=subprocess.DEVNULL,
                                   stderr=subprocess.PIPE)
        follow("bench time", process, out, lambda wall: wall / MINUTES)
        out, live = os.path.join(folder, "real-time"), os.path.join(folder, "live.toml")
        emulators = subprocess.Popen([TOOL, "emulate", "bb84-loopback", "--write-bench", live, "--log",
                                      os.path.join(folder, "log")], stdout=subprocess.PIPE)
        while not os.path.exists(live):
            time.sleep(0.1)
        process = subprocess.Popen([TOOL, "run", "--bench", live, "--duration", duration, "--out", out],
                                   stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        sizes = follow("real time", process, out, lambda wall: 60, also=emulators)
        minute, end = typical(sizes, 60), typical(sizes, sizes[-1][0])
        print(f"the emulators: RSS {minute:.1f} MB after a minute, {end:.1f} MB at the end")
        check("the emulators' memory is flat", end - minute <= 16, (minute, end))
        emulators.terminate()
        emulators.wait()
    finish()


if __name__ == "__main__":
    main()

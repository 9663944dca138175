#!/usr/bin/env python3
"""Runs in which the emulated tagger suffers: what is left must be where it was and have the link's error rate.

Usage: recovery_acceptance.py TOOL [SEEDS]. Prints a row a run and 'N passed, N failed'.
"""
import json
import math
import os
import random
import subprocess
import sys
import tempfile

from checks import check, finish

TOOL = os.path.abspath(sys.argv[1])
SEEDS = int(sys.argv[2]) if len(sys.argv) > 2 else 20
FRAME_S = 0.11  # 1,000,000 slots of 100 ns and a gap of 10 ms
PULLS = []


def faults(seed):
    """One fault of each kind, a second apart, with the bench time in which its frames may be missed."""
    draw = random.Random(seed)
    at = iter([0.6 + number * 1.3 + draw.uniform(0, 0.2) for number in range(5)])
    stall, away = draw.uniform(0.01, 0.6), draw.uniform(0.1, 0.6)
    step = draw.choice([-1, 1]) * 10 ** draw.uniform(-8, -1)
    kinds = [("lose-bytes", 2, 0), ("overflow", draw.randint(100, 5000), 0.1), ("stall", round(stall, 4), stall),
             ("unplug", round(away, 4), 0), ("clock-step", f"{step:.3g}", 2 * FRAME_S)]
    draw.shuffle(kinds)
    return [(f"{kind}@{next(at):.4f}={value}", lost) for kind, value, lost in kinds]


def run(folder, name, seed, duration, given):
    out = os.path.join(folder, name.replace(" ", "-"))
    options = [word for fault in given for word in ("--fault", fault)]
    done = subprocess.run([TOOL, "run", "--seed", str(seed), "--duration", str(duration), "--out", out, *options],
                          capture_output=True, text=True)
    check(f"{name} ends 0", done.returncode == 0, done.stderr)
    with open(os.path.join(out, "report.json"), encoding="utf-8") as file:
        return json.load(file)["result"]


def check_rest(name, result, pulls):
    """Every frame that was sifted is in its place, and the bits' errors are the link's within 4.5 sigma."""
    truth = result["clock"]["truth"]
    check(f"{name}: no frame off its slots", truth["frames_off_slot"] == 0)
    check(f"{name}: starts within 0.5 ns", truth["worst_start_deviation_ns"] < 0.5, truth)
    for basis, facts in result["bases"].items():
        rate = result["expected"]["qber"][basis]
        if facts["sifted"] == 0:
            continue
        pull = (facts["qber"] - rate) / math.sqrt(rate * (1 - rate) / facts["sifted"])
        pulls.append(pull)
        check(f"{name}: QBER {basis}", abs(pull) < 4.5, pull)
    frames = result["frames"]
    check(f"{name}: every frame is accounted for",
          frames["played"] == frames["synchronised"] + frames["lost"] + frames["with_holes"], frames)


def main():
    with tempfile.TemporaryDirectory() as folder:
        for seed in range(1, SEEDS + 1):
            given = faults(seed)
            result = run(folder, f"seed {seed}", seed, 7.5, [fault for fault, _ in given])
            check_rest(f"seed {seed}", result, PULLS)
            frames = result["frames"]
            missed = frames["played"] - frames["synchronised"]
            # Each fault touches two frames at most, besides those that its length covers.
            most = sum(2 + math.ceil(lost / FRAME_S) for _, lost in given)
            check(f"seed {seed}: the next frames are found", missed <= most, (missed, most, given, frames))
            causes = [hole["cause"] for hole in result["holes"]]
            check(f"seed {seed}: lost bytes and the lost tagger are named",
                  {"misalignment", "deviceLost"} <= set(causes), causes)
            print(f"seed {seed:2}: {frames['synchronised']} of {frames['played']} frames, holes {', '.join(causes)}")
        # A step by one whole slot anywhere in a frame: the hardest to see.
        for number in range(SEEDS):
            at = 0.22 + 0.1 * (number + 0.5) / SEEDS
            result = run(folder, f"step {number}", 3, 0.66, [f"clock-step@{at:.5f}=1e-7"])
            check_rest(f"step at {at:.4f} s", result, [])
            frames = result["frames"]
            check(f"step at {at:.4f} s costs its frame and no other",
                  frames["played"] - frames["synchronised"] == 1, frames)
    mean = sum(PULLS) / len(PULLS)
    rms = math.sqrt(sum(pull * pull for pull in PULLS) / len(PULLS))
    print(f"QBER pulls: mean {mean:+.2f} ± {1 / math.sqrt(len(PULLS)):.2f}, rms {rms:.2f}, largest "
          f"{max(abs(pull) for pull in PULLS):.2f}")
    finish()


if __name__ == "__main__":
    main()

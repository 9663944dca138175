#!/usr/bin/env python3
"""The long statistical checks of the emulated bench: 10 s of bench time, 20 seeds, both benches.

Usage: acceptance.py TOOL [SEEDS]. Prints a row a run and 'N passed, N failed'.
"""
import json
import math
import os
import subprocess
import sys
import tempfile
import time

from checks import check, finish

HERE = os.path.dirname(os.path.abspath(__file__))
TOOL = os.path.abspath(sys.argv[1])
SEEDS = int(sys.argv[2]) if len(sys.argv) > 2 else 20
DURATION = "10"


def sigmas(count, trials, expected):
    """How far a binomial count lies from its expectation, in standard deviations of the expectation."""
    return (count - trials * expected) / math.sqrt(trials * expected * (1 - expected))


def run(bench, seed, folder):
    out = os.path.join(folder, f"{bench}-{seed}")
    subprocess.run([TOOL, "run", "--bench", bench, "--seed", str(seed), "--duration", DURATION, "--out", out],
                   check=True, stdout=subprocess.DEVNULL)
    subprocess.run([sys.executable, os.path.join(HERE, "compare_keys.py"), out], check=True, stdout=subprocess.DEVNULL)
    with open(os.path.join(out, "report.json"), encoding="utf-8") as file:
        return json.load(file)


def check_clock(name, report):
    result = report["result"]
    clock, frames = result["clock"], result["frames"]
    check(f"{name}: every frame found", frames["synchronised"] == frames["played"])
    check(f"{name}: slot exact", clock["truth"]["frames_off_slot"] == 0)
    check(f"{name}: residual at most 0.6 ns rms", clock["residual_rms_ns"] <= 0.6)
    check(f"{name}: skew error at most 1e-8", abs(clock["truth"]["skew_deviation"]) <= 1e-8)


def main():
    within, started, wall = 0, time.time(), 0.0
    pulls = {"loopback gain": [], "ideal live gain": [], "QBER Z": [], "QBER X": []}
    with tempfile.TemporaryDirectory() as folder:
        for seed in range(1, SEEDS + 1):
            report = run("bb84-loopback", seed, folder)
            result = report["result"]
            wall += report["run"]["wall_seconds"]
            check_clock(f"seed {seed}", report)
            qber = {}
            for basis in "ZX":
                facts = result["bases"][basis]
                qber[basis] = sigmas(facts["errors"], facts["sifted"], result["expected"]["qber"][basis])
                pulls[f"QBER {basis}"].append(qber[basis])
            within += all(abs(value) <= 3 for value in qber.values())
            gains = {}
            for name, facts in result["gains"].items():
                gains[name] = sigmas(facts["detected"], facts["sent"], result["expected"]["gains"][name])
                pulls["loopback gain"].append(gains[name])
                check(f"seed {seed}: gain of {name} within 4 sigma of the closed form", abs(gains[name]) <= 4)
            ideal = run("bb84-ideal", seed, folder)["result"]
            live = {}
            for name, facts in ideal["gains"].items():
                live[name] = sigmas(facts["live_detected"], facts["live_sent"], ideal["expected"]["live_gains"][name])
                pulls["ideal live gain"].append(live[name])
                check(f"seed {seed}: ideal gain of {name} within 4 sigma of 1-(1-Y0)exp(-eta mu)", abs(live[name]) <= 4)
            clock = result["clock"]
            print(f"seed {seed:2}: {result['frames']['synchronised']}/{result['frames']['played']} frames, "
                  f"residual {clock['residual_rms_ns']:.4f} ns, skew off {clock['truth']['skew_deviation']:+.1e}, "
                  f"start off {clock['truth']['worst_start_deviation_ns']:.3f} ns, "
                  f"QBER Z {qber['Z']:+.2f} X {qber['X']:+.2f} sigma, gains "
                  + " ".join(f"{value:+.2f}" for value in gains.values())
                  + ", ideal " + " ".join(f"{value:+.2f}" for value in live.values()) + " sigma", flush=True)
    needed = math.ceil(0.95 * SEEDS)
    check(f"QBER of both bases within 3 sigma in {within} of {SEEDS} (at least {needed})", within >= needed)
    for name, values in pulls.items():
        mean = sum(values) / len(values)
        spread = math.sqrt(sum(value * value for value in values) / len(values))
        print(f"{name}: mean {mean:+.3f} ± {1 / math.sqrt(len(values)):.3f} sigma, rms {spread:.3f} over {len(values)}")
    print(f"{SEEDS} runs of {DURATION} s of the full bench took {wall:.1f} s of wall time; "
          f"everything {time.time() - started:.0f} s")
    finish()


if __name__ == "__main__":
    main()

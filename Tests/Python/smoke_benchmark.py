#!/usr/bin/env python3
"""Tries the benchmarks at small sizes: what they count is right at every level of instructions, whatever the speed.

Usage: smoke_benchmark.py TOOL. Prints 'N passed, N failed' and exits 1 if anything failed.
"""
import json
import os
import signal
import struct
import subprocess
import sys
import tempfile
import time

from checks import check, finish

TOOL = os.path.abspath(sys.argv[1])


def run(*arguments, level=None):
    environment = dict(os.environ, QKD_CPU=level) if level else None
    return subprocess.run([TOOL, "benchmark", *arguments], capture_output=True, timeout=300, env=environment)


def report(*arguments, level=None):
    done = run(*arguments, "--runs", "1", "--format", "json", level=level)
    check(f"{arguments[0]} ends 0", done.returncode == 0, done.stderr)
    check(f"{arguments[0]} is quiet in a pipe", done.stderr == b"", done.stderr)
    return json.loads(done.stdout) if done.returncode == 0 else {"cases": [], "level": ""}


def findings(report):
    """What was found, without what depends on the machine."""
    machine = {"speedUp", "speedUpApart", "slowestCPUSeconds"}
    return {case["name"]: {key: value for key, value in case["findings"].items() if key not in machine}
            for case in report["cases"]}


def times(path):
    with open(path, "rb") as file:
        data = file.read()
    return struct.unpack(f"<{len(data) // 8}q", data)


def near(alice, bob, low, high):
    """Differences of all pairs with low <= difference <= high, the slow way."""
    head, found = 0, []
    for time_ps in alice:
        while head < len(bob) and bob[head] - time_ps < low:
            head += 1
        for other in bob[head:]:
            if other - time_ps > high:
                break
            found.append(other - time_ps)
    return found


def test_answers(folder):
    small = ["--tags", "20000", "--save", folder]
    pairs, histogram = findings(report("W2", *small)), findings(report("W3", *small))
    alice, bob = (times(os.path.join(folder, f"w2-{side}.times")) for side in ("alice", "bob"))
    expected = len(near(alice, bob, -500, 500))
    check("W2 finds all pairs", pairs["pairs"]["pairs"] == expected > 5000, (pairs, expected))
    check("W2 finds them in a merged stream", pairs["merged"] == pairs["pairs"], pairs)
    differences = near(alice, bob, -100_000, 99_999)
    check("W3 counts all differences", histogram["histogram"]["differences"] == len(differences), histogram)
    sift = findings(report("W5", "--detections", "64000", "--save", folder))
    left, right = (open(os.path.join(folder, f"w5-{side}.bytes"), "rb").read() for side in ("alice", "bob"))
    kept = [(a, b) for a, b in zip(left, right) if a >> 1 == b >> 1]
    errors = sum(a != b for a, b in kept)
    check("W5 keeps equal bases", sift["bytes"] == {"bits": len(kept), "errors": errors}, sift)
    check("W5 does so with planes", sift["planes"] == sift["bytes"], sift)
    decode = report("W1", "--records", "200000", "--save", folder)
    found = findings(decode)
    info = subprocess.run([TOOL, "tags", "info", os.path.join(folder, "w1-10mcps.ptu"), "--format", "json"],
                          capture_output=True)
    check("W1 decodes what tags info counts", found["decode"]["tags"] == json.loads(info.stdout)["tags"], found)
    check("W1 decodes the same in batches", found["decode"] == found["decode-L1"], found)
    pipeline = findings(report("pipeline", "--tags", "100000"))
    one, following = pipeline["one core"], pipeline["following"]
    check("the pipeline has keys", one["bits"] > 10_000 and 0.02 < one["qber"] < 0.06, pipeline)
    check("the pipeline's keys do not depend on the cores", pipeline.get("two cores", one) == one, pipeline)
    check("following the clocks costs no keys", abs(following["bits"] / one["bits"] - 1) < 0.01, pipeline)
    check("following loses no stretch", following["lostStretches"] == 0, pipeline)
    clocks = findings(report("W4", "--seeds", "1", "--save", folder))
    check("W4 finds the clocks", all(case["found"] == 1 for case in clocks.values()), clocks)


def test_levels():
    for arguments in (["W1", "--records", "100000"], ["W2", "--tags", "20000"], ["W3", "--tags", "20000"],
                      ["W5", "--detections", "64000"], ["pipeline", "--tags", "50000"]):
        best = report(*arguments)
        scalar = report(*arguments, level="scalar")
        check(f"{arguments[0]} can be had without vectors", scalar["level"] == "scalar", scalar["level"])
        check(f"{arguments[0]} finds the same without vectors", findings(best) == findings(scalar), findings(scalar))


def test_live():
    live = findings(report("live", "--seconds", "0.5", "--rate", "1e6", "--ring-mib", "1"))
    for name, values in live.items():
        check(f"live, {name}: nothing is lost", values["lostBytes"] == 0, values)
        check(f"live, {name}: there are keys", values["bits"] > 1000 and values["qber"] < 0.1, values)


def test_bad_input(folder):
    done = run("W1", level="avx7")
    check("a level that is none is refused", done.returncode == 64 and b"QKD_CPU" in done.stderr, done.stderr)
    for arguments in (["W2", "--tags", "0"], ["W1", "--runs", "0"], ["live", "--rate", "nan"], ["W9"]):
        check(f"{arguments} is refused", run(*arguments).returncode == 64)
    file = os.path.join(folder, "file")
    with open(file, "w", encoding="utf-8"):
        pass
    done = run("W5", "--detections", "64000", "--save", file)
    check("a folder that cannot be made is told", done.returncode == 1 and b"folder" in done.stderr, done.stderr)
    process = subprocess.Popen([TOOL, "benchmark", "live", "--seconds", "60", "--rate", "1e6", "--ring-mib", "1"],
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    time.sleep(4)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=30)
    check("Ctrl-C ends it with 130", process.returncode == 130, (process.returncode, said))


def main():
    with tempfile.TemporaryDirectory() as folder:
        test_answers(folder)
        test_bad_input(folder)
    test_levels()
    test_live()
    finish()


if __name__ == "__main__":
    main()

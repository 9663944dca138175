#!/usr/bin/env python3
"""From sifted keys of others to secret ones, and plans, as a user types them. Usage: smoke_distill.py TOOL."""
import json
import os
import random
import signal
import stat
import subprocess
import tempfile
import time

from checks import check, finish
from tool import TOOL, run

BITS = 400_000


def write_keys(folder, name, bits, rate):
    """Two keys that differ at a rate, eight bits a byte."""
    source = random.Random(6)
    alice = source.randbytes(bits // 8)
    bob = bytearray(alice)
    for bit in range(bits):
        if source.random() < rate:
            bob[bit // 8] ^= 1 << bit % 8
    paths = [os.path.join(folder, f"{name}.{party}") for party in ("alice", "bob")]
    for path, key in zip(paths, (alice, bob)):
        with open(path, "wb") as file:
            file.write(key)
    return paths


def distill(paths, out, *more):
    return run("distill", "--alice", paths[0], "--bob", paths[1], "--key-format", "bytes", "--out", out, *more)


def secret(out, party):
    with open(os.path.join(out, f"{party}.secret"), "rb") as file:
        return file.read().split(b"\n\n", 1)[1]


def check_keys(folder):
    paths = write_keys(folder, "good", BITS, 0.02)
    evidence = ("--test-bits", str(BITS), "--test-errors", str(BITS // 50))
    lengths = []
    for method in ("cascade", "ldpc"):
        out = os.path.join(folder, method)
        done = distill(paths, out, *evidence, "--method", method)
        check(f"{method}: ends 0 and says nothing else in a pipe", done.returncode == 0 and done.stderr == b"", done.stderr)
        check(f"{method}: equal keys", secret(out, "alice") == secret(out, "bob"))
        check(f"{method}: only their owner's", stat.S_IMODE(os.stat(os.path.join(out, "bob.secret")).st_mode) == 0o600)
        with open(os.path.join(out, "distillation.json"), encoding="utf-8") as file:
            text = file.read()
        told = json.loads(text)["result"]
        lengths.append(told["secret_bits"])
        check(f"{method}: delivered is within the bound", 0 < told["secret_bits"] <= told["length"]["bound"])
        for word in (secret(out, "alice")[:8].hex(), secret(out, "alice")[:8].hex(" ")):
            check(f"{method}: no key in the account", word not in text and word not in done.stdout.decode())
    check("Cascade reveals less", lengths[0] > lengths[1], str(lengths))
    again = distill(paths, os.path.join(folder, "cascade"), *evidence)
    check("a folder in use is kept", again.returncode != 0 and b"cascade" in again.stderr, again.stderr)


def check_refusals(folder):
    good, bad = os.path.join(folder, "good"), write_keys(folder, "bad", 80_000, 0.12)
    out = os.path.join(folder, "nothing")
    done = distill(bad, out, "--test-bits", "80000", "--test-errors", "9600")
    check("12 % of errors: 2, and no key", done.returncode == 2 and os.listdir(out) == ["distillation.json"], done.stderr)
    short = distill([f"{good}.alice", bad[1]], os.path.join(folder, "x"), "--sample", "0.1")
    check("keys of two lengths are refused", short.returncode == 64 and b"400000" in short.stderr, short.stderr)
    absent = distill([f"{good}.nobody", bad[1]], os.path.join(folder, "x"), "--sample", "0.1")
    check("a file that is not there: 69", absent.returncode == 69, absent.stderr)
    check("no folder is left of refusals", not os.path.exists(os.path.join(folder, "x")))


def check_interrupt(folder):
    paths = write_keys(folder, "long", 4_000_000, 0.03)
    out = os.path.join(folder, "cut")
    process = subprocess.Popen(
        [TOOL, "distill", "--alice", paths[0], "--bob", paths[1], "--key-format", "bytes", "--out", out, "--sample", "0.1"],
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    time.sleep(0.3)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=60)
    check("Ctrl-C: 130, and no key", process.returncode == 130 and not os.path.exists(os.path.join(out, "alice.secret")), said)


def check_plans():
    plan = run("keyrate", "--bench", "bb84-loopback", "--blocks", "2e6", "--distance", "25:25:1", "--format", "json")
    check("a bench's plan ends 0", plan.returncode == 0, plan.stderr)
    rate = json.loads(plan.stdout)[0]["bits_per_second"] if plan.returncode == 0 else 0
    check("with the best settings a bench gives some more than 430110 bits in 60 s", 7168 < rate < 10_000, str(rate))
    check("a link and a bench at once are a usage error",
          run("keyrate", "--bench", "bb84-loopback", "--link", "lim2014").returncode == 64)


def main():
    with tempfile.TemporaryDirectory() as folder:
        check_keys(folder)
        check_refusals(folder)
        check_interrupt(folder)
    check_plans()
    finish()


if __name__ == "__main__":
    main()

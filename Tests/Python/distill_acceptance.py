#!/usr/bin/env python3
"""The whole chain, from emulated light to secret keys, seed after seed; and that too many errors deliver nothing.

Each run has 20 s of bench time and is distilled by Cascade or by LDPC, under one of the proofs for three intensities.
Reads the keys by their documented layout and shares no code with the tool.
Usage: distill_acceptance.py TOOL [RUNS]. Prints a row a run and 'N passed, N failed'.
"""
import json
import os
import stat
import subprocess
import sys
import tempfile

from checks import check, finish

TOOL = os.path.abspath(sys.argv[1])
RUNS = int(sys.argv[2]) if len(sys.argv) > 2 else 100
DURATION = "20"
BENCHES = ["bb84-loopback", "bb84-ideal"]
METHODS = ["cascade", "ldpc"]
PROOFS = ["lim2014-literal", "lim2014-clipped", "lim2014-clipped-errors"]


def run(*arguments):
    return subprocess.run([TOOL, *arguments], capture_output=True, text=True, check=False)


def read_secret(path):
    """Number of bits and the bits' bytes."""
    with open(path, "rb") as file:
        header, bits = file.read().split(b"\n\n", 1)
    fields = dict(line.split(": ", 1) for line in header.decode("utf-8").split("\n")[1:])
    check(f"{path}: only its owner reads it", stat.S_IMODE(os.stat(path).st_mode) == 0o600)
    return int(fields["bits"]), bits


def account(folder):
    with open(os.path.join(folder, "report.json"), encoding="utf-8") as file:
        return json.load(file)["distillation"]["result"]


def check_run(seed, folder):
    bench, method, proof = BENCHES[seed % 2], METHODS[seed // 2 % 2], PROOFS[seed % 3]
    out = os.path.join(folder, str(seed))
    ended = run("run", "--bench", bench, "--seed", str(seed), "--duration", DURATION, "--method", method, "--proof",
                proof, "--out", out)
    name = f"seed {seed}"
    check(f"{name}: ends well", ended.returncode == 0, ended.stderr[-500:])
    told = account(out)
    alice, bob = (read_secret(os.path.join(out, f"{party}.secret")) for party in ("alice", "bob"))
    check(f"{name}: both keys are equal", alice == bob)
    check(f"{name}: as long as the account says", alice[0] == told["secret_bits"] and len(alice[1]) == (alice[0] + 7) // 8)
    check(f"{name}: no longer than the bound", told["secret_bits"] <= told["length"]["bound"])
    check(f"{name}: by the proof that was asked for", told["length"]["proof"] == proof)
    check(f"{name}: all frames are verified", told["frames"]["verified"] == told["frames"]["total"])
    print(f"{seed:4} {bench:14} {method:8} {proof:23} {told['raw_bits']} raw, QBER {told['frames']['error_rate']:.3%}, "
          f"f {told['revealed']['factor']:.3f}, {alice[0]} secret", flush=True)
    return alice[1]


def check_many_errors(folder):
    """12 % of errors: an abort, and no file that looks like a key."""
    bench, out = os.path.join(folder, "bad.toml"), os.path.join(folder, "bad")
    with open(os.path.join(folder, "1", "bench.toml"), encoding="utf-8") as file:
        text = file.read()
    lines = [line.split("=")[0] + "= 0.12" if line.startswith("misalignment") else line for line in text.split("\n")]
    with open(bench, "w", encoding="utf-8") as file:
        file.write("\n".join(lines))
    ended = run("run", "--bench", bench, "--duration", DURATION, "--out", out)
    told = account(out)
    check("12 %: the run itself is good", ended.returncode == 0, ended.stderr[-500:])
    check("12 %: the error rate is that", 0.115 < told["test_error_rate"] < 0.13, str(told["test_error_rate"]))
    check("12 %: nothing is delivered", told["secret_bits"] == 0 and "abort" in told and told["revealed"]["reconciliation"] == 0)
    check("12 %: no key lies there", not [name for name in os.listdir(out) if name.endswith(".secret")])


def main():
    with tempfile.TemporaryDirectory() as folder:
        keys = [check_run(seed, folder) for seed in range(1, RUNS + 1)]
        check("no two runs have the same key", len({key[:32] for key in keys}) == len(keys))
        check_many_errors(folder)
    finish()


if __name__ == "__main__":
    main()

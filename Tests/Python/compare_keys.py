#!/usr/bin/env python3
"""Compares the two key files of a session and holds counts and errors against its report.

Reads the files by their documented layout (docs/session-folder.md, docs/two-party-captures.md) and shares no code
with the tool. The folder is that of `run` or of `sift`.
Usage: compare_keys.py FOLDER
"""
import json
import os
import stat
import sys


def read_key(path):
    with open(path, "rb") as file:
        header, bits = file.read().split(b"\n\n", 1)
    lines = header.decode("utf-8").split("\n")
    if lines[0] != "qkdctl-key 1":
        sys.exit(f"{path}: not a key file")
    fields = dict(line.split(": ", 1) for line in lines[1:])
    count = int(fields["bits"])
    if len(bits) != (count + 7) // 8:
        sys.exit(f"{path}: {len(bits)} bytes do not hold {count} bits")
    if fields["content"] != "sifted, not secret":
        sys.exit(f"{path}: the header does not say that the key is sifted, not secret")
    mode = stat.S_IMODE(os.stat(path).st_mode)
    if mode != 0o600:
        sys.exit(f"{path}: mode {mode:o}, not 600")
    return [bits[i // 8] >> (7 - i % 8) & 1 for i in range(count)]


def compare_sift(alice, bob, result):
    """Holds the keys of two captures against the report's counts; there is no record of single bits."""
    sifted = sum(basis["sifted"] for basis in result["bases"])
    errors = sum(basis["errors"] for basis in result["bases"])
    differing = sum(a != b for a, b in zip(alice, bob))
    if not len(alice) == len(bob) == result["key_bits"] == sifted:
        sys.exit(f"lengths differ: {len(alice)} {len(bob)} {result['key_bits']} {sifted}")
    if differing != errors:
        sys.exit(f"errors: report {errors}, files {differing}")
    print(f"{len(alice)} bits, {differing} differ ({differing / max(1, len(alice)):.4%}), as the report says")


def main(folder):
    alice = read_key(os.path.join(folder, "alice.key"))
    bob = read_key(os.path.join(folder, "bob.key"))
    with open(os.path.join(folder, "report.json"), encoding="utf-8") as file:
        result = json.load(file)["result"]
    if isinstance(result["bases"], list):
        compare_sift(alice, bob, result)
        return
    with open(os.path.join(folder, "sifting.bin"), "rb") as file:
        record = file.read()
    if not len(alice) == len(bob) == result["sifted_bits"] == len(record) // 9:
        sys.exit(f"lengths differ: {len(alice)} {len(bob)} {result['sifted_bits']} {len(record) / 9}")
    sifted, errors, last = {"Z": 0, "X": 0}, {"Z": 0, "X": 0}, (-1, -1)
    for index, (a, b) in enumerate(zip(alice, bob)):
        entry = record[9 * index : 9 * index + 9]
        place = (int.from_bytes(entry[0:4], "little"), int.from_bytes(entry[4:8], "little"))
        if place <= last:
            sys.exit(f"bit {index}: slot {place} does not follow {last}")
        last = place
        basis = "X" if entry[8] & 1 else "Z"
        sifted[basis] += 1
        errors[basis] += a != b
    for basis in "ZX":
        said = result["bases"][basis]
        if (said["sifted"], said["errors"]) != (sifted[basis], errors[basis]):
            sys.exit(f"{basis}: report {said['sifted']}/{said['errors']}, files {sifted[basis]}/{errors[basis]}")
    total = sum(errors.values())
    if total != result["errors"]:
        sys.exit(f"errors: report {result['errors']}, files {total}")
    share = total / len(alice) if alice else 0.0
    print(f"{len(alice)} bits, {total} differ ({share:.4%}), as the report says")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(sys.argv[1])

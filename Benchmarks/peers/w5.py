"""W5: sift two parties' detections: packed keys of the equal bases, and the number of errors."""
from __future__ import annotations

import numpy as np

from bench import Bench, Peer, differs, jit

TITLE = "sift to packed keys and an error count"
UNIT = "detections"
FILES = ("w5-alice.bytes", "w5-bob.bytes")


def sift_bytes(alice, bob, alice_key, bob_key):
    one = np.uint64(1)
    alice_word = bob_word = np.uint64(0)
    fill = np.uint64(0)
    count = 0
    errors = 0
    for i in range(alice.size):
        a = np.uint64(alice[i])
        b = np.uint64(bob[i])
        # No branch: half of all bases differ, at random. A bit that does not count adds nothing and no place.
        same = ((a ^ b) >> one & one) ^ one
        alice_word |= (a & same) << fill
        bob_word |= (b & same) << fill
        errors += np.int64((a ^ b) & same)
        fill += same
        if fill == np.uint64(64):
            alice_key[count] = alice_word
            bob_key[count] = bob_word
            count += 1
            alice_word = bob_word = fill = np.uint64(0)
    alice_key[count] = alice_word
    bob_key[count] = bob_word
    return count * 64 + np.int64(fill), errors


def sift_planes(alice, alice_basis, bob, bob_basis, alice_key, bob_key):
    one = np.uint64(1)
    zero = np.uint64(0)
    alice_word = bob_word = fill = zero
    count = 0
    errors = 0
    for i in range(alice.size):
        same = ~(alice_basis[i] ^ bob_basis[i])
        a = alice[i]
        b = bob[i]
        place = zero
        while same != zero:
            if same & one:
                alice_word |= (a >> place & one) << fill
                bob_word |= (b >> place & one) << fill
                errors += np.int64((a ^ b) >> place & one)
                fill += one
                if fill == np.uint64(64):
                    alice_key[count] = alice_word
                    bob_key[count] = bob_word
                    count += 1
                    alice_word = bob_word = fill = zero
            same >>= one
            place += one
    alice_key[count] = alice_word
    bob_key[count] = bob_word
    return count * 64 + np.int64(fill), errors


class Parties:
    """Both parties' detections; bit 0 is the bit, bit 1 the basis."""

    def __init__(self, bench: Bench) -> None:
        self.alice, self.bob = bench.load("w5-alice.bytes", "u1"), bench.load("w5-bob.bytes", "u1")
        self.items = self.alice.size

    def check(self, bits: int, alice_key, bob_key, errors: int) -> str | None:
        """Keys are packed from bit 0 up."""
        places = np.flatnonzero(self.alice >> 1 == self.bob >> 1)
        a, b = self.alice[places] & 1, self.bob[places] & 1
        if bits != places.size:
            return f"{bits:,} bits instead of {places.size:,}"
        got = [np.unpackbits(key.view(np.uint8), count=bits, bitorder="little") for key in (alice_key, bob_key)]
        wrong = int(np.count_nonzero(a != b))
        return (differs("Alice's key", got[0], a) or differs("Bob's key", got[1], b)
                or (None if errors == wrong else f"{errors:,} errors instead of {wrong:,}"))

    def planes(self) -> list[np.ndarray]:
        """Bit and basis of either party as words of 64 detections; those past the end differ in basis."""
        padding = np.zeros(-self.items % 64, np.uint8)
        padded = [np.concatenate([self.alice, padding]), np.concatenate([self.bob, padding + 2])]
        return [np.packbits(side >> shift & 1, bitorder="little").view("<u8") for side in padded for shift in (0, 1)]


def with_numba(bench: Bench) -> None:
    parties = Parties(bench)
    keys = [np.zeros(parties.items // 64 + 1, np.uint64) for _ in range(2)]
    sift = jit(sift_bytes)
    bench.measure("bytes", parties.items, lambda: sift(parties.alice, parties.bob, *keys),
                  lambda found: parties.check(found[0], *keys, found[1]), "no branch but at full words, arrays reused")
    planes, sift = parties.planes(), jit(sift_planes)
    bench.measure("planes", parties.items, lambda: sift(*planes, *keys),
                  lambda found: parties.check(found[0], *keys, found[1]), "a bit at a time: numba has no bit extract")


def with_numpy(bench: Bench) -> None:
    parties = Parties(bench)

    def sift():
        same = (parties.alice ^ parties.bob) & 2 == 0
        a, b = parties.alice[same] & 1, parties.bob[same] & 1
        return (a.size, np.packbits(a, bitorder="little"), np.packbits(b, bitorder="little"),
                int(np.count_nonzero(a ^ b)))

    bench.measure("bytes", parties.items, sift, lambda found: parties.check(*found), "boolean indexing")


PEERS = [
    Peer("numba loop", "numba", with_numba),
    Peer("numpy", "numpy", with_numpy),
]

"""Counts what held and what did not, for all scripts here."""
import sys

PASSED, FAILED = [], []


def check(name, fact, detail=""):
    """Takes one fact down; a failure is told at once, and the script goes on."""
    (PASSED if fact else FAILED).append(name)
    if not fact:
        print(f"FAILED {name}: {detail}", flush=True)


def finish():
    """Prints the sum and ends the script, with 1 if anything failed."""
    print(f"{len(PASSED)} passed, {len(FAILED)} failed")
    sys.exit(1 if FAILED else 0)

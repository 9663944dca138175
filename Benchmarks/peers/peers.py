#!/usr/bin/env python3
"""Runs the tool's benchmark workloads and the same ones through other people's open software, in turns.

Each peer has a process of its own with one thread, its answer is held against an exact one, and its CPU time is the
median of several rounds of several runs. README.md beside this file says what each peer does.
"""
from __future__ import annotations

import argparse
import importlib
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import report
import rounds
import tool

WORKLOADS = ("W1", "W2", "W3", "W4", "W5")
# Wherever a library asks how many threads it may have: one.
ONE_THREAD = ("NUMBA_NUM_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "BLIS_NUM_THREADS",
              "NUMEXPR_NUM_THREADS", "RAYON_NUM_THREADS")
# A peer that takes longer is given up, s.
PATIENCE_SECONDS = 1800
# A peer whose round took longer has no further one, s.
ROUND_SECONDS = 60


def parsed() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("tool", metavar="TOOL", help="the qkdctl to measure")
    parser.add_argument("workloads", nargs="*", metavar="W", help=f"some of {' '.join(WORKLOADS)}; else all")
    parser.add_argument("--folder", type=Path, help="keep the workloads' files here; else they are removed at the end")
    parser.add_argument("--rounds", type=int, default=3, help="rounds of the tool and then its peers (default: 3)")
    parser.add_argument("--runs", type=int, default=5, help="runs a round, whose median is taken (default: 5)")
    parser.add_argument("--records", type=int, help="let peers take only so many records, tags a side or detections")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all figures here too")
    arguments = parser.parse_args()
    if unknown := [name for name in arguments.workloads if name not in WORKLOADS]:
        parser.error(f"no such workload: {' '.join(unknown)}")
    if arguments.rounds < 1 or (arguments.records is not None and arguments.records < 1):
        parser.error("--rounds and --records take numbers from 1")
    if not 1 <= arguments.runs <= tool.MOST_RUNS:
        parser.error(f"--runs takes numbers from 1 to {tool.MOST_RUNS}")
    return arguments


def progress(text: str) -> None:
    """One line that the next one replaces; nothing if nobody watches."""
    if sys.stderr.isatty():
        print(f"\r\033[K{text}", end="", file=sys.stderr, flush=True)


def work(name: str, workload: str, request: dict[str, Any], answer: Path) -> None:
    """What the process of one peer does: measures, and writes its rows into a file."""
    from bench import Bench

    module = importlib.import_module(workload.lower())
    peer = next(peer for peer in module.PEERS if peer.name == name)
    bench = Bench(Path(request["folder"]), Path(request["scratch"]), request["runs"], request["records"])
    try:
        peer.run(bench)
        error = None
    except Exception as caught:  # Whatever a peer does must not end the others: it is told instead.
        error = f"{type(caught).__name__}: {caught}"
    answer.write_text(json.dumps({"rows": bench.rows, "error": error}, default=float))


def measured(peer: Any, workload: str, folder: Path, arguments: argparse.Namespace) -> list[dict[str, Any]]:
    """The rows of one peer in one round, from a process of its own; what went wrong is a row too."""
    from importlib.metadata import PackageNotFoundError

    from bench import installed

    row = {"peer": peer.name, "version": "–"}
    try:
        row["version"] = installed(peer.package)
    except PackageNotFoundError:
        return [row | {"error": f"{peer.package} is not installed"}]
    with tempfile.TemporaryDirectory(prefix="peers-") as scratch:
        answer = Path(scratch) / "answer.json"
        request = {"folder": str(folder.resolve()), "scratch": scratch, "runs": arguments.runs,
                   "records": arguments.records}
        environment = os.environ | dict.fromkeys(ONE_THREAD, "1")
        # Nothing that a peer keeps for itself is to stay.
        environment |= {"XDG_CONFIG_HOME": scratch, "NUMBA_CACHE_DIR": scratch, "MPLBACKEND": "Agg"}
        command = [sys.executable, __file__, "--work", peer.name, workload, json.dumps(request), str(answer)]
        try:
            done = subprocess.run(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                                  text=True, errors="replace", timeout=PATIENCE_SECONDS)
        except subprocess.TimeoutExpired:
            return [row | {"error": f"given up after {PATIENCE_SECONDS} s"}]
        if not answer.exists():
            said = (done.stderr.strip().splitlines() or [""])[-1]
            return [row | {"error": f"its process ended with {done.returncode} {said}".strip()}]
        found = json.loads(answer.read_text())
    rows = [row | figures for figures in found["rows"]]
    return rows + ([row | {"error": found["error"]}] if found["error"] else [])


def compared(workload: str, folder: Path, arguments: argparse.Namespace) -> dict[str, Any]:
    """Runs one workload through the tool and its peers, in turns, and prints the table."""
    module = importlib.import_module(workload.lower())
    name = {"peer": Path(arguments.tool).name, "version": tool.version(arguments.tool) or "–"}
    said: list[dict[str, Any]] = []
    our_rounds: list[list[dict[str, Any]]] = []
    their_rounds: list[list[dict[str, Any]]] = []
    peers = list(module.PEERS)
    for number in range(1, arguments.rounds + 1):
        heading = f"{workload}, round {number} of {arguments.rounds}"
        progress(f"{heading}: {name['peer']}")
        said.append(tool.run(arguments.tool, workload, folder, module.FILES, arguments.runs))
        ours = [name | row for row in tool.cases(said[-1])]
        theirs: list[dict[str, Any]] = []
        for peer in list(peers):
            progress(f"{heading}: {peer.name}")
            start = time.monotonic()
            rows = measured(peer, workload, folder, arguments)
            seconds = time.monotonic() - start
            if seconds > ROUND_SECONDS and number < arguments.rounds:
                peers.remove(peer)
                for row in rows:
                    row.setdefault("remarks", []).append(f"not run again after a round of {seconds:.0f} s")
            theirs += rows
        report.rated(ours, theirs, arguments.records is not None)
        our_rounds.append(ours)
        their_rounds.append(theirs)
    progress("")
    ours, theirs = rounds.together(our_rounds), rounds.together(their_rounds)
    machine = {key: said[0][key] for key in ("cpu", "level") if key in said[0]}
    if speeds := [one["memory_read_g_bps"] for one in said if "memory_read_g_bps" in one]:
        machine["memory_read_g_bps"] = statistics.median(speeds)
    print(f"{workload}: {module.TITLE}; M/s: million {module.UNIT} a second")
    print(", ".join(f"{key} {value}" for key, value in machine.items()), end="\n\n" if machine else "")
    print(report.table(ours + theirs), end="\n\n", flush=True)
    return {"workload": workload, "unit": module.UNIT, "machine": machine, "ours": ours, "theirs": theirs}


def main() -> int:
    arguments = parsed()
    failed, results = False, []
    cut = "" if arguments.records is None else f", peers cut to {arguments.records:,} (W4: not cut)"
    runs = f"{arguments.runs} runs" if arguments.rounds == 1 else f"{arguments.rounds} rounds of {arguments.runs} runs"
    print(f"Python {platform.python_version()}, one thread each, median CPU time of {runs}{cut}\n")
    with tempfile.TemporaryDirectory(prefix="peers-files-") as temporary:
        folder = arguments.folder or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        for workload in arguments.workloads or WORKLOADS:
            try:
                results.append(compared(workload, folder, arguments))
            except tool.ToolError as error:
                failed = True
                progress("")
                print(f"{workload}: {error}\n", flush=True)
            if arguments.folder is None:
                for file in folder.iterdir():
                    file.unlink()
    if arguments.json:
        arguments.json.write_text(json.dumps(
            {"python": platform.python_version(), "rounds": arguments.rounds, "runs": arguments.runs,
             "records": arguments.records, "results": results}, indent=2) + "\n")
    return 1 if failed else 0


if __name__ == "__main__":
    try:
        if sys.argv[1:2] == ["--work"]:
            work(sys.argv[2], sys.argv[3], json.loads(sys.argv[4]), Path(sys.argv[5]))
        else:
            sys.exit(main())
    except KeyboardInterrupt:
        progress("")
        sys.exit(130)
    except ModuleNotFoundError as error:
        sys.exit(f"{error.name} is missing: python -m pip install -r {Path(__file__).parent / 'requirements.txt'}")

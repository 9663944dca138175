"""What runs inside a peer's own process: timing, checks, rows of figures."""
from __future__ import annotations

import gc
import resource
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any, Callable

import numpy as np

# No case takes more CPU time than this, s; the median is then of fewer runs, but of one at least.
BUDGET_SECONDS = 120.0


@dataclass(frozen=True)
class Peer:
    """One rival: `run` gets a `Bench` and measures its cases; `package` is what it is called on PyPI."""

    name: str
    package: str
    run: Callable[["Bench"], None]


def jit(loop: Callable) -> Callable:
    """A plain Python loop, compiled by numba at its first call, one thread, nothing kept on disk."""
    import numba

    return numba.njit(loop, boundscheck=False, parallel=False)


def differs(what: str, got: Any, want: Any) -> str | None:
    """Says where two arrays differ, or nothing if they are equal element for element."""
    got, want = np.asarray(got), np.asarray(want)
    if got.shape != want.shape:
        return f"{what}: {got.size:,} values instead of {want.size:,}"
    wrong = np.flatnonzero((got != want).ravel())
    if not wrong.size:
        return None
    first = int(wrong[0])
    values = f"{got.ravel()[first]} instead of {want.ravel()[first]}"
    return f"{what}: {wrong.size:,} of {want.size:,} differ, at {first} first: {values}"


class Bench:
    """Measures the cases of one peer on the files of one workload."""

    def __init__(self, folder: Path, scratch: Path, runs: int, records: int | None) -> None:
        self.folder = folder
        # For files that only this peer needs; it goes away afterwards.
        self.scratch = scratch
        self.runs = runs
        # The most records (W1), tags a side (W2, W3) or detections (W5) to take; all if there is none.
        self.records = records
        self.rows: list[dict[str, Any]] = []

    def load(self, name: str, dtype: str) -> np.ndarray:
        """The numbers of a raw file, as many as are asked for."""
        return np.fromfile(self.folder / name, dtype, -1 if self.records is None else self.records)

    def measure(
        self,
        case: str,
        items: int,
        call: Callable[[], Any],
        check: Callable[[Any], str | None],
        remark: str = "",
        warm: bool = True,
    ) -> None:
        """Median CPU time of `call`, whose last result `check` then holds against an exact answer.

        One call goes before, so that compilers and fresh memory are not measured, unless `warm` is false.
        """
        answer = call() if warm else None
        gc.collect()
        cpu: list[float] = []
        wall: list[float] = []
        while len(cpu) < self.runs and (not cpu or sum(cpu) + cpu[-1] < BUDGET_SECONDS):
            wall_start, cpu_start = time.perf_counter(), time.process_time()
            answer = call()
            cpu.append(time.process_time() - cpu_start)
            wall.append(time.perf_counter() - wall_start)
        self._row(case, items, cpu, wall, check(answer), remark)

    def measure_process(
        self, case: str, items: int, program: str, arguments: list[str],
        check: Callable[[str], str | None], remark: str = "whole process",
    ) -> None:
        """Median CPU time of a whole Python process that runs `program`; `check` gets what it printed."""
        cpu: list[float] = []
        wall: list[float] = []
        printed = ""
        for _ in range(self.runs):
            before, start = _children_seconds(), time.perf_counter()
            done = subprocess.run([sys.executable, "-c", program, *arguments], capture_output=True, text=True)
            wall.append(time.perf_counter() - start)
            cpu.append(_children_seconds() - before)
            if done.returncode != 0:
                raise RuntimeError((done.stderr.strip().splitlines() or ["it failed"])[-1])
            printed = done.stdout
        self._row(case, items, cpu, wall, check(printed), remark)

    def _row(
        self, case: str, items: int, cpu: list[float], wall: list[float], wrong: str | None, remark: str
    ) -> None:
        cpu_seconds, wall_seconds = statistics.median(cpu), statistics.median(wall)
        remarks = [remark] if remark else []
        if cpu_seconds > 1.3 * wall_seconds:
            remarks.append("uses threads, all their time counts")
        if len(cpu) < self.runs:
            remarks.append(f"median of {len(cpu)}")
        self.rows.append(
            {"case": case, "items": items, "cpuSeconds": cpu_seconds, "wallSeconds": wall_seconds,
             "runs": len(cpu), "remarks": remarks, "wrong": wrong}
        )


def _children_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def installed(package: str) -> str:
    """The version that is installed; raises `PackageNotFoundError` if none is."""
    return version(package)

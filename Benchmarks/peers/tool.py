"""Runs the tool's own benchmark, which also writes the files that its peers then read."""
from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path
from typing import Any


# The tool takes no more.
MOST_RUNS = 1000


class ToolError(Exception):
    """The tool did not start, failed, or said something else than one JSON object with cases."""


def run(tool: str, workload: str, folder: Path, files: tuple[str, ...], runs: int) -> dict[str, Any]:
    """What `TOOL benchmark WORKLOAD --runs N --save FOLDER --format json` prints, once all files are in the folder.

    Files that are there are written anew; they are the same, as they are made of the same seed.
    """
    command = [tool, "benchmark", workload, "--runs", str(runs), "--save", str(folder), "--format", "json"]
    try:
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    except OSError as error:
        raise ToolError(f"cannot start {tool}: {error.strerror}") from None
    if done.returncode != 0:
        said = "\n  ".join(done.stderr.strip().splitlines()[-5:])
        raise ToolError(f"{' '.join(command)} ended with {done.returncode}" + (f":\n  {said}" if said else ""))
    try:
        report = json.loads(done.stdout)
    except ValueError:
        raise ToolError(f"{' '.join(command)} printed no JSON: {done.stdout[:80]!r}") from None
    if not isinstance(report, dict) or not isinstance(report.get("cases"), list):
        raise ToolError(f"{' '.join(command)} printed JSON without a list of cases")
    if missing := [name for name in files if not (folder / name).is_file()]:
        raise ToolError(f"{' '.join(command)} did not write {', '.join(missing)}")
    return report


def cases(report: dict[str, Any]) -> list[dict[str, Any]]:
    """The tool's rows: those cases that have a name, a number of items and a time or a rate."""
    rows = []
    for case in report["cases"]:
        if not isinstance(case, dict):
            continue
        name, items = case.get("name"), case.get("items")
        cpu_seconds, rate = case.get("cpu_seconds"), case.get("items_per_second")
        if cpu_seconds is None and items and rate:
            cpu_seconds = items / rate
        if isinstance(name, str) and items and cpu_seconds:
            rows.append({"case": name, "items": items, "cpuSeconds": cpu_seconds})
    return rows


def version(tool: str) -> str:
    """The version in what `TOOL --version` prints, or nothing if it does not say."""
    try:
        done = subprocess.run([tool, "--version"], capture_output=True, text=True, timeout=30)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    found = re.search(r"\d+\.\d+\S*", done.stdout)
    return found.group() if done.returncode == 0 and found else ""

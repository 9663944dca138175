"""Takes the rows of several rounds together: one for each case, with medians and the figures of each round."""
from __future__ import annotations

import statistics
from typing import Any

Row = dict[str, Any]


def together(rounds: list[list[Row]]) -> list[Row]:
    """One row for each case of each peer, then one for what made it fail, from the rows of all rounds.

    The ratio is the median of the rounds' ratios, not that of the medians: both sides of a round are measured close
    together, so that a slow minute hits both.
    """
    found: dict[tuple[str, str | None], list[tuple[int, Row]]] = {}
    taken: dict[str, set[int]] = {}
    for number, rows in enumerate(rounds, 1):
        for row in rows:
            found.setdefault((row["peer"], row.get("case")), []).append((number, row))
            taken.setdefault(row["peer"], set()).add(number)
    # A case that only a later round got to belongs to its peer all the same.
    peers = list(taken)
    keys = sorted(found, key=lambda key: (peers.index(key[0]), key[1] is None))
    return [_merged(found[key], len(taken[key[0]])) for key in keys]


def _merged(seen: list[tuple[int, Row]], taken: int) -> Row:
    """The row of one case from those of its rounds, out of so many that its peer took part in."""
    rows = [row for _, row in seen]
    whole = {key: rows[0][key] for key in ("peer", "version", "case", "items") if key in rows[0]}
    for key in ("error", "wrong"):
        if said := [row[key] for row in rows if row.get(key)]:
            whole[key] = said[0] if len(said) == taken else f"in {len(said)} of {taken} rounds: {said[0]}"
    figures = ["cpuSeconds", "wallSeconds", "runs"] + ([] if "wrong" in whole else ["ratio"])
    whole["rounds"] = [{"round": number} | {key: row[key] for key in figures if key in row} for number, row in seen]
    for key in ("cpuSeconds", "wallSeconds", "ratio"):
        if values := [part[key] for part in whole["rounds"] if key in part]:
            whole[key] = statistics.median(values)
    if whole.get("cpuSeconds"):
        whole["itemsPerSecond"] = whole["items"] / whole["cpuSeconds"]
    remarks = [remark for row in rows for remark in row.get("remarks", [])]
    whole["remark"] = "; ".join(dict.fromkeys(remarks))
    return whole

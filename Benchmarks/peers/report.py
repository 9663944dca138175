"""Tables of figures, and the ratios in them."""
from __future__ import annotations

from typing import Any

HEADINGS = ("peer", "version", "case", "CPU s", "M/s", "ours/theirs", "range", "remark")


def rated(ours: list[dict[str, Any]], theirs: list[dict[str, Any]], cut: bool) -> None:
    """Adds rates to all rows of one round, and to those of peers the ratio of our rate to theirs.

    A peer with another answer than the exact one gets none, and neither does one without a counterpart.
    """
    for row in ours + theirs:
        if row.get("cpuSeconds"):
            row["itemsPerSecond"] = row["items"] / row["cpuSeconds"]
    counterparts = {row["case"]: row for row in ours}
    for row in theirs:
        our = counterparts.get(row.get("case"))
        if row.get("error") or row.get("wrong") or our is None:
            continue
        row["ratio"] = our["itemsPerSecond"] / row["itemsPerSecond"]
        # In cache, how often the same records are decoded is up to each.
        if our["items"] != row["items"] and not cut and not row["case"].endswith("-L1"):
            row["remarks"].append(f"ours had {our['items']:,} items")


def table(rows: list[dict[str, Any]]) -> str:
    """The rows under headings, in columns; rows of errors and of wrong answers say what was the matter."""
    ranges = [_range([part["ratio"] for part in row["rounds"] if "ratio" in part]) for row in rows]
    lines = [HEADINGS]
    for row, between in zip(rows, ranges):
        remark = row["remark"]
        if row.get("error"):
            remark = "; ".join(filter(None, [f"FAILED: {row['error']}", remark]))
        elif row.get("wrong"):
            remark = "; ".join(filter(None, [f"WRONG, no ratio: {row['wrong']}", remark]))
        lines.append((row["peer"], row["version"], row.get("case", "–"), _figure(row.get("cpuSeconds"), 4),
                      _figure(row.get("itemsPerSecond", 0) / 1e6, 4), _figure(row.get("ratio"), 3), between or "–",
                      remark))
    if not any(ranges):
        lines = [line[:-2] + line[-1:] for line in lines]
    widths = [max(len(line[column]) for line in lines) for column in range(len(lines[0]) - 1)]
    text = []
    for line in lines:
        cells = [cell.rjust(width) if column >= 3 else cell.ljust(width)
                 for column, (cell, width) in enumerate(zip(line, widths))]
        text.append("  ".join([*cells, line[-1]]).rstrip())
    text.insert(1, "  ".join("-" * width for width in widths))
    return "\n".join(text)


def _range(ratios: list[float]) -> str:
    """The lowest and the highest ratio; nothing if there was one round."""
    return f"{_figure(min(ratios), 3)}–{_figure(max(ratios), 3)}" if len(ratios) > 1 else ""


def _figure(value: float | None, digits: int) -> str:
    """A number with so many digits, without an exponent."""
    if not value:
        return "–"
    whole = len(str(int(abs(value))))
    if abs(value) >= 1:
        return f"{value:.{max(0, digits - whole)}f}"
    leading = len(f"{abs(value):.12f}".split(".")[1]) - len(f"{abs(value):.12f}".split(".")[1].lstrip("0"))
    return f"{value:.{leading + digits - 1}f}"

"""As much of PicoQuant's PTU as it takes to find, count and cut records.

Source: PicoQuant Time-Tagged-File-Format-Demos, PTU/Python/Read_PTU.py: a magic of 8 bytes, a version of 8,
then tags of 48 bytes (name 32, index int32, type uint32, value 8), some with a payload, up to Header_End.
"""
from __future__ import annotations

import struct
from pathlib import Path

import numpy as np

HYDRAHARP2_T2 = 0x01010204
INTEGER = 0x10000008
# Types whose value is the length of a payload after the tag: float array, ANSI text, wide text, binary.
PAYLOAD = {0x2001FFFF, 0x4001FFFF, 0x4002FFFF, 0xFFFFFFFF}


def header(path: Path) -> tuple[int, dict[str, tuple[int, int]]]:
    """Where the records begin, and each integer tag's value and the place of that value."""
    data = path.open("rb").read(1 << 20)
    if data[:8] != b"PQTTTR\0\0":
        raise ValueError(f"{path.name} is no PTU file")
    place, integers = 16, {}
    while place + 48 <= len(data):
        name = data[place : place + 32].rstrip(b"\0").decode("ascii")
        kind, value = struct.unpack_from("<Iq", data, place + 36)
        if kind == INTEGER:
            integers[name] = (value, place + 40)
        place += 48 + (value if kind in PAYLOAD else 0)
        if name == "Header_End":
            return place, integers
    raise ValueError(f"{path.name} has no end of header in its first MiB")


def records(path: Path) -> np.ndarray:
    """The records, mapped; only HydraHarp 2 T2 is known here."""
    start, integers = header(path)
    kind = integers["TTResultFormat_TTTRRecType"][0]
    if kind != HYDRAHARP2_T2:
        raise ValueError(f"{path.name} has records of type {kind:#010x}")
    return np.memmap(path, "<u4", "r", start, (integers["TTResult_NumberOfRecords"][0],))


def copy(source: Path, target: Path, count: int | None = None, tags: dict[str, int] | None = None) -> Path:
    """A copy with the first `count` records only, and with further integer tags where they are missing."""
    start, integers = header(source)
    words = records(source)[:count]
    head = bytearray(source.open("rb").read(start))
    struct.pack_into("<q", head, integers["TTResult_NumberOfRecords"][1], words.size)
    more = b"".join(
        name.encode().ljust(32, b"\0") + struct.pack("<iIq", -1, INTEGER, value)
        for name, value in (tags or {}).items()
        if name not in integers
    )
    with target.open("wb") as file:
        file.write(head[:-48] + more + head[-48:])
        words.tofile(file)
    return target

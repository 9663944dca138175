"""W4: offset to 1 ns and skew to 1e-9 between two captures of 10 s."""
from __future__ import annotations

import numpy as np

from bench import Bench, Peer

TITLE = "clock recovery, offset to 1 ns and skew to 1e-9"
UNIT = "tags"
FILES = tuple(f"w4-{case}-{side}.times" for case in ("easy", "hard") for side in ("alice", "bob"))
# How far beside zero coincidences are looked for once a peer's clock relation is applied, ns.
SEARCH_NS = 2_000.0
# Length of either end of the capture on which the relation is judged, ns.
END_NS = 1e9


def residual(reference: np.ndarray, target: np.ndarray, start_ns: float) -> tuple[float, float]:
    """Where coincidences are in a stretch of END_NS, ns, and how many standard deviations they stand out."""
    part = reference[(reference >= start_ns) & (reference < start_ns + END_NS)]
    low, high = (np.searchsorted(target, part + side) for side in (-SEARCH_NS, SEARCH_NS))
    counts = high - low
    index = np.arange(counts.sum()) + np.repeat(low - (np.cumsum(counts) - counts), counts)
    difference = target[index] - np.repeat(part, counts)
    # Bins of 1 ns; three together hold a peak of a few 100 ps wherever it lies.
    bins, _ = np.histogram(difference, bins=int(2 * SEARCH_NS), range=(-SEARCH_NS, SEARCH_NS))
    three = np.convolve(bins, np.ones(3), "same")
    centre = int(three.argmax()) - SEARCH_NS + 0.5
    mean = three.mean()
    return float(np.mean(difference[np.abs(difference - centre) < 3])), float((three.max() - mean) / np.sqrt(mean))


def judge(reference: np.ndarray, target: np.ndarray, dt_ns: float, df: float) -> tuple[str | None, str]:
    """What is wrong with (target − dt) / (1 + df) as the reference's clock, and both errors in words.

    Needs no knowledge of the true values: the coincidences at both ends show what is left of them.
    """
    aligned = (target - dt_ns) / (1 + df)
    begin = max(reference[0], aligned[0])
    end = min(reference[-1], aligned[-1]) - END_NS
    (first, first_sigma), (last, last_sigma) = (residual(reference, aligned, at) for at in (begin, end))
    if min(first_sigma, last_sigma) < 8:
        return f"no coincidences within {SEARCH_NS:.0f} ns of dt {dt_ns:.0f} ns, df {df * 1e6:.4f} ppm", ""
    skew = (last - first) / (end - begin)
    # The peak of a stretch is that of its middle.
    offset = first - skew * (begin + END_NS / 2)
    errors = f"offset off by {offset:.2f} ns, skew by {skew:.1e}"
    return (errors if abs(offset) > 1 or abs(skew) > 1e-9 else None), errors


def with_fpfind(bench: Bench) -> None:
    from fpfind.fpfind import fpfind, generate_precompensations
    from fpfind.lib.utils import normalize_timestamps

    # q and R: 2^22 bins of 256 ns (512 ns) are the least with which all of the answer is within bounds.
    # Hard: the offset needs a window of over 1.43 s; 5 ppm hide the peak, so steps of 2 ppm are tried; and the
    # sides change places, for a target that starts early loses its beginning and later searches find no tags.
    settings = {
        "easy": ("alice", "bob", dict(resolution=256, separation=6, precompensations=[0.0]), "-q 22 -R 256"),
        "hard": ("bob", "alice", dict(resolution=512, separation=2, precompensations=generate_precompensations(
            0, 20e-6, 2e-6)), "-q 22 -R 512 -s 2 -P --precomp-step 2e-6, sides exchanged"),
    }
    for case, (reference_name, target_name, options, remark) in settings.items():
        # ns in extended precision, as its own reader of a1 files gives them.
        sides = [np.fromfile(bench.folder / f"w4-{case}-{name}.times", "<i8").astype(np.longdouble) / 1000
                 for name in (reference_name, target_name)]
        reference, target = normalize_timestamps(*sides)
        duration_ns = options["resolution"] * 2**22

        def find():
            try:
                return fpfind(
                    reference, target, num_wraps=1, num_bins=2**22, resolution=options["resolution"],
                    target_resolution=1, threshold=6, max_dt=1e9, max_df=2**-13, df_target=1e-10,
                    separation_duration=options["separation"] * duration_ns, convergence_rate=np.e,
                    precompensations=options["precompensations"])
            except ValueError as error:
                return error

        def check(found) -> str | None:
            if isinstance(found, ValueError):
                return f"it finds nothing: {found}"
            wrong, errors = judge(reference.astype(np.float64), target.astype(np.float64), *map(float, found))
            remarks.append("" if wrong else errors)
            return wrong

        remarks: list[str] = []
        bench.measure(case, sides[0].size + sides[1].size, find, check, remark, warm=False)
        bench.rows[-1]["remarks"] += filter(None, remarks)


PEERS = [Peer("fpfind", "fpfind", with_fpfind)]

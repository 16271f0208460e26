"""Numbers that are measured inside a process of one checkout, this one or an older one; printed as JSON. Used by ``limits``."""

from __future__ import annotations

import json
import sys
import time
import tracemalloc
from array import array
from collections.abc import Callable
from pathlib import Path

CALLS, ROWS, QUERIES = 10_000, 200_000, 64
NAME = "山田　太郎"


def each(call: Callable[[], object], times: int) -> float:
    """Microseconds of processor time of one call."""
    call()
    began = time.process_time()
    for _ in range(times):
        call()
    return (time.process_time() - began) / times * 1e6


def calls() -> dict[str, float]:
    """Short fields one by one, and a column of them beside the kernel alone."""
    import gaiji

    host = gaiji.load_charset("ibm-939")
    raw, peer = host.encode(NAME), NAME.encode("cp932")
    flagged = b"\x0e\x80\xa1" + raw[1:]

    def characters() -> object:
        made = host.decode(flagged)
        return made.text, made.glyphs, made.codes, made.findings

    assert characters()[3]
    told = {"cp932": each(lambda: peer.decode("cp932"), CALLS), "finding": each(characters, CALLS)}
    if hasattr(host, "decode_text"):
        told["decode_text"] = each(lambda: host.decode_text(raw), CALLS)
    if hasattr(host, "decode_many"):
        told |= columns(host, raw)
    tracemalloc.start()
    kept = [host.decode(raw) for _ in range(CALLS)]
    told["bytes"] = tracemalloc.get_traced_memory()[0] / len(kept)
    return told


def columns(host, raw: bytes) -> dict[str, float]:
    """A column as a list and as polars has it, and the kernel over the same rows."""
    import polars as pl

    from gaiji.codes.column import decode_rows

    reading, size = host.reading(), len(raw)
    listed = [raw] * ROWS
    series, src = pl.Series(listed, dtype=pl.Binary), b"".join(listed)
    ends = array("q", range(size, len(src) + 1, size))
    starts, out = array("q", [0]) + ends[:-1], bytearray(4 * len(src))

    def kernel() -> object:
        place = (starts, ends, 0, -1)
        return decode_rows(reading.text, src, place, reading.mode, out, longest=size, states=bytearray(ROWS))

    return {
        "kernel": each(kernel, 5) / ROWS,
        "list": each(lambda: host.decode_many(listed), 5) / ROWS,
        "series": each(lambda: host.decode_many(series), 5) / ROWS,
    }


def search() -> dict[str, float]:
    """Seconds of the first search by parts, with all that it loads."""
    began = time.perf_counter()
    try:
        from gaiji.review.evidence.search import find
    except ImportError:  # before
        from gaiji.review.parts import find
    assert find("辶+鳥")
    return {"search": time.perf_counter() - began}


def shape() -> dict[str, float]:
    """Seconds of the index, built anew, and milliseconds of a query of one 24-dot picture."""
    import random
    import tempfile

    import numpy as np

    from gaiji.shape.index import load_index

    with tempfile.TemporaryDirectory() as home:
        import os

        os.environ["GAIJI_HOME"] = home
        began = time.perf_counter()
        index = load_index()
        built = time.perf_counter() - began
        assert index.gallery.built
        chosen = random.Random(8).sample(range(len(index)), QUERIES + 1)
        pictures = [np.ascontiguousarray(one) for one in index.gallery.draw(chosen, 24)]
        index.query([pictures.pop()])
        began = time.perf_counter()
        for picture in pictures:
            index.query([picture])
        return {"index": built, "query": (time.perf_counter() - began) / QUERIES * 1000}


def queue(bench: str, place: str) -> dict[str, float]:
    """A queue of 5,000 codes with pictures and proposals, made by the checkout's own bench."""
    import random

    sys.path.insert(0, bench)
    import review_queue

    made = review_queue.open_queue(Path(place))
    review_queue.fill(made, 5_000, random.Random(1))
    made.close()
    return {}


if __name__ == "__main__":
    print(
        json.dumps(
            {"calls": calls, "search": search, "shape": shape, "queue": queue}[sys.argv[1]](*sys.argv[2:])
        )
    )

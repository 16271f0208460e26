"""What a call from Python costs: one short name decoded, beside Python's own codec for one; a column of them beside the kernel alone.

``python tests/bench/calls.py [--rounds 9]`` prints medians in microseconds of CPU time, taken turn by turn, and the ratios.
"""

from __future__ import annotations

import argparse
import statistics
import time
import tracemalloc
from array import array
from collections.abc import Callable

import gaiji
from gaiji.codes.column import decode_rows

CALLS, ROWS = 20_000, 200_000
NAME = "山田　太郎"


def cost(call: Callable[[], object], times: int) -> float:
    """Microseconds of one call."""
    began = time.process_time()
    for _ in range(times):
        call()
    return (time.process_time() - began) / times * 1e6


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=9)
    rounds = parser.parse_args().rounds
    host, windows = gaiji.load_charset("ibm-939"), gaiji.load_charset("windows-31j")
    raw, peer = host.encode(NAME), NAME.encode("cp932")
    flagged = b"\x0e\x80\xa1" + raw[1:]
    reading = host.reading()
    column = [raw] * ROWS
    src, size = b"".join(column), len(raw)
    ends = array("q", range(size, len(src) + 1, size))
    starts, out = array("q", [0]) + ends[:-1], bytearray(4 * len(src))

    def kernel() -> object:
        place = (starts, ends, 0, -1)
        return decode_rows(reading.text, src, place, reading.mode, out, longest=size, states=bytearray(ROWS))

    def characters(data: bytes) -> object:
        made = host.decode(data)
        return made.glyphs, made.codes

    calls: dict[str, tuple[Callable[[], object], int]] = {
        "bytes.decode('cp932')": (lambda: peer.decode("cp932"), CALLS),
        "decode_text, windows-31j": (lambda: windows.decode_text(peer), CALLS),
        "decode_text": (lambda: host.decode_text(raw), CALLS),
        "decode": (lambda: host.decode(raw), CALLS),
        "decode, glyphs and codes": (lambda: characters(raw), CALLS),
        "the same, one finding": (lambda: characters(flagged), CALLS),
        "kernel, a row": (kernel, 1),
        "decode_many, a row": (lambda: host.decode_many(column), 1),
    }
    found: dict[str, list[float]] = {what: [] for what in calls}
    for number in range(rounds + 1):
        for what, (call, times) in calls.items():
            took = cost(call, times) / (ROWS if times == 1 else 1)
            found[what] += [took] if number else []
    median = {what: statistics.median(costs) for what, costs in found.items()}
    print(f"median of {rounds}, microseconds of CPU time; a name of {len(NAME)} characters")
    for what, value in median.items():
        peer_name = "kernel, a row" if "row" in what else "bytes.decode('cp932')"
        print(f"{what:26} {value:6.2f}   {value / median[peer_name]:5.2f} × {peer_name}")
    tracemalloc.start()
    kept = [host.decode(raw) for _ in range(CALLS)]
    print(f"memory of a result: {tracemalloc.get_traced_memory()[0] / len(kept):.0f} bytes")


if __name__ == "__main__":
    main()

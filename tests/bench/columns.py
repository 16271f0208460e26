"""A million short fields: one call each, one column, and Python's own cp932 beside them.

``python tests/bench/columns.py [FIELDS]`` prints seconds of CPU (the machine may be shared) and ratios to
``bytes.decode("cp932")`` in a loop over the same number of fields of the same names.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable

import gaiji
from gaiji.codes.charset import Charset

NAMES = ["渡辺太郎", "高橋花子", "斎藤一", "佐藤次郎", "山田はるか", "長谷川勝"]
"""Made-up people."""
CHARSETS = ("windows-31j", "fujitsu-jef-ebcdik", "unicode-utf8")
TIMES = 3


def cpu(work: Callable[[], object]) -> float:
    """The least CPU time of some runs, in seconds."""
    best = float("inf")
    for _ in range(TIMES):
        begin = time.process_time()
        work()
        best = min(best, time.process_time() - begin)
    return best


def singles(decode: Callable[[bytes], object], raws: list[bytes]) -> Callable[[], None]:
    """A loop with one call a field."""

    def loop() -> None:
        for raw in raws:
            decode(raw)

    return loop


def rows(charset: Charset, raws: list[bytes]) -> dict[str, float]:
    """What is measured, and its seconds."""
    assert charset.decode_many(raws[:1000]).texts.to_list() == [charset.decode_text(r) for r in raws[:1000]]
    column = charset.decode_many(raws)
    few = raws[: max(len(raws) // 20, 1)]
    return {
        "decode, a loop (with glyphs and findings)": cpu(singles(charset.decode, few)) * len(raws) / len(few),
        "decode_text, a loop": cpu(singles(charset.decode_text, raws)),
        "decode_many": cpu(lambda: charset.decode_many(raws)),
        "decode_many and glyphs": cpu(lambda: charset.decode_many(raws).glyphs),
        "encode_many": cpu(lambda: charset.encode_many(column.texts)),
    }


def main() -> None:
    """Print the table."""
    fields = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    texts = [NAMES[n % len(NAMES)] for n in range(fields)]
    plain = [text.encode("cp932") for text in texts]
    base = cpu(singles(lambda raw: raw.decode("cp932"), plain))
    print(
        f"{fields:,} fields; bytes.decode('cp932') in a loop: {base:.2f} s, {1e6 * base / fields:.2f} µs each"
    )
    for name in CHARSETS:
        charset = gaiji.load_charset(name)
        raws = [charset.encode(text) for text in texts]
        print(name)
        for what, seconds in rows(charset, raws).items():
            each = 1e6 * seconds / fields
            print(f"  {what:42} {seconds:7.2f} s {each:7.2f} µs each {seconds / base:7.2f} x cp932")


if __name__ == "__main__":
    main()

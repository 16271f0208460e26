"""``make bench``, search: 300 queries of 15 kinds, as people at a counter ask, over a made-up register.

python tests/bench/searching.py [--names 1000000]
"""

from __future__ import annotations

import argparse
import random
import resource
import statistics
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import polars as pl
import registers
from registers import FIRST, FOREIGN, FOREIGN_GIVEN, MIDDLE, given_names, surnames

from gaiji.names.keys import variant_classes
from gaiji.names.searching import NameIndex

Row = dict[str, str]
PIECES = dict(
    zip(
        ["MA", "RI", "SAN", "TO", "KE", "RIN", "BRA", "DO", "WEN", "DE", "RU", "GO", "CHE", "NA", "PO", "MI"],
        [
            "マ",
            "リ",
            "サン",
            "ト",
            "ケ",
            "リン",
            "ブラ",
            "ド",
            "ウェン",
            "デ",
            "ル",
            "ゴ",
            "チェ",
            "ナ",
            "ポ",
            "ミ",
        ],
        strict=True,
    )
)
"""Pieces of foreign names that nobody has."""


def names(count: int, seed: int = 3) -> pl.DataFrame:
    """``count`` people with name, kana and birth; some 7,000 given names, three in a hundred are foreign."""
    rng = random.Random(seed)
    listed, weights = surnames()
    given = [*given_names("M")[0], *given_names("F")[0]]
    given += [(x + y, FIRST[x] + FIRST[y]) for x in FIRST for y in FIRST if x != y]
    rng.shuffle(given)
    heavy = [1 / (n + 20) ** 0.8 for n in range(len(given))]
    rows = []
    for surname, name in zip(
        rng.choices(listed, cum_weights=weights, k=count), rng.choices(given, heavy, k=count), strict=True
    ):
        birth = f"{rng.randint(1930, 2025)}{rng.randint(1, 12):02d}{rng.randint(1, 28):02d}"
        if rng.random() < 0.03:
            words = [_foreign(rng), _foreign(rng)]
            if rng.random() < 0.6:
                words.insert(1, rng.choice(list(MIDDLE.items())))
            rows.append((" ".join(w for w, _ in words), "　".join(k for _, k in words), birth))
        else:
            rows.append((f"{surname[0]}　{name[0]}", f"{surname[1]}　{name[1]}", birth))
    return pl.DataFrame(rows, schema=["name", "kana", "birth"], orient="row")


def write_names(count: int, path: Path) -> None:
    names(count).write_parquet(path)


def _foreign(rng: random.Random) -> tuple[str, str]:
    if rng.random() < 0.1:
        return rng.choice([*FOREIGN.items(), *FOREIGN_GIVEN.items()])
    pieces = [rng.choice(list(PIECES)) for _ in range(3)]
    return "".join(pieces), "".join(PIECES[piece] for piece in pieces)


SYLLABLES = {
    "キャ": "kya", "キュ": "kyu", "キョ": "kyo", "シャ": "sha", "シュ": "shu", "ショ": "sho", "チャ": "cha",
    "チュ": "chu", "チョ": "cho", "ジャ": "ja", "ジュ": "ju", "ジョ": "jo", "リョ": "ryo", "リュ": "ryu",
    **dict(zip("アイウエオカキクケコサシスセソタチツテト", ["a", "i", "u", "e", "o", "ka", "ki", "ku", "ke", "ko", "sa", "shi", "su", "se", "so", "ta", "chi", "tsu", "te", "to"], strict=True)),
    **dict(zip("ナニヌネノハヒフヘホマミムメモヤユヨ", ["na", "ni", "nu", "ne", "no", "ha", "hi", "fu", "he", "ho", "ma", "mi", "mu", "me", "mo", "ya", "yu", "yo"], strict=True)),
    **dict(zip("ラリルレロワンガギグゲゴザジズゼゾ", ["ra", "ri", "ru", "re", "ro", "wa", "n", "ga", "gi", "gu", "ge", "go", "za", "ji", "zu", "ze", "zo"], strict=True)),
    **dict(zip("ダヂヅデドバビブベボパピプペポ", ["da", "ji", "zu", "de", "do", "ba", "bi", "bu", "be", "bo", "pa", "pi", "pu", "pe", "po"], strict=True)),
}  # fmt: skip
KUNREI = {"shi": "si", "chi": "ti", "tsu": "tu", "fu": "hu", "ji": "zi", "sha": "sya", "sho": "syo", "shu": "syu",
          "cha": "tya", "cho": "tyo", "chu": "tyu", "ja": "zya", "jo": "zyo", "ju": "zyu"}  # fmt: skip


def latin(kana: str) -> list[str]:
    """The syllables of a reading in Hepburn."""
    out, at = [], 0
    while at < len(kana):
        size = 2 if kana[at : at + 2] in SYLLABLES else 1
        out.append(SYLLABLES.get(kana[at : at + size], kana[at : at + size]))
        at += size
    return out


def passport(word: str) -> str:
    text = (
        "".join(latin(word))
        .replace("ou", "oh" if word[-1] != "ウ" else "o")
        .replace("oo", "o")
        .replace("uu", "u")
    )
    return text.replace("nb", "mb").replace("nm", "mm").replace("np", "mp").upper()


def hiragana(kana: str) -> str:
    return "".join(chr(ord(c) - 0x60) if "ァ" <= c <= "ヶ" else c for c in kana)


VOICED = dict(
    zip("ガギグゲゴザジズゼゾダヂヅデドバビブベボ", "カキクケコサシスセソタチツテトハヒフヘホ", strict=True)
)


def wrong_kana(row: Row, rng: random.Random) -> str:
    kana = row["kana"]
    at = rng.choice([i for i, c in enumerate(kana) if "ア" <= c <= "ン"])
    return (
        kana[:at]
        + rng.choice([c for c in "アイカキサシタチナニハマミヤラリ" if c != kana[at]])
        + kana[at + 1 :]
    )


def kinds(frame: pl.DataFrame) -> dict[str, Callable[[Row, random.Random], str | None]]:
    """Kind of query → the query for a person, None where it does not apply to them."""
    spelled = registers._spellings()
    by_reading: dict[str, set[str]] = defaultdict(set)
    for kanji, kana in surnames()[0]:
        by_reading[kana].add(kanji)
    for sex in "MF":
        for kanji, kana in given_names(sex)[0]:
            by_reading[kana].add(kanji)

    def variant(row: Row, rng: random.Random) -> str | None:
        known = [c for c in row["name"] if c in spelled]
        return row["name"].replace(known[0], rng.choice(spelled[known[0]]), 1) if known else None

    def homophone(row: Row, rng: random.Random) -> str | None:
        words, readings = row["name"].split("　"), row["kana"].split("　")
        for place in (0, 1):
            others = sorted(by_reading[readings[place]] - {words[place]}) if len(words) == 2 else []
            if others:
                words[place] = rng.choice(others)
                return " ".join(words)
        return None

    def unvoiced(row: Row, rng: random.Random) -> str | None:
        plain = "".join(VOICED.get(c, c) for c in row["kana"])
        return hiragana(plain) if plain != row["kana"] else None

    def words(row: Row) -> tuple[list[str], list[str]]:
        return row["name"].split("　"), row["kana"].split("　")

    def romaji(row: Row, table: dict[str, str]) -> str:
        return " ".join("".join(table.get(s, s) for s in latin(word)) for word in words(row)[1])

    return {
        "kanji": lambda row, rng: row["name"],
        "kanji, no space": lambda row, rng: row["name"].replace("　", ""),
        "variant": variant,
        "katakana": lambda row, rng: row["kana"],
        "hiragana, no space": lambda row, rng: hiragana(row["kana"].replace("　", "")),
        "no dakuten": unvoiced,
        "kanji and kana": lambda row, rng: f"{words(row)[0][0]} {hiragana(words(row)[1][1])}",
        "homophone": homophone,
        "one wrong kana": wrong_kana,
        "reversed": lambda row, rng: " ".join(reversed(words(row)[0])),
        "Hepburn": lambda row, rng: romaji(row, {}),
        "Kunrei": lambda row, rng: romaji(row, KUNREI),
        "passport": lambda row, rng: " ".join(passport(word) for word in words(row)[1]),
        "foreign, no middle name": lambda row, rng: None,
        "surname and birth": lambda row, rng: hiragana(words(row)[1][0]),
    }


def queries(frame: pl.DataFrame, each: int, seed: int = 5) -> Iterator[tuple[str, str, Row]]:
    """(kind, query, person)."""
    rng = random.Random(seed)
    foreign = frame.filter(pl.col("name").str.count_matches(" ") == 2).sample(each, seed=seed).to_dicts()
    local = frame.filter(pl.col("name").str.contains("　")).sample(
        each * 400, seed=seed, with_replacement=True
    )
    people = iter(local.to_dicts())
    for kind, ask in kinds(frame).items():
        done = 0
        while done < each:
            if kind.startswith("foreign"):
                row = foreign[done]
                query: str | None = " ".join(row["name"].split(" ")[::2])
            else:
                row = next(people)
                query = ask(row, rng)
            if query:
                yield kind, query, row
                done += 1


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--names", type=int, default=1_000_000)
    count = parser.parse_args().names
    with tempfile.TemporaryDirectory() as folder:  # made elsewhere, so that it takes none of the memory told
        path = Path(folder) / "names.parquet"
        with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as elsewhere:
            elsewhere.submit(write_names, count, path).result()
        frame = pl.read_parquet(path)
    variant_classes()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    begin, cpu = time.perf_counter(), time.process_time()
    index = NameIndex(frame, ["name", "kana"], birth="birth")
    loading, cpu = time.perf_counter() - begin, time.process_time() - cpu
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024
    index.search("あ", birth="1980", limit=1)  # birth dates are read once
    times, found, cpus = [], defaultdict(list), []
    slow = []
    for kind, query, row in queries(frame, 20):
        narrow = row["birth"] if kind == "surname and birth" else ""
        begin, spent = time.perf_counter(), time.process_time()
        hits = index.search(query, limit=10, birth=narrow).hits
        times.append(time.perf_counter() - begin)
        cpus.append(time.process_time() - spent)
        slow.append((times[-1], kind, query))
        shown = [(frame["name"][hit.row], frame["kana"][hit.row]) for hit in hits]
        found[kind].append((row["name"], row["kana"]) in shown)
    ordered = sorted(times)
    cpus.sort()
    every = [hit for some in found.values() for hit in some]
    print(
        f"search, {count:,} names: index {loading:.2f} s ({cpu:.2f} s of processor), {grown} MB more at the most; "
        f"{len(times)} queries: median {1000 * statistics.median(times):.1f} ms, p95 "
        f"{1000 * ordered[int(0.95 * len(ordered))]:.1f} ms, slowest {1000 * ordered[-1]:.1f} ms "
        f"(of processor: median {1000 * statistics.median(cpus):.1f}, p95 {1000 * cpus[int(0.95 * len(cpus))]:.1f}); "
        f"found in ten {statistics.mean(every):.3f}"
    )
    for kind, hits_ in found.items():
        print(f"  {kind:26}{statistics.mean(hits_):.2f}")
    for seconds, kind, query in sorted(slow, reverse=True)[:5]:
        print(f"  slowest: {1000 * seconds:.1f} ms, {kind}, {len(query)} characters")


if __name__ == "__main__":
    main()

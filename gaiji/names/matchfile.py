"""Matching two files: the table of results, the page that sums it up, and spellings that disagree for the
review queue.

Owns which glyphs differ between two spellings and the files' columns. The rules of matching are in
``gaiji.names.matching``.
"""

from __future__ import annotations

import html
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import lru_cache
from pathlib import Path

import polars as pl

from gaiji.disk.apart import Place, keep_apart
from gaiji.disk.files import write_whole
from gaiji.errors import UsageError
from gaiji.names.matching import COLUMNS, STATUSES, Matches, MatchPolicy, match
from gaiji.output.tabular import need_columns, read_table, write_table
from gaiji.queue.place import queue_files
from gaiji.queue.queue import Item, Sample, open_queue
from gaiji.standard.characters import characters
from gaiji.standard.repertoire import load_repertoire

SYSTEM = "match"
"""The code system under which the queue keeps two spellings of one person's name; the code is the two glyphs'
names.
"""
TITLES = {
    "matched": "一致",
    "matched-spelling": "一致（字形が異なる）",
    "ambiguous": "要確認",
    "only-a": "Aのみ",
    "only-b": "Bのみ",
}


@dataclass(frozen=True)
class MatchReport:
    """Records by status, pairs too many to compare by block, glyph pairs by how often they differ, codes that
    wait.
    """

    counts: dict[str, int]
    left_out: dict[str, int]
    differing: dict[tuple[str, str], int]
    waiting: int


def match_files(
    a: str | Path,
    b: str | Path,
    output: str | Path,
    *,
    columns: Mapping[str, str],
    policy: MatchPolicy | None = None,
    summary: str | Path = "",
    queue: str | Path = "",
) -> MatchReport:
    """Match two tables into ``output`` (.csv, .tsv, .parquet).

    ``columns`` maps ``gaiji.names.matching.COLUMNS`` to a column of both files, or to ``A's=B's``; id and
    name are needed. ``summary`` is an HTML page; ``queue`` gets the glyphs in which matched spellings
    disagree. UsageError for a missing column.
    """
    written = [Place("output", Path(output)), *([Place("summary", Path(summary))] if summary else [])]
    held = [Place("review queue", path) for path in queue_files(queue)] if queue else []
    keep_apart([*written, *held], [Place("first table", Path(a)), Place("second table", Path(b))])
    left, right = _register(a, columns, 0), _register(b, columns, 1)
    found = match(left, right, policy=policy)
    table, differing = _table(found, left, right)
    write_table(table, output)
    if summary:
        _write_page(Path(summary), found, differing, (str(a), str(b)))
    waiting = 0
    if queue:
        opened = open_queue(queue)
        try:
            waiting = opened.add(f"{a} = {b}", _items(table))
        finally:
            opened.close()
    return MatchReport(found.counts(), found.left_out, dict(differing), waiting)


def differences(one: str, other: str) -> list[tuple[str, str]]:
    """The glyphs in which two spellings differ, as pairs of names ("" where one has nothing); spaces do not
    count.
    """
    a, b = _glyphs(one), _glyphs(other)
    out: list[tuple[str, str]] = []
    for tag, i, j, k, m in SequenceMatcher(None, a, b, autojunk=False).get_opcodes():
        if tag != "equal":
            left, right = a[i:j], b[k:m]
            size = max(len(left), len(right))
            out += zip(left + [""] * (size - len(left)), right + [""] * (size - len(right)), strict=True)
    return out


def _glyphs(text: str) -> list[str]:
    return [_glyph(unit) for unit in characters(text) if not unit.isspace()]


@lru_cache(maxsize=100_000)
def _glyph(unit: str) -> str:
    """The name of the glyph that a character means, or its code points."""
    repertoire = load_repertoire()
    name = repertoire.defaults().get(unit)
    found = repertoire.by_text(unit) if name is None and len(unit) > 1 else ()
    return name or (found[0].name if found else " ".join(f"U+{ord(c):04X}" for c in unit))


def _register(path: str | Path, columns: Mapping[str, str], side: int) -> pl.DataFrame:
    frame = read_table(path)
    chosen = {}
    for role in COLUMNS:
        given = columns.get(role, "")
        both = given.split("=", 1) if "=" in given else [given, given]
        chosen[role] = both[side]
    if not chosen["id"] or not chosen["name"]:
        raise UsageError("no column is named for id or name", where=str(path), next="give --id and --name")
    need_columns(frame, [name for name in chosen.values() if name], path)
    return frame.select((pl.col(name) if name else pl.lit("")).alias(role) for role, name in chosen.items())


def _table(
    found: Matches, left: pl.DataFrame, right: pl.DataFrame
) -> tuple[pl.DataFrame, Counter[tuple[str, str]]]:
    """The results with both spellings and the glyphs that differ."""
    pairs = found.pairs
    shown = {
        f"{role}_{which}": frame[role].gather(pairs[which])
        for which, frame in (("a", left), ("b", right))
        for role in COLUMNS
    }
    table = pairs.select("status", "rule", "score").with_columns(**shown)
    hit = (
        table.with_row_index("row")
        .filter(pl.col("status") == "matched-spelling")
        .select("row", "name_a", "name_b")
    )
    differing: Counter[tuple[str, str]] = Counter()
    cells = [""] * table.height
    for row, one, other in hit.iter_rows():
        different = differences(one, other)
        differing.update(different)
        cells[row] = " ".join(f"{x or '-'}/{y or '-'}" for x, y in different)
    return table.with_columns(differences=pl.Series(cells, dtype=pl.String)), differing


def _items(table: pl.DataFrame) -> Iterable[Item]:
    """One item for each pair of glyphs that stand in the same place of one person's name."""
    items: dict[tuple[str, str], Item] = {}
    hit = table.with_row_index("row").filter(pl.col("differences") != "")
    for row, key, one, other in hit.select("row", "id_a", "name_a", "name_b").iter_rows():
        for x, y in differences(one, other):
            if not (x.startswith(("MJ", "GJ")) and y.startswith(("MJ", "GJ"))):
                continue
            found = items.setdefault((x, y), Item(SYSTEM, f"{x} {y}", "", "ambiguous", candidates=f"{x}|{y}"))
            place = ("name", "name")
            found.counts[place] = found.counts.get(place, 0) + 1
            found.records[place] = found.records.get(place, 0) + 1
            if len(found.samples) < 5:
                found.samples.append(Sample(row + 1, str(key)[:200], "name", 0, f"{one} / {other}"))
    return items.values()


def _write_page(
    path: Path, found: Matches, differing: Counter[tuple[str, str]], names: tuple[str, str]
) -> None:
    """The summary, in Japanese: counts and the glyphs that differ most; no person's name."""
    counts = found.counts()
    rows = "".join(f"<tr><td>{TITLES[s]}</td><td>{counts[s]:,}</td></tr>" for s in STATUSES)
    glyphs = "".join(
        f"<tr><td>{_shown(x)}</td><td>{_shown(y)}</td><td>{n:,}</td></tr>"
        for (x, y), n in differing.most_common(200)
    )
    left_out = "".join(
        f"<li>{html.escape(block)}：{pairs:,}組は多すぎるため比較していません。</li>"
        for block, pairs in found.left_out.items()
    )
    page = f"""<!doctype html>
<html lang="ja"><meta charset="utf-8"><title>照合結果</title>
<style>body{{font-family:sans-serif;margin:2em}}table{{border-collapse:collapse;margin:1em 0}}
td,th{{border:1px solid #999;padding:.3em .8em}}td:last-child{{text-align:right}}</style>
<h1>照合結果</h1>
<p>A：{html.escape(names[0])}<br>B：{html.escape(names[1])}</p>
<table><tr><th>結果</th><th>件数</th></tr>{rows}</table>
<ul>{left_out}</ul>
<p>この照合は、台帳を書き換えたり統合したりしません。「要確認」は人が確かめてください。</p>
<h2>字形の違い（多い順、200組まで）</h2>
<table><tr><th>A</th><th>B</th><th>人数</th></tr>{glyphs}</table>
</html>
"""
    write_whole(path, page.encode())


def _shown(name: str) -> str:
    glyph = load_repertoire().get(name)
    return html.escape(f"{glyph.text} {name}" if glyph else name or "（なし）")

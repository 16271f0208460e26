"""Matching two files: the table of results, the page that sums it up, and spellings that disagree for the
review queue.

Owns which glyphs differ between two spellings and the files' columns. The rules of matching are in
``gaiji.names.matching``.
"""

from __future__ import annotations

import html
import os
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import lru_cache
from pathlib import Path

import polars as pl

from gaiji.disk.apart import Place, keep_apart
from gaiji.disk.files import write_whole
from gaiji.errors import UsageError
from gaiji.errors.messages import fault, mark, tr
from gaiji.names.matching import COLUMNS, STATUSES, Matches, MatchPolicy, match
from gaiji.names.pairs import Decided, decided_pairs
from gaiji.names.registers import OTHER_NAMES
from gaiji.output.tabular import need_columns, read_table, write_table
from gaiji.queue.items import Item, Sample, Source
from gaiji.queue.place import queue_files
from gaiji.queue.queue import open_queue
from gaiji.standard.characters import CHARACTER, characters
from gaiji.standard.repertoire import load_repertoire

SYSTEM = "match"
"""The code system under which the queue keeps two spellings of one person's name; the code is the two glyphs'
names.
"""
TITLES = {
    "matched": mark("一致"),
    "matched-spelling": mark("一致（字形が異なる）"),
    "matched-name": mark("一致（氏名の文字が異なる）"),
    "ambiguous": mark("要確認"),
    "only-a": mark("Aのみ"),
    "only-b": mark("Bのみ"),
}
PLACE = ("name", "name")
_UNITS = f"(?s){CHARACTER.pattern}"
"""One character each, for columns."""


@dataclass(frozen=True)
class MatchReport:
    """Records by status, pairs too many to compare by block, glyph pairs by how often they differ, codes that
    wait, what else there is to tell, and decisions: used, about records that changed, about records that are
    gone.
    """

    counts: dict[str, int]
    left_out: dict[str, int]
    differing: dict[tuple[str, str], int]
    waiting: int
    notes: tuple[str, ...] = ()
    decisions: tuple[int, int, int] = (0, 0, 0)


def match_files(
    a: str | Path,
    b: str | Path,
    output: str | Path,
    *,
    columns: Mapping[str, str],
    policy: MatchPolicy | None = None,
    summary: str | Path = "",
    queue: str | Path = "",
    decisions: Sequence[str | Path] = (),
) -> MatchReport:
    """Match two tables into ``output`` (.csv, .tsv, .parquet).

    ``columns`` maps ``gaiji.names.matching.COLUMNS`` (and alias, alias_kana, former, former_kana) to a
    column of both files, or to ``A's=B's``; id and name are needed. ``summary`` is an HTML page; ``queue``
    gets the glyphs in which matched spellings disagree. ``decisions`` are earlier outputs in whose column
    ``decision`` a person wrote. UsageError for a missing column and for numbers that are not unique.
    """
    written = [Place("output", Path(output)), *([Place("summary", Path(summary))] if summary else [])]
    held = [Place("review queue", path) for path in queue_files(queue)] if queue else []
    tables = [Place("first table", Path(a)), Place("second table", Path(b))]
    earlier = [Place("table of decisions", Path(one)) for one in decisions]
    keep_apart([*written, *held], [*tables, *earlier])
    left, right = _register(a, columns, 0), _register(b, columns, 1)
    decided = decided_pairs(decisions, left, right)
    found = match(left, right, policy=policy, decided=decided.pairs)
    table = _table(found, left, right, decided)
    places = differing_glyphs(table)
    table, differing = _with_differences(table, places)
    write_table(table, output)
    if summary:
        _write_page(Path(summary), found, differing, (str(a), str(b)))
    waiting = 0
    if queue:
        opened = open_queue(queue)
        try:
            both = " = ".join(os.path.realpath(one) for one in (a, b))
            waiting = opened.add(Source(both, "match", earlier=f"{a} = {b}"), _items(table, places))
        finally:
            opened.close()
    return MatchReport(found.counts(), found.left_out, dict(differing), waiting, found.notes, decided.counts)


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
    others = [role for roles in OTHER_NAMES.values() for role in roles if columns.get(role)]
    for role in (*COLUMNS, *others):
        given = columns.get(role, "")
        both = given.split("=", 1) if "=" in given else [given, given]
        chosen[role] = both[side]
    if not chosen["id"] or not chosen["name"]:
        raise UsageError(
            fault("E0188", "no column is named for id or name"),
            where=str(path),
            next=tr("give --id and --name"),
        )
    need_columns(frame, [name for name in chosen.values() if name], path)
    return frame.select((pl.col(name) if name else pl.lit("")).alias(role) for role, name in chosen.items())


def _table(found: Matches, left: pl.DataFrame, right: pl.DataFrame, decided: Decided) -> pl.DataFrame:
    """The results with both records, what speaks for and against, and what a person decided."""
    pairs = found.pairs.join(decided.words, on=["a", "b"], how="left", maintain_order="left")
    roles = (*COLUMNS, *(c for c in left.columns if c not in COLUMNS))
    shown = {
        f"{role}_{which}": frame[role].gather(pairs[which])
        for roles_ in (roles[: len(COLUMNS)], roles[len(COLUMNS) :])
        for which, frame in (("a", left), ("b", right))
        for role in roles_
    }
    table = pairs.select("status", "rule", "score").with_columns(**shown)
    return table.with_columns(
        pairs.select("agrees", "differs", "probability", pl.col("decision").fill_null(""))
    )


def differing_glyphs(table: pl.DataFrame) -> pl.DataFrame:
    """(row, x, y): the glyphs in which two spellings of one name differ, of the rows that are
    matched-spelling."""
    rows = table.with_row_index("row").filter(pl.col("status") == "matched-spelling")
    names = rows.select(
        "row", *(_units(pl.col(f"name_{which}")).alias(c) for which, c in (("a", "x"), ("b", "y")))
    )
    even = names.filter(pl.col("x").list.len() == pl.col("y").list.len()).explode("x", "y")
    even = even.filter(pl.col("x") != pl.col("y"))
    known = pl.concat([even["x"], even["y"]]).unique().to_list()
    glyphs = {unit: _glyph(unit) for unit in known}
    named = even.with_columns(pl.col("x", "y").replace_strict(glyphs, return_dtype=pl.String))
    named = named.filter(pl.col("x") != pl.col("y"))
    uneven = rows.join(even, on="row", how="anti").filter(
        _units(pl.col("name_a")).list.len() != _units(pl.col("name_b")).list.len()
    )
    distinct = uneven.select("name_a", "name_b").unique()
    found = [(one, other, *pair) for one, other in distinct.iter_rows() for pair in differences(one, other)]
    apart = pl.DataFrame(found, schema=["name_a", "name_b", "x", "y"], orient="row")
    apart = uneven.join(apart.cast(pl.String), on=["name_a", "name_b"]).select("row", "x", "y")
    return pl.concat([named, apart]).sort("row", maintain_order=True)


def _units(names: pl.Expr) -> pl.Expr:
    """Characters with their selectors, without spaces."""
    return names.str.replace_all(r"\s", "").str.extract_all(_UNITS)


def _with_differences(
    table: pl.DataFrame, places: pl.DataFrame
) -> tuple[pl.DataFrame, Counter[tuple[str, str]]]:
    """The table with a column of the glyphs that differ, and how often each pair does."""
    written = pl.concat_str(
        *(pl.when(pl.col(c) == "").then(pl.lit("-")).otherwise(c) for c in "xy"), separator="/"
    )
    cells = places.group_by("row").agg(differences=written.str.join(" "))
    whole = table.with_row_index("row").join(cells, on="row", how="left", maintain_order="left")
    counts = places.group_by("x", "y").len().sort("len", "x", "y", descending=[True, False, False])
    at = table.columns.index("agrees")
    columns = [*table.columns[:at], "differences", *table.columns[at:]]
    table = whole.with_columns(pl.col("differences").fill_null("")).select(columns)
    return table, Counter({(x, y): n for x, y, n in counts.iter_rows()})


def _items(table: pl.DataFrame, places: pl.DataFrame) -> Iterable[Item]:
    """One item for each pair of glyphs that stand in the same place of one person's name."""
    pairs = places.filter(pl.col("x").str.contains("^(MJ|GJ)") & pl.col("y").str.contains("^(MJ|GJ)"))
    grouped = pairs.group_by("x", "y", maintain_order=True).agg(
        count=pl.len(),
        records=pl.col("row").n_unique(),
        rows=pl.col("row").unique(maintain_order=True).head(5),
    )
    for x, y, count, records, rows in grouped.iter_rows():
        item = Item(SYSTEM, f"{x} {y}", "", "ambiguous", candidates=f"{x}|{y}")
        item.counts[PLACE], item.records[PLACE] = count, records
        for row in rows:
            key, one, other = (table[column][row] for column in ("id_a", "name_a", "name_b"))
            item.samples.append(Sample(row + 1, str(key)[:200], "name", 0, f"{one} / {other}"))
        yield item


def _write_page(
    path: Path, found: Matches, differing: Counter[tuple[str, str]], names: tuple[str, str]
) -> None:
    """The summary, in Japanese: counts and the glyphs that differ most; no person's name."""
    counts = found.counts()
    rows = "".join(f"<tr><td>{tr(TITLES[s])}</td><td>{counts[s]:,}</td></tr>" for s in STATUSES)
    glyphs = "".join(
        f"<tr><td>{_shown(x)}</td><td>{_shown(y)}</td><td>{n:,}</td></tr>"
        for (x, y), n in differing.most_common(200)
    )
    notes = "".join(f"<li>{html.escape(note)}</li>" for note in found.notes)
    left_out = notes + "".join(
        (
            "<li>"
            + tr(
                "{block}：{pairs:,}組は多すぎるため比較していません。", block=html.escape(block), pairs=pairs
            )
            + "</li>"
        )
        for block, pairs in found.left_out.items()
    )
    page = (
        "<!doctype html>\n"
        f"""<html lang="ja"><meta charset="utf-8"><title>{tr("照合結果")}</title>\n"""
        "<style>"
        "body{font-family:sans-serif;margin:2em}table{border-collapse:collapse;margin:1em 0}\n"
        "td,th{border:1px solid #999;padding:.3em .8em}td:last-child{text-align:right}</style>"
        "\n"
        f"<h1>{tr('照合結果')}</h1>\n"
        f"<p>A：{html.escape(names[0])}<br>B：{html.escape(names[1])}</p>\n"
        f"<table><tr><th>{tr('結果')}</th><th>{tr('件数')}</th></tr>{rows}</table>\n"
        f"<ul>{left_out}</ul>\n"
        "<p>"
        + tr("この照合は、台帳を書き換えたり統合したりしません。「要確認」は人が確かめてください。")
        + "</p>\n"
        f"<h2>{tr('字形の違い（多い順、200組まで）')}</h2>\n"
        f"<table><tr><th>A</th><th>B</th><th>{tr('人数')}</th></tr>{glyphs}</table>\n"
        "</html>\n"
    )
    write_whole(path, page.encode())


def _shown(name: str) -> str:
    glyph = load_repertoire().get(name)
    return html.escape(f"{glyph.text} {name}" if glyph else name or tr("（なし）"))

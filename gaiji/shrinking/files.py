"""縮退 of whole files: the shrunk table, the side table that leads back, and the findings in the review
queue.

Owns the side file's columns and how decisions of the queue come back. Which character a glyph becomes is in
``gaiji.shrinking.shrinker``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from gaiji.disk.apart import Place, keep_apart
from gaiji.errors import DataError, UsageError
from gaiji.output.tabular import need_columns, read_table, write_table
from gaiji.queue.decisions import confirmed_items
from gaiji.queue.queue import Item, Queue, Sample, open_queue, queue_files
from gaiji.shrinking.shrinker import Policy, Shrinker, ShrunkColumn, unshrink
from gaiji.standard.repertoire import load_repertoire

SIDE_COLUMNS = ("record", "key", "field", "position", "written", "original", "glyph", "evidence")
"""record from 1; position from 0, in characters of the shrunk field; written (what stands there) and original
as code points.
"""


@dataclass(frozen=True)
class ShrinkReport:
    """What a run did: rows, characters changed by evidence, glyphs by finding, codes that wait."""

    rows: int
    changed: dict[str, int]
    findings: dict[str, int]
    waiting: int


def shrink_file(
    source: str | Path,
    output: str | Path,
    side: str | Path,
    *,
    policy: Policy,
    columns: Sequence[str] = (),
    key: str = "",
    queue: str | Path = "",
    context: str = "field",
) -> ShrinkReport:
    """Shrink columns of a table (all of text when none is named) into ``output``, with the way back in
    ``side``.

    ``key`` names the column that tells records apart. Findings go to ``queue``; decisions confirmed there are
    used. UsageError for a missing column or a policy that cannot be; ``context`` is field or none (no names
    in the queue).
    """
    read = [Place("table", Path(source)), *(Place("shrink policy", Path(name)) for name in policy.files)]
    written = [Place("output", Path(output)), Place("side table", Path(side))]
    held = [Place("review queue", path) for path in queue_files(queue)] if queue else []
    keep_apart([*written, *held], read)
    frame = read_table(source, as_text=False)
    chosen = list(columns) or [
        name for name, kind in frame.schema.items() if name != key and kind == pl.String
    ]
    need_columns(frame, [*chosen, *([key] if key else [])], source)
    wrong = [name for name in columns if frame.schema[name] != pl.String]
    if wrong:
        raise UsageError(f"column {wrong[0]} holds no text", where=str(source), next="name columns of text")
    opened = open_queue(queue) if queue else None
    try:
        shrinker = Shrinker(policy, decided=decided(opened, policy) if opened else {})
        made = {name: shrinker.column(frame[name]) for name in chosen}
        waiting = opened.add(str(source), _items(frame, made, policy, key, context)) if opened else 0
    finally:
        if opened:
            opened.close()
    whole = _side(frame, made, key)
    write_table(whole, side)
    write_table(frame.with_columns(m.text.alias(name) for name, m in made.items()), output)
    reasons: Counter[str] = Counter()
    for m in made.values():
        reasons.update(m.findings["reason"].to_list())
    return ShrinkReport(frame.height, dict(Counter(whole["evidence"].to_list())), dict(reasons), waiting)


def unshrink_file(source: str | Path, side: str | Path, output: str | Path, *, key: str = "") -> int:
    """Put the originals of a side table back; returns how many. DataError when it is not the side table of
    this file.

    ``key`` names the column of the records' keys; UsageError when the side table has keys and it is not
    given.
    """
    read = [Place("shrunk table", Path(source)), Place("side table", Path(side))]
    keep_apart([Place("output", Path(output))], read)
    frame, table = read_table(source, as_text=False), read_table(side)
    need_columns(table, list(SIDE_COLUMNS), side)
    try:
        numbers = table.with_columns(
            pl.col("record", "position").cast(pl.Int64),
            pl.col("written", "original").map_elements(_characters, return_dtype=pl.String),
        )
    except (pl.exceptions.PolarsError, ValueError, OverflowError) as error:
        raise DataError(
            "is no side table", where=str(side), next="use the file that gaiji shrink wrote"
        ) from error
    need_columns(frame, [*numbers["field"].unique().to_list(), *([key] if key else [])], source)
    if key:
        _check_keys(frame, numbers, key, side)
    elif (numbers["key"] != "").any():
        raise UsageError(
            "the side table has keys, so records may have moved", where=str(side), next="give --key COLUMN"
        )
    back = {}
    for (name,), part in numbers.group_by("field"):
        originals = part.select((pl.col("record") - 1).alias("row"), "position", "written", "original")
        back[str(name)] = unshrink(frame[str(name)], originals)
    write_table(frame.with_columns(series.alias(name) for name, series in back.items()), output)
    return numbers.height


def decided(queue: Queue, policy: Policy) -> dict[str, str]:
    """Glyph name → the character that was decided for it (its glyph's own), "" for 判読不能: from confirmed
    items.
    """
    out = {}
    shrinker = Shrinker(policy)
    for found, made in confirmed_items(queue):
        if found.system != system_name(policy):
            continue
        text = load_repertoire()[made.glyph].base if made.glyph else made.text
        if text and any(c not in shrinker.target for c in text):
            raise UsageError(
                f"the decision for {found.code} is not in {shrinker.target.name}",
                where=queue.url.partition("://")[0],
                next="decide on a character that the target has",
            )
        out[found.code] = text
    return out


def system_name(policy: Policy) -> str:
    """The code system under which the queue keeps findings of a target."""
    return f"shrink {policy.to}"


def _side(frame: pl.DataFrame, made: dict[str, ShrunkColumn], key: str) -> pl.DataFrame:
    keys = (
        frame[key].cast(pl.String).fill_null("") if key else pl.Series([""] * frame.height, dtype=pl.String)
    )
    parts = []
    for name, m in made.items():
        parts.append(
            m.side.select(
                (pl.col("row") + 1).alias("record"),
                keys.gather(m.side["row"]).alias("key"),
                pl.lit(name).alias("field"),
                "position",
                pl.col("written", "original").map_elements(_code_points, return_dtype=pl.String),
                "glyph",
                "evidence",
            )
        )
    return pl.concat(parts).sort("record", "field", "position", maintain_order=True)


def _items(
    frame: pl.DataFrame, made: dict[str, ShrunkColumn], policy: Policy, key: str, context: str
) -> list[Item]:
    """One item a glyph, with its counts, the first occurrences and the candidates' glyph names."""
    items: dict[tuple[str, str], Item] = {}
    seen: dict[tuple[str, str], set[int]] = {}
    defaults = load_repertoire().defaults()
    for name, m in made.items():
        for row, position, glyph, reason, candidates in m.findings.iter_rows():
            found = items.get((glyph, reason))
            if found is None:
                names = "|".join(defaults[c] for c in candidates if c in defaults)
                found = items[glyph, reason] = Item(system_name(policy), glyph, "", reason, candidates=names)
                seen[glyph, reason] = set()
            place = (name, "name")
            found.counts[place] = found.counts.get(place, 0) + 1
            fresh = row not in seen[glyph, reason]
            found.records[place] = found.records.get(place, 0) + fresh
            seen[glyph, reason].add(row)
            if len(found.samples) < 5:
                text = m.text[row] if context == "field" else ""
                marked = (
                    text[:position] + "【" + text[position : position + 1] + "】" + text[position + 1 :]
                    if text
                    else ""
                )
                label = str(frame[key][row]) if key else str(row + 1)
                found.samples.append(Sample(row + 1, label[:200], name, position, marked))
    return list(items.values())


def _check_keys(frame: pl.DataFrame, table: pl.DataFrame, key: str, side: str | Path) -> None:
    """Each line of the side table must be about the record that stands at its place."""
    if (table["record"].max() or 0) > frame.height:  # type: ignore[operator]
        raise DataError(
            "names records that the file does not have",
            where=str(side),
            next="use the file that was shrunk with it",
        )
    there = frame[key].cast(pl.String).fill_null("").gather(table["record"] - 1)
    wrong = (there != table["key"]).arg_true()
    if len(wrong):
        raise DataError(
            f"record {table['record'][wrong[0]]} has another {key}",
            where=str(side),
            next="use the file that was shrunk with it, in its order",
        )


def _code_points(text: str) -> str:
    return " ".join(f"{ord(c):04X}" for c in text)


def _characters(codes: str) -> str:
    return "".join(chr(int(code, 16)) for code in codes.split())

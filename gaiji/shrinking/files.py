"""縮退 of whole files: the shrunk table, the side table that leads back, the list of people, the findings in
the queue.

Owns the side file's columns, which records of it are put back and which refused, and how decisions of the
queue come back. Which character a glyph becomes is in ``gaiji.shrinking.shrinker``.
"""

from __future__ import annotations

import os
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl

from gaiji.disk.apart import Place, keep_apart
from gaiji.disk.files import AtomicFile, name_all, staged, write_whole
from gaiji.errors import DataError, UsageError
from gaiji.errors.messages import fault, tr
from gaiji.layout.roles import find_role, normalise
from gaiji.output.tabular import need_columns, read_table, separator_of, table_bytes, write_table
from gaiji.output.textform import TextForm, text_form
from gaiji.queue.decisions import confirmed_items
from gaiji.queue.items import Item, Sample, Source
from gaiji.queue.place import queue_files
from gaiji.queue.queue import Queue, open_queue
from gaiji.shrinking.people import counted, equal_names, people
from gaiji.shrinking.policy import Policy
from gaiji.shrinking.shrinker import Shrinker, ShrunkColumn, restore, seal
from gaiji.standard.relations import map_name
from gaiji.standard.repertoire import load_repertoire

SIDE_COLUMNS = (
    "record",
    "key",
    "field",
    "position",
    "written",
    "original",
    "glyph",
    "evidence",
    "asserts",
    "sealed",
    "seal",
)
"""record from 1; position from 0, in characters of the shrunk field; written (what stands there) and original
as code points; asserts: what the evidence asserts (``gaiji.shrinking.evidence.ASSERTS``); seal: of the name
and the field (the columns in sealed, joined by ``|``) as they were written, so that they are known again.
"""
REFUSALS = {
    "missing": "the file has no record of this key",
    "several": "several records have this key",
    "changed": "the text is not what was written",
}
"""Why lines of a side table are not put back."""


@dataclass(frozen=True)
class ShrinkReport:
    """What a run did: rows, characters changed by evidence, characters by finding, codes that wait, and
    people (``gaiji.shrinking.people.counted``; empty when no column of names is known). ``same_form``: the
    output is written as the source is (mark, line ends, quotes), so that the way back gives its very bytes;
    a Parquet file has no such form. ``map``: the edition of the MJ縮退マップ.
    """

    rows: int
    changed: dict[str, int]
    findings: dict[str, int]
    waiting: int
    people: Mapping[str, int] = field(default_factory=dict)
    same_form: bool = True
    map: str = ""


@dataclass(frozen=True)
class UnshrinkReport:
    """What a way back did: characters put back, and the records left as they are with the reason (a key of
    ``REFUSALS``; the record's number in the shrunk file).
    """

    restored: int
    refused: tuple[tuple[int, str], ...] = ()


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
    names: Sequence[str] | None = None,
    birth: str = "",
    people_to: str | Path = "",
    site: str = "",
) -> ShrinkReport:
    """Shrink columns of a table (all of text when none is named) into ``output``, with the way back in
    ``side``.

    ``key`` names the column that tells records apart. Findings go to ``queue``; decisions confirmed there are
    used; ``context`` is field or none (no names in the queue); ``site`` is whose findings and decisions
    those are. ``names`` are the columns that make up a person's name (None: those of ``own_name``),
    ``birth`` the birth date: whose name becomes another's is counted, and listed in ``people_to`` with
    those whose name holds a look-alike. UsageError for a missing column or a policy that cannot be.
    """
    done = shrink_staged(
        source,
        output,
        side,
        policy=policy,
        columns=columns,
        key=key,
        queue=queue,
        context=context,
        names=names,
        birth=birth,
        people_to=people_to,
        site=site,
    )
    name_all(done.files)
    return done.report


@dataclass(frozen=True)
class Staged:
    """What ``shrink_file`` made: its report, and its files, which are on the disk and have no names yet."""

    report: ShrinkReport
    files: tuple[AtomicFile, ...]


def shrink_staged(
    source: str | Path,
    output: str | Path,
    side: str | Path,
    *,
    policy: Policy,
    columns: Sequence[str],
    key: str,
    queue: str | Path,
    context: str,
    site: str,
    names: Sequence[str] | None = None,
    birth: str = "",
    people_to: str | Path = "",
    named: Path | None = None,
) -> Staged:
    """``shrink_file``, all but the names of its files. ``named``: the name that the source will have."""
    written = {"output": output, "side table": side, "list of people": people_to}
    _check_apart(source, written, policy, queue)
    frame = read_table(source, as_text=False, named=named)
    names = own_name(frame.columns) if names is None else names
    chosen = _chosen(frame, columns, key, source)
    if people_to and not names:
        raise UsageError(
            fault("E0385", "which columns are the name is not clear"),
            where=str(source),
            next=tr("give --name COLUMN"),
        )
    need_columns(frame, [*chosen, *names, *(c for c in (key, birth) if c)], source)
    with ExitStack() as held:
        opened = held.enter_context(closing(open_queue(queue))) if queue else None
        shrinker = Shrinker(policy, decided=decided(opened, policy, site) if opened else {})
        made = {name: shrinker.column(frame[name]) for name in chosen}
        after = frame.with_columns(m.text.alias(name) for name, m in made.items())
        whole = _side(frame, after, made, key, names)
        equal = equal_names(frame, after, names, birth) if names else None
        form = _form_for(source, output, named)
        files = [_staged(whole, side, held), _staged(after, output, held, form)]
        if people_to and equal is not None:
            files.append(_staged(people(equal, whole, _keys(frame, key)), people_to, held))
        label = "" if context != "field" and _names_people(key, [*names, *columns]) else key
        items = _items(frame, made, policy, label, context, site) if opened else []
        waiting = opened.add(_source(named or source, output, policy, site), items) if opened else 0
        reasons = Counter(reason for m in made.values() for reason in m.findings["reason"])
        people_found = counted(equal, whole) if equal is not None else {}
        changed = dict(Counter(whole["evidence"].to_list()))
        same = form is not None or not separator_of(named or Path(source))
        links = map_name(shrinker.edition)
        report = ShrinkReport(frame.height, changed, dict(reasons), waiting, people_found, same, links)
        if opened:
            opened.close()
        held.pop_all()
    return Staged(report, tuple(files))


def _form_for(source: str | Path, output: str | Path, named: Path | None = None) -> TextForm | None:
    """The form in which a table is written that was read from ``source``, None for the usual one."""
    if separator_of(named or Path(source)) != separator_of(Path(output)):
        return None
    return text_form(source, named=named)


def _staged(
    frame: pl.DataFrame, path: str | Path, held: ExitStack, form: TextForm | None = None
) -> AtomicFile:
    """A table on the disk without its name, which goes when what follows fails."""
    file = staged(Path(path), form.write(frame) if form else table_bytes(frame, path))
    held.callback(file.discard)
    return file


def _names_people(key: str, names: Sequence[str]) -> bool:
    """Whether the values of a key are people's names or readings."""
    return key in names or find_role(key) in ("name", "kana")


def _check_apart(
    source: str | Path, written: Mapping[str, str | Path], policy: Policy, queue: str | Path
) -> None:
    """UsageError when what is written is read too, or two of them are one."""
    read = [Place("table", Path(source)), *(Place("shrink policy", Path(name)) for name in policy.files)]
    held = [Place("review queue", path) for path in queue_files(queue)] if queue else []
    keep_apart([*(Place(what, Path(path)) for what, path in written.items() if path), *held], read)


def own_name(columns: Sequence[str]) -> list[str]:
    """The columns of a person's own name: the only one of role name, or 氏 and 名; none where several could
    be (世帯主氏名 is another's name, 通称 another name).
    """
    found = [name for name in columns if find_role(name) == "name"]
    parts = [name for name in found if normalise(name) in ("氏", "姓", "名")]
    return found if len(found) == 1 else parts if len(parts) == 2 else []


def _chosen(frame: pl.DataFrame, columns: Sequence[str], key: str, source: str | Path) -> list[str]:
    """The columns to shrink: those named, else all of text but the key."""
    need_columns(frame, list(columns), source)
    for name in columns:
        if frame.schema[name] != pl.String:
            raise UsageError(
                fault("E0386", "column {name} holds no text", name=name),
                where=str(source),
                next=tr("name columns of text"),
            )
    return list(columns) or [n for n, kind in frame.schema.items() if n != key and kind == pl.String]


def unshrink_file(
    source: str | Path, side: str | Path, output: str | Path, *, key: str = "", refused_to: str | Path = ""
) -> UnshrinkReport:
    """Put the originals of a side table back where the record is the one it is about and its name is what was
    written; other records stay as they are and are told, and listed in ``refused_to``.

    ``key`` names the column of the records' keys, by which records are found wherever they stand; UsageError
    when the side table has keys and it is not given. DataError when it is no side table.
    """
    read = [Place("shrunk table", Path(source)), Place("side table", Path(side))]
    written = [Place("output", Path(output))]
    written += [Place("list of refused records", Path(refused_to))] if refused_to else []
    keep_apart(written, read)
    frame, table = read_table(source, as_text=False), _read_side(side)
    fields = table["field"].unique(maintain_order=True).to_list()
    need_columns(frame, [*sorted(_sealed(table)), *([key] if key else [])], source)
    if not key and (table["key"] != "").any():
        raise UsageError(
            fault("E0309", "the side table has keys, so records may have moved"),
            where=str(side),
            next=tr("give --key COLUMN"),
        )
    rows, refused = _places(frame, table, key)
    changed = _changed(frame, table, rows)
    good = [row is not None and n not in changed for n, row in enumerate(rows)]
    texts: dict[str, dict[int, list[tuple[int, str, str]]]] = {name: defaultdict(list) for name in fields}
    lines = table.select("field", "position", "written", "original").rows()
    for (name, *change), row, fit in zip(lines, rows, good, strict=True):
        if fit and row is not None:
            texts[name][row].append((change[0], change[1], change[2]))
    back = frame.with_columns(_restored(frame[name], changes) for name, changes in texts.items())
    records = table["record"].to_list()
    refused |= {records[n]: "changed" for n in sorted(changed)}
    form = _form_for(source, output)
    write_whole(Path(output), form.write(back) if form else table_bytes(back, output))
    if refused_to:
        _write_refused(table, refused, refused_to)
    return UnshrinkReport(sum(good), tuple(sorted(refused.items())))


def _read_side(side: str | Path) -> pl.DataFrame:
    table = read_table(side)
    need_columns(table, list(SIDE_COLUMNS), side)
    try:
        return table.with_columns(
            pl.col("record", "position").cast(pl.Int64),
            pl.col("written", "original").map_elements(_characters, return_dtype=pl.String),
        )
    except (pl.exceptions.PolarsError, ValueError, OverflowError) as error:
        raise DataError(
            fault("E0308", "is no side table"),
            where=str(side),
            next=tr("use the file that gaiji shrink wrote"),
        ) from error


def _places(frame: pl.DataFrame, table: pl.DataFrame, key: str) -> tuple[list[int | None], dict[int, str]]:
    """The row of each line of the side table, None where none is sure; and the records refused for that."""
    rows: list[int | None] = []
    refused: dict[int, str] = {}
    found = defaultdict(list)
    if key:
        wanted = set(table["key"].unique())
        for row, value in enumerate(frame[key].cast(pl.String).fill_null("")):
            if value in wanted:
                found[value].append(row)
    for record, value in table.select("record", "key").iter_rows():
        here = found[value] if key else [record - 1] if 0 < record <= frame.height else []
        if len(here) > 1 and record - 1 in here:
            here = [record - 1]  # of records with one key, the one that stands where it stood
        rows.append(here[0] if len(here) == 1 else None)
        if len(here) != 1:
            refused[record] = "several" if here else "missing"
    return rows, refused


def _changed(frame: pl.DataFrame, table: pl.DataFrame, rows: Sequence[int | None]) -> set[int]:
    """The lines of the side table whose sealed texts are not what was written."""
    cells = {name: frame[name].cast(pl.String).to_list() for name in _sealed(table)}
    seen: dict[tuple[int, str], str] = {}
    wrong: set[int] = set()
    lines = table.select("field", "position", "written", "sealed", "seal").rows()
    for n, ((name, position, written, names, mark), row) in enumerate(zip(lines, rows, strict=True)):
        if row is None:
            continue
        if (row, names) not in seen:
            seen[row, names] = seal(*(cells[field][row] or "" for field in names.split("|")))
        stands = (cells[name][row] or "").startswith(written, position)
        if seen[row, names] != mark or not written or not stands:
            wrong.add(n)
    return wrong


def _sealed(table: pl.DataFrame) -> set[str]:
    """The fields that a side table's seals go over, and those it is about."""
    names = {name for names in table["sealed"].unique() for name in names.split("|")}
    return names | set(table["field"].unique())


def _restored(column: pl.Series, changes: Mapping[int, list[tuple[int, str, str]]]) -> pl.Series:
    texts = column.to_list()
    for row, places in changes.items():
        texts[row] = restore(texts[row], places, f"row {row + 1}")
    return pl.Series(column.name, texts, dtype=pl.String)


def _write_refused(table: pl.DataFrame, refused: Mapping[int, str], path: str | Path) -> None:
    frame = table.filter(pl.col("record").is_in(list(refused))).select("record", "key", "field", "position")
    why = pl.col("record").replace_strict(list(refused), list(refused.values()), return_dtype=pl.String)
    write_table(frame.with_columns(why=why) if refused else frame.with_columns(why=pl.lit("")), path)


def _source(source: str | Path, output: str | Path, policy: Policy, site: str) -> Source:
    """What the queue tells the findings of a table by."""
    read, written = os.path.realpath(source), os.path.realpath(output)
    return Source(read, f"{system_name(policy)}", site, output=written, earlier=str(source))


def decided(queue: Queue, policy: Policy, site: str = "") -> dict[str, str]:
    """Glyph name → the character that was decided for it (its glyph's own), "" for 判読不能: from the
    confirmed items of a site and, where it has none, those that were decided without a site.
    """
    out = {}
    shrinker = Shrinker(policy)
    mine = [one for one in confirmed_items(queue) if one[0].site in ("", site)]
    for found, made in sorted(mine, key=lambda one: one[0].site):
        if found.system != system_name(policy):
            continue
        text = load_repertoire()[made.glyph].base if made.glyph else made.text
        if text and any(c not in shrinker.target for c in text):
            raise UsageError(
                fault(
                    "E0310",
                    "the decision for {code} is not in {target}",
                    code=found.code,
                    target=shrinker.target.name,
                ),
                where=queue.url.partition("://")[0],
                next=tr("decide on a character that the target has"),
            )
        out[found.code] = text
    return out


def system_name(policy: Policy) -> str:
    """The code system under which the queue keeps findings of a target."""
    return f"shrink {policy.to}"


def _keys(frame: pl.DataFrame, key: str) -> pl.Series:
    if key:
        return frame[key].cast(pl.String).fill_null("")
    return pl.Series([""] * frame.height, dtype=pl.String)


def _side(
    frame: pl.DataFrame, after: pl.DataFrame, made: dict[str, ShrunkColumn], key: str, names: Sequence[str]
) -> pl.DataFrame:
    """The side table. Each line is sealed with the record's name (all its columns) and its own field."""
    keys, parts = _keys(frame, key), []
    for name, m in made.items():
        over = [*names, *([] if name in names else [name])]
        hit = m.side["row"].unique(maintain_order=True)
        texts = after.select(pl.col(over).cast(pl.String).fill_null("")).select(pl.all().gather(hit)).rows()
        seals = {row: seal(*cells) for row, cells in zip(hit, texts, strict=True)}
        parts.append(
            m.side.select(
                (pl.col("row") + 1).alias("record"),
                keys.gather(m.side["row"]).alias("key"),
                pl.lit(name).alias("field"),
                "position",
                pl.col("written", "original").map_elements(_code_points, return_dtype=pl.String),
                "glyph",
                "evidence",
                "asserts",
                pl.lit("|".join(over)).alias("sealed"),
                pl.Series("seal", [seals[row] for row in m.side["row"]], dtype=pl.String),
            )
        )
    return pl.concat(parts).sort("record", "field", "position", maintain_order=True)


def _items(
    frame: pl.DataFrame, made: dict[str, ShrunkColumn], policy: Policy, key: str, context: str, site: str
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
                found = items[glyph, reason] = Item(
                    system_name(policy), glyph, site, reason, candidates=names
                )
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


def _code_points(text: str) -> str:
    return " ".join(f"{ord(c):04X}" for c in text)


def _characters(codes: str) -> str:
    return "".join(chr(int(code, 16)) for code in codes.split())

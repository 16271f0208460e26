"""What lists say a form is: 正字, 俗字, 誤字 or 別字, each with the list that says so.

Owns the notices on names in 戸籍 that the MJ縮退マップ carries, read as what they call a glyph, and the table
that a town brings of its own (``standing.tsv`` in the user's data folder). Says nothing where no list does,
and decides nothing: a 俗字 stays one, and a 誤字 is never made a 正字 by this toolkit.
"""

from __future__ import annotations

import csv
import io
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from pathlib import Path

from gaiji.disk.datafiles import user_data_dir
from gaiji.disk.files import write_whole
from gaiji.errors import OutputError, RepertoireError
from gaiji.errors.messages import fault, mark, tr
from gaiji.model import Glyph
from gaiji.model.plain import dataclass
from gaiji.standard.editions import SHRINK, Edition, current_edition
from gaiji.standard.lists import text_of
from gaiji.standard.relations import links_of, read_links
from gaiji.standard.repertoire import load_repertoire

NOTICES = {
    "min2842": mark("民一2842号通達 誤字俗字・正字一覧表（無印）"),
    "min2842-zokuji": mark("民一2842号通達 誤字俗字・正字一覧表（俗字）"),
    "min2842-betsuji": mark("民一2842号通達 誤字俗字・正字一覧表（別字）"),
    "min5202": mark("民二5202号通知 正字・俗字等対照表"),
}
"""The notices by the map's short names, and what the map adds to them (付記)."""
CALLED = {
    "min2842": mark("誤字俗字（付記なし）"),
    "min2842-zokuji": mark("俗字"),
    "min2842-betsuji": mark("別字"),
    "min5202": mark("俗字等"),
}
"""What a notice calls the forms on its side that is not 正字: no more than its title and the 付記 say."""
KINDS = (mark("正字"), mark("俗字"), mark("誤字"), mark("別字"))
"""What a town's table may call a form."""
HEADS = ("文字図形名", "区分", "正字", "典拠")
"""The columns of a town's table; others are left aside."""


@dataclass(frozen=True)
class Standing:
    """``kind``: what the list calls a form, in Japanese; ``of``: the 正字 that stands beside it there, ""
    where none does; ``source``: the list."""

    kind: str
    of: str
    source: str

    def __str__(self) -> str:
        beside = tr("（表の正字 {of}）", of=self.of) if self.of else ""
        return f"{self.kind}{beside}：{self.source}"


def standings(name: str) -> tuple[Standing, ...]:
    """What the lists call a glyph (by name): the town's own table first. RepertoireError when that is
    damaged."""
    return standings_of([name])[name]


def standings_of(names: Iterable[str]) -> dict[str, tuple[Standing, ...]]:
    """``standings`` of several glyphs: the lists in use are asked for once."""
    repertoire, links, own = load_repertoire(), _links(current_edition(SHRINK)), _own()
    glyphs = {name: repertoire.get(name) for name in names}
    return {
        name: _told(glyph, links.get(glyph.name, ()), own) if glyph else () for name, glyph in glyphs.items()
    }


def standings_alone(glyph: Glyph) -> tuple[Standing, ...]:
    """``standings`` of one glyph that is at hand, without reading the lists for the others."""
    return _told(glyph, links_of(glyph.name, current_edition(SHRINK)), _own())


def _told(
    glyph: Glyph, links: Iterable[Sequence[str]], own: Mapping[str, tuple[Standing, ...]]
) -> tuple[Standing, ...]:
    plain = {glyph.text, glyph.base if glyph.default else ""}
    led = [(text_of(ucs), table) for _, ucs, _, table, *_ in links if table in NOTICES]
    told = [Standing(tr(CALLED[table]), text, tr(NOTICES[table])) for text, table in led if text not in plain]
    return (*own.get(glyph.name, ()), *told)


@lru_cache(maxsize=2)
def _links(edition: Edition | None) -> Mapping[str, list[list[str]]]:
    """Glyph name → its rows of the map that are of a notice."""
    out: dict[str, list[list[str]]] = defaultdict(list)
    for row in read_links(edition):
        if row[3] in NOTICES:
            out[row[0]].append(row)
    return out


# -- the town's own -----------------------------------------------------------------------------------


def take_standings(file: str | Path) -> int:
    """Keep a town's own table (CSV or TSV in UTF-8 with HEADS) and use it from now on, instead of one that
    was taken before; returns its rows. RepertoireError, with the line, for a glyph that the repertoire lacks,
    a 区分 that is none of KINDS or a row without 典拠; nothing is kept then."""
    path = Path(file)
    rows = list(_rows(_text_of(path), path))
    text = "".join("\t".join(row) + "\n" for row in (HEADS, *rows))
    kept = _kept()
    try:
        kept.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(
            fault("E0790", "cannot keep the table: {reason}", reason=error.strerror or type(error).__name__),
            where=str(kept.parent),
            next=tr("set GAIJI_HOME to a writable folder"),
        ) from error
    write_whole(kept, text.encode(), own=True)
    return len(rows)


def drop_standings() -> bool:
    """Use no table of the town's own any more; whether there was one."""
    there = _kept().is_file()
    _kept().unlink(missing_ok=True)
    return there


def _kept() -> Path:
    return user_data_dir() / "standing.tsv"


def _own() -> Mapping[str, tuple[Standing, ...]]:
    """The table in use, read again when it was changed."""
    path = _kept()
    try:
        about = path.stat()
    except OSError:
        return {}
    return _read(path, about.st_mtime_ns, about.st_size)


@lru_cache(maxsize=2)
def _read(path: Path, *_about: int) -> Mapping[str, tuple[Standing, ...]]:
    out: dict[str, list[Standing]] = defaultdict(list)
    for name, kind, of, source in _rows(_text_of(path), path):
        out[name].append(Standing(tr(kind), of, source))
    return {name: tuple(dict.fromkeys(found)) for name, found in out.items()}


def _text_of(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or tr("it is not UTF-8")
        raise RepertoireError(
            fault("E0791", "the table cannot be read: {reason}", reason=reason),
            where=str(path),
            next=tr("save it as CSV or TSV in UTF-8"),
        ) from error


def _rows(text: str, path: Path) -> Iterator[tuple[str, str, str, str]]:
    """(glyph name, 区分, 正字, 典拠) of each row, checked."""
    reader = csv.reader(io.StringIO(text), delimiter="\t" if "\t" in text.partition("\n")[0] else ",")
    head = [cell.strip() for cell in next(reader, [])]
    missing = [name for name in HEADS if name not in head]
    if missing:
        raise RepertoireError(
            fault("E0792", "the table has no column {names}", names="、".join(missing)),
            where=str(path),
            next=tr("write a first line with {names}", names="、".join(HEADS)),
        )
    places, known = [head.index(name) for name in HEADS], load_repertoire()
    for cells in reader:
        if not any(cell.strip() for cell in cells):
            continue
        name, kind, of, source = (cells[at].strip() if at < len(cells) else "" for at in places)
        for right, wrong in _checks(known.get(name.upper()) is not None, name, kind, source):
            if not right:
                raise wrong(f"{path}:{reader.line_num}")
        yield name.upper(), kind, of, source


def _checks(
    known: bool, name: str, kind: str, source: str
) -> Iterator[tuple[bool, Callable[[str], RepertoireError]]]:
    """What must hold of a row: whether it does, and the error of one, said where, that does not."""
    yield (
        known,
        lambda where: RepertoireError(
            fault("E0793", "{name!r} is no glyph of the repertoire", name=name[:20]),
            where=where,
            next=tr("write a 文字図形名 such as MJ026191"),
        ),
    )
    yield (
        kind in KINDS,
        lambda where: RepertoireError(
            fault("E0794", "{kind!r} is no 区分", kind=kind[:20]),
            where=where,
            next=tr("write one of {kinds}", kinds="、".join(KINDS)),
        ),
    )
    yield (
        bool(source),
        lambda where: RepertoireError(
            fault("E0795", "the row names no 典拠"),
            where=where,
            next=tr("write the list or notice that says so"),
        ),
    )

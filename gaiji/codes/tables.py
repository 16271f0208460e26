"""Mapping files: parse, validate, and say which file and line each row came from.

Owns the format of ``mappings/tables`` (shipped tables with their TOML beside them) and of site tables,
and the arithmetic of code ranges. Knows nothing of shifts, kernels or glyph shapes; whether a glyph
exists and agrees with its text is checked in ``gaiji.codes.charset``, which has the repertoire.
"""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Callable, Iterable, Iterator
from functools import cached_property, lru_cache, partial
from operator import itemgetter
from pathlib import Path
from typing import Any, NamedTuple

from gaiji.codes.code import Form, read_code
from gaiji.disk.datafiles import mappings_dir
from gaiji.errors import TableError, UsageError
from gaiji.errors.messages import Fault, fault, tr
from gaiji.model.pattern import Pattern
from gaiji.model.plain import dataclass
from gaiji.standard.editions import Edition

COLUMNS = ("code", "ucs", "glyph", "flag", "note")
GRADED_COLUMNS = (*COLUMNS, "grade")
SITE_COLUMNS = (*COLUMNS, "evidence", "decided_by", "decided_at", "replaces")
GRADES = ("standard", "two", "one", "inferred", "site")
"""What a row rests on, the surest first: a published standard or its own converter, two independent
sources that agree, one source, an inference. ``site``: a row of a site table, which a person stands for."""
WEAK = frozenset({"one", "inferred"})
"""The grades of which ``[review] one-source`` shows each code to a person once."""
ROUND_TRIP, ENCODE_ONLY, DECODE_ONLY = 0, 1, 3
HEX = Pattern(r"[0-9A-Fa-f]{4,6}")
"""A code point of a table."""
MAX_BYTES = 64 * 1024 * 1024


class Cells(NamedTuple):
    """The cells of a row that say what its code is, stripped; "" where the table has no such column."""

    code: str
    ucs: str
    glyph: str
    flag: str
    note: str
    replaces: str
    grade: str


class Row(NamedTuple):
    """One row: the code as a number and its size in bytes (in digits for decimal codes).

    ``glyph`` may hold several candidates joined by ``|``, best first; one that ends in ``|`` holds
    candidates of which none may be right, and a bare ``|`` says that the text is only near what is printed.
    A row of a shipped table without text and glyph has but a note: what the code looks like, for the person
    it waits for.
    """

    code: int
    size: int
    text: str
    glyph: str
    flag: int
    note: str
    line: int
    replaces: str = ""
    grade: str = "site"

    @property
    def sure(self) -> bool:
        """Whether the row says what the code is: not several candidates, nor something that is only near."""
        return "|" not in self.glyph and bool(self.text or self.glyph)

    @property
    def names(self) -> tuple[str, ...]:
        """The glyphs that the row names, best first."""
        return tuple(name for name in self.glyph.split("|") if name)


@dataclass(frozen=True)
class Range:
    """A rectangle of codes: each lead byte with each trail byte, in the order of numbering.

    ``kind`` is standard, extension or user; single bytes have no lead; ``prefix`` is a byte before the
    lead (EUC's 8F), -1 when there is none. ``pua`` gives the code point of the first code for each known
    convention.
    """

    kind: str
    lead: tuple[int, ...]
    trail: tuple[int, ...]
    prefix: int = -1
    pua: tuple[tuple[str, int], ...] = ()

    @property
    def size(self) -> int:
        """Bytes of a code."""
        return 1 + bool(self.lead) + (self.prefix >= 0)

    def __len__(self) -> int:
        return (len(self.lead) or 1) * len(self.trail)

    def codes(self) -> Iterator[int]:
        """Every code as a number, in the order of numbering."""
        prefix = self.prefix << 16 if self.prefix >= 0 else 0
        for lead in self.lead or (0,):
            for trail in self.trail:
                yield prefix | (lead << 8) | trail

    def runs(self) -> Iterator[tuple[int, int]]:
        """The same codes as runs of neighbours: the first of each, and how many."""
        first, length = -1, 0
        for code in self.codes():
            if code != first + length:
                if length:
                    yield first, length
                first, length = code, 0
            length += 1
        if length:
            yield first, length


@dataclass(frozen=True)
class Table:
    """A loaded mapping file; its rows are parsed (``parse``) when somebody asks for them."""

    id: str
    path: str
    title: str
    system: str
    edition: str
    form: Form
    identity: str
    ranges: tuple[Range, ...]
    sources: tuple[dict[str, str], ...]
    sha256: str
    parse: Callable[[], Iterable[Row]]
    grade: str = "site"

    @cached_property
    def rows(self) -> tuple[Row, ...]:
        """The rows in the order of the file; TableError for what is wrong in it."""
        return tuple(self.parse())


def table_ids() -> tuple[str, ...]:
    """The ids of all shipped tables, sorted."""
    root = mappings_dir() / "tables"
    return tuple(sorted(p.relative_to(root).with_suffix("").as_posix() for p in root.rglob("*.tsv")))


OFFICIAL = "official/"
"""How the ids of the tables begin that follow from the MJ list (``gaiji.standard.numbers``)."""


@lru_cache(maxsize=64)
def load_table(table_id: str, edition: Edition | None = None) -> Table:
    """The shipped table of that id (its path below ``mappings/tables`` without suffix); with an
    ``edition`` of the MJ list that a user took, the one that follows from it, where the table is of that
    kind."""
    path = mappings_dir() / "tables" / f"{table_id}.tsv"
    meta_path = path.with_suffix(".toml")
    part = table_id.removeprefix(OFFICIAL)
    follows = edition is not None and table_id.startswith(OFFICIAL) and part in edition.files
    try:
        raw = edition.read(part) if edition is not None and follows else path.read_bytes()
        meta_raw = meta_path.read_bytes()
    except OSError as error:
        raise TableError(
            fault("E0044", "cannot be read: {reason}", reason=error.strerror),
            path=path,
            next=tr("reinstall gaiji"),
        ) from error
    meta = tomllib.loads(meta_raw.decode("utf-8"))
    if edition is not None and follows:
        path = edition.path(part)
        meta |= {"edition": f"MJ Ver.{edition.name}", "source": [edition.told]}
    form = Form.NUMBER if meta.get("code", "hex") == "decimal" else Form.HEX
    return Table(
        id=table_id,
        path=str(path),
        title=meta["title"],
        system=meta["system"],
        edition=meta["edition"],
        form=form,
        identity=meta.get("identity", ""),
        ranges=tuple(parse_range(item) for item in meta.get("range", ())),
        sources=tuple(meta.get("source", ())),
        sha256=hashlib.sha256(raw + meta_raw).hexdigest(),
        parse=partial(_rows, raw, path, GRADED_COLUMNS, COLUMNS, form, meta["grade"]),
        grade=meta["grade"],
    )


def load_site(path: Path | str, *, form: Form = Form.HEX) -> Table:
    """A site table: the columns of a mapping file plus evidence, decided_by, decided_at, replaces.

    ``form``: how its codes are written. Errors (of the rows: when they are first asked for) name file, line
    and column. UTF-8 with or without BOM, LF or
    CRLF, as spreadsheets write it.
    """
    path = Path(path)
    try:
        if path.stat().st_size > MAX_BYTES:
            raise TableError(
                fault("E0045", "is too big to be a site table"), path=path, next=tr("check the path")
            )
        raw = path.read_bytes()
    except OSError as error:
        raise TableError(
            fault("E0046", "cannot be read: {reason}", reason=error.strerror),
            path=path,
            next=tr("check the path in the job file's tables"),
        ) from error
    return Table(
        id=path.stem,
        path=str(path),
        title=f"site table {path.name}",
        system="",
        edition="",
        form=form,
        identity="",
        ranges=(),
        sources=(),
        sha256=hashlib.sha256(raw).hexdigest(),
        parse=partial(_rows, raw, path, SITE_COLUMNS, COLUMNS[:3], form),
    )


def byte_list(spec: str | list[str]) -> tuple[int, ...]:
    """``"A1-FE"`` or ``["40-7E", "80-FC"]`` → the bytes in that order."""
    out: list[int] = []
    for part in [spec] if isinstance(spec, str) else spec:
        first, _, last = part.partition("-")
        out.extend(range(int(first, 16), int(last or first, 16) + 1))
    return tuple(out)


def parse_range(item: dict[str, Any]) -> Range:
    """A ``[[range]]`` of a table's or charset's file."""
    return Range(
        kind=item["kind"],
        lead=byte_list(item["lead"]) if "lead" in item else (),
        trail=byte_list(item["trail"]),
        prefix=int(item["prefix"], 16) if "prefix" in item else -1,
        pua=tuple((name, int(start, 16)) for name, start in item.get("pua", {}).items()),
    )


def _rows(
    raw: bytes, path: Path, known: tuple[str, ...], needed: tuple[str, ...], form: Form, grade: str = "site"
) -> Iterator[Row]:
    """Parse rows; checks syntax, code points and double decode codes (not ranges: the charset has them)."""
    try:
        lines = raw.decode("utf-8-sig").split("\n")
    except UnicodeDecodeError as error:
        at_line = raw.count(b"\n", 0, error.start) + 1
        raise TableError(
            fault("E0047", "is not UTF-8"), path=path, line=at_line, next=tr("save it as UTF-8 text")
        ) from error
    header = lines[0].rstrip("\r").split("\t")
    _check_header(header, path, known, needed)
    take = itemgetter(*(header.index(name) if name in header else -1 for name in Cells.__annotations__))
    seen: dict[tuple[int, int], int] = {}
    for number, line in enumerate(lines[1:], 2):
        line = line.rstrip("\r")
        if not line.strip("\t "):
            continue
        cells = line.split("\t")
        if len(cells) < len(header):
            cells += [""] * (len(header) - len(cells))
        if len(cells) > len(header):
            raise TableError(
                fault(
                    "E0048",
                    "has {count} cells where the header has {count2}",
                    count=len(cells),
                    count2=len(header),
                ),
                path=path,
                line=number,
                next=tr("separate cells by single tabs"),
            )
        cells.append("")  # what a column that is not there holds
        row = _row(Cells(*map(str.strip, take(cells))), path, number, form, grade)
        key = (row.size, row.code)
        if row.flag != ENCODE_ONLY:
            if key in seen:
                raise TableError(
                    fault(
                        "E0049", "gives {cells} again (first on line {seen})", cells=cells[0], seen=seen[key]
                    ),
                    path=path,
                    line=number,
                    column="code",
                    next=tr("keep one of the two rows"),
                )
            seen[key] = number
        yield row


def _check_header(header: list[str], path: Path, known: tuple[str, ...], needed: tuple[str, ...]) -> None:
    wrong = [name for name in header if name not in known]
    missing = [name for name in needed if name not in header]
    if wrong or missing or len(set(header)) != len(header):
        found = fault("E0050", "has the header {header!r}", header=", ".join(header)[:180])
        raise TableError(
            found, path=path, line=1, next=tr("write the columns {known}", known=", ".join(known))
        )


def _row(cells: Cells, path: Path, line: int, form: Form, default: str) -> Row:
    def bad(what: Fault, column: str, next: str) -> TableError:
        return TableError(what, path=path, line=line, column=column, next=next)

    code = cells.code
    try:
        number, size = read_code(form, code)
        if form is Form.NUMBER and len(code) == 2:
            raise UsageError(fault("E0362", "{text!r} is not a code", text=code[:20]), next=form.advice)
    except UsageError as error:
        raise bad(fault("E0051", "has the code {code!r}", code=code[:20]), "code", error.next) from None
    text = _text(cells.ucs, bad)
    glyph = cells.glyph
    described = default != "site" and cells.note
    if not text and not glyph and not described:
        raise bad(
            fault("E0052", "has neither ucs nor glyph"),
            "ucs",
            tr("write the code points in hex, or the glyph's name"),
        )
    flag = cells.flag or "0"
    if flag not in ("0", "1", "3"):
        raise bad(
            fault("E0053", "has the flag {flag!r}", flag=flag[:20]),
            "flag",
            tr("write 0 (round trip), 1 (encode only) or 3 (decode only)"),
        )
    grade = cells.grade or default
    if grade not in GRADES:
        raise bad(
            fault("E0372", "has the grade {grade!r}", grade=grade[:20]),
            "grade",
            tr("write one of {grades}", grades=", ".join(GRADES[:-1])),
        )
    return Row(number, size, text, glyph, int(flag), cells.note, line, cells.replaces, grade)


def _text(ucs: str, bad: Any) -> str:
    out = []
    for part in ucs.split():
        try:
            value = int(part, 16)
            if not HEX.fullmatch(part) or value > 0x10FFFF or 0xD800 <= value <= 0xDFFF:
                raise ValueError(part)
        except ValueError:
            raise bad(
                fault("E0054", "has the code point {part!r}", part=part[:20]),
                "ucs",
                tr("write 4 to 6 hex digits, like 8FBB E0103"),
            ) from None
        out.append(chr(value))
    return "".join(out)

"""Dumps from a seed: a layout, records of made-up contents, and the file that holds them in one of the formats.

Owns which combinations of charset, format and field types there are. Nothing in a dump is about anybody.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random
from typing import Any

from oracle.alphabet import alphabet
from oracle.cells import NUMBER_KINDS, TEXT_KINDS, Cells
from oracle.charsets import Charset, load
from oracle.copybook import Column, columns
from oracle.figures import SIGNS, Figure

HALF_BEFORE_PIPE = "half-before-pipe"
"""EUC with the delimiter |, which half a character may stand before."""
EVERY = frozenset((*TEXT_KINDS, *NUMBER_KINDS, HALF_BEFORE_PIPE))
FORMATS = ("fixed", "fixed-lf", "fixed-crlf", "copybook", "lines", "vb", "vb-blocked", "csv")
PLACES = {"zoned": ["leading", "leading-separate", "trailing-separate"], "packed": ["none"]}
ROLES = ("name", "other", "address", "kana")


@dataclass
class Dump:
    """One file and how it is to be read: ``source`` are keys of a job, ``kinds`` those of each row's fields."""

    charset: str
    format: str
    columns: list[Column]
    source: dict[str, Any]
    data: bytes = b""
    copybook: str = ""
    header: list[str] = field(default_factory=list)
    kinds: list[list[str]] = field(default_factory=list)


def formats(charset: Charset) -> list[str]:
    """The formats in which the charset's fields can be told apart. Left out, because nobody has said what is right:
    CSV of charsets that have no comma (double bytes alone, numbers) or whose commas may be half a character, and of
    EBCDIC; lines where a double byte may hold the line end."""
    csv = charset.kind in ("lead-byte", "utf-8", "utf-16-be", "utf-16-le")
    lines = charset.name != "juki"
    return [f for f in FORMATS if (f != "csv" or csv) and (f != "lines" or lines)]


def make(
    charset_name: str, format: str, rows: int, seed: int, kinds: frozenset[str] = EVERY, times: int = 1
) -> Dump:
    """A dump of that many records, all of them ``times`` times; contents are of the given kinds only."""
    charset = load(charset_name)
    rng = Random(f"{charset_name} {format} {seed}")
    whole = charset.name != "juki" and rng.random() < 0.25  # blanks stay; what is empty then, nobody has said
    cells = Cells(charset, rng, kinds - {"blank", "low-values"} if whole else kinds)
    if format == "csv":
        return _csv(charset, rng, cells, (rows, times), {"trim": "none"} if whole else {})
    layout, text, length = _copybook(charset, rng) if format == "copybook" else _layout(charset, rng, format)
    dump = Dump(
        charset_name, format.partition("-")[0], layout, {"trim": "none"} if whole else {}, copybook=text
    )
    records = []
    for _ in range(rows):
        record, made = _record(charset, rng, cells, layout, length)
        records.append(record)
        dump.kinds.append(made)
    dump.kinds *= times
    _frame(dump, charset, rng, format, records * times, length)
    return dump


def _record(
    charset: Charset, rng: Random, cells: Cells, layout: list[Column], length: int
) -> tuple[bytes, list[str]]:
    """A record's bytes; what no field takes is blank, or low-values where half a blank would be left."""
    filler = (
        charset.blank
        if not charset.wide
        else b"\0\x20"
        if charset.kind == "utf-16-be"
        else charset.wide_blank
    )
    if charset.kind == "utf-16-le":
        filler = b"\x20\0"
    record = bytearray()
    for begin, end in _gaps(layout, length):
        record += bytes(begin - len(record))
        whole = not charset.wide or (end - begin) % 2 == 0
        record += (filler * length)[: end - begin] if whole else bytes(end - begin)
    record += bytes(length - len(record))
    made = []
    for column in layout:
        raw, kind = cells.make(column, column.length)
        if len(raw) != column.length:
            raise AssertionError(f"{kind} of {column}: {len(raw)} bytes")
        record[column.offset : column.offset + column.length] = raw
        made.append(kind)
    return bytes(record), made


def _gaps(layout: list[Column], length: int) -> list[tuple[int, int]]:
    """The ranges of a record that no field takes."""
    out, at = [], 0
    for begin, end in [*sorted((c.offset, c.offset + c.length) for c in layout), (length, length)]:
        if begin > at:
            out.append((at, begin))
        at = max(at, end)
    return out


def _types(charset: Charset, format: str) -> list[str]:
    """The types that a field can have."""
    text = {"shifted": ["mixed", "mixed", "dbcs", "sbcs"], "lead-byte": ["mixed", "mixed", "dbcs", "sbcs"]}
    found = text.get(charset.kind, ["mixed"] if charset.kind in ("decimal", "utf-8") else ["mixed", "dbcs"])
    if format == "lines":  # a line end may stand in these
        eol = any(b"\n" in s for s in (*charset.shift_in, *charset.shift_out))
        return ["dbcs", "sbcs"] if eol else found
    return [*found, "zoned", "packed", "binary", "raw"]


def _layout(charset: Charset, rng: Random, format: str) -> tuple[list[Column], str, int]:
    """Fields one behind the other, or with blank bytes between them; every type at least once."""
    types = _types(charset, format) * 2
    rng.shuffle(types)
    out, at = [], 0
    whole = 2 if charset.unicode and charset.kind != "utf-8" else 1
    for number, type in enumerate(types):
        column = _column(charset, rng, f"f{number}-{type}", at, type)
        out.append(column)
        at += column.length
        if whole == 2:
            at += at % 2
        if rng.random() < 0.2:
            at += 2 * rng.randrange(4)
    return out, "", at


def _column(charset: Charset, rng: Random, name: str, at: int, type: str) -> Column:
    role = rng.choice(ROLES)
    if type == "zoned":
        return _number_column(rng, name, at, type, rng.randint(1, 18), ebcdic=charset.ebcdic)
    if type == "packed":
        return _number_column(rng, name, at, type, rng.randint(1, 10))
    if type == "binary":
        return _number_column(rng, name, at, type, rng.randint(1, 8))
    if type == "raw":
        return Column(name, at, rng.randint(1, 8), "raw")
    length = rng.choice([rng.randint(1, 12), rng.randint(8, 40), rng.randint(20, 80)])
    if charset.kind == "decimal":
        length = charset.digits * max(1, length // charset.digits)
    if type == "mixed" and charset.kind == "shifted":
        length = max(length, 6)
    if charset.kind in ("lead-byte", "utf-8"):
        length = max(length, 8)  # a character and its selector fit
    if charset.wide:
        length = max(length, 8)
    if type == "dbcs" or charset.wide:
        length += length % 2
    return Column(name, at, length, type, role)


def _number_column(
    rng: Random, name: str, at: int, type: str, length: int, *, ebcdic: bool = False
) -> Column:
    place = rng.choice(["", "", "", *PLACES.get(type, [])]) if length > 1 else ""
    signs = rng.choice(["", "", *SIGNS, "ibm"]) if type == "zoned" and not ebcdic else ""
    room = {"zoned": length, "packed": 2 * length - (place != "none"), "binary": 0}[type]
    digits = 0
    if type == "packed" and rng.random() < 0.6:
        digits = max(1, room - rng.randrange(2))
    if type == "zoned":
        digits = length - place.endswith("separate")
    if type == "binary" and rng.random() < 0.3:
        digits = rng.randint(1, 2 * length)
    scale = rng.choice([0, 0, 2, rng.randint(0, digits or room or 6)])
    scale = min(scale, digits or room or 18)
    signed = rng.random() < 0.6 and place != "none"
    little = type == "binary" and rng.random() < 0.3
    return Column(name, at, length, type, figure=Figure(type, scale, signed, digits, place, signs, little))


def _copybook(charset: Charset, rng: Random) -> tuple[list[Column], str, int]:
    """A copybook of made-up items: groups, tables, REDEFINES, every USAGE that is read."""
    lines = ["       01  RECORD-IN."]
    even = charset.wide
    for number in range(rng.randint(4, 8)):
        depth, level = "           ", "05"
        name = f"ITEM{number}"
        if rng.random() < 0.25:
            times = f" OCCURS {rng.randint(2, 3)} TIMES" if rng.random() < 0.7 else ""
            usage = rng.choice(["", "", " COMP-3", " COMP"]) if not times else ""
            lines.append(f"{depth}{level}  GRP{number}{times}{usage}.")
            depth, level = depth + "    ", "10"
            if usage:
                lines.append(f"{depth}{level}  {name}-N PIC S9({rng.randint(1, 9)}).")
                continue
        lines.append(f"{depth}{level}  {name} {_clauses(charset, rng, even)}.")
        if level == "05" and rng.random() < 0.2 and "OCCURS" not in lines[-1]:
            lines.append(f"{depth}05  {name}-R REDEFINES {name} PIC X({2 * rng.randint(1, 12)}).")
        if rng.random() < 0.2:
            lines.append(f"{depth}{level}  FILLER PIC X({2 * rng.randint(1, 5)}).")
    text = "".join(f"{n:06d}{line[6:]}\n" for n, line in enumerate(lines, 1))
    found, length = columns(text)
    out = []
    for column in found:
        role = rng.choice(ROLES) if column.figure is None else "other"
        out.append(Column(column.name, column.offset, column.length, column.type, role, column.figure))
    return out, text, length


def _clauses(charset: Charset, rng: Random, even: bool) -> str:
    count = rng.randint(6, 30)
    kind = rng.randrange(8)
    if kind == 0 and charset.kind in ("shifted", "lead-byte", "double"):
        return f"PIC {rng.choice('GN')}({count}) DISPLAY-1"
    if kind <= 2:
        occurs = rng.choice(["", "", " OCCURS 2", " OCCURS 3 TIMES"])
        count += count % 2 if even else -count % (charset.digits or 1)
        return f"PIC X({count}){occurs}"
    if kind == 3 and not even and charset.kind != "utf-8":
        return f"PIC {'S' if rng.random() < 0.7 else ''}9({rng.randint(1, 9)}){_places(rng)}"
    if kind == 4:
        return (
            f"PIC S9({rng.randint(1, 9)}){_places(rng)} SIGN {rng.choice(['LEADING', 'TRAILING'])} SEPARATE"
        )
    if kind == 5:
        return f"PIC S9({rng.randint(1, 9)}){_places(rng)} {rng.choice(['COMP-3', 'PACKED-DECIMAL'])}"
    if kind == 6:
        return f"PIC {rng.choice(['S', ''])}9({rng.randint(1, 12)}){_places(rng)} {rng.choice(['COMP', 'BINARY', 'COMP-4'])}"
    return f"PIC S9({rng.randint(1, 9)}){_places(rng)} USAGE COMP-3"


def _places(rng: Random) -> str:
    return rng.choice(["", "", "V9", "V99", "V9(3)"])


def _frame(dump: Dump, charset: Charset, rng: Random, format: str, records: list[bytes], length: int) -> None:
    """Put the records into a file."""
    ending = {"fixed-lf": b"\n", "fixed-crlf": b"\r\n"}.get(format, b"")
    if format in ("fixed", "fixed-lf", "fixed-crlf", "copybook"):
        dump.format = "fixed"
        dump.data = ending.join(records) + (ending if rng.random() < 0.7 else b"")
        dump.source["record_length"] = length
        if ending:
            dump.source["newline"] = format[6:]
    elif format == "lines":
        ends = ["\n", "\r\n"]
        if charset.blank == b"\x40":  # EBCDIC has ends of its own, and only the one that the job names is one
            dump.source["newline"] = rng.choice(["lf", "crlf", "15", "25"])
            ends = [{"lf": "\n", "crlf": "\r\n", "15": "\x15", "25": "\x25"}[dump.source["newline"]]]
        codec = charset.kind if charset.kind.startswith("utf-16") else "ascii"
        dump.data = b"".join(r + rng.choice(ends).encode(codec) for r in records)
    else:
        described = [(len(r) + 4).to_bytes(2, "big") + b"\0\0" + r for r in records]
        if format == "vb-blocked":
            dump.source["blocked"] = True
            described = [_block(described[i : i + n]) for i, n in _cuts(len(described), rng)]
        dump.data = b"".join(described)


def _cuts(count: int, rng: Random) -> list[tuple[int, int]]:
    out, at = [], 0
    while at < count:
        out.append((at, n := rng.randint(1, 7)))
        at += n
    return out


def _block(records: list[bytes]) -> bytes:
    body = b"".join(records)
    return (len(body) + 4).to_bytes(2, "big") + b"\0\0" + body


def _csv(charset: Charset, rng: Random, cells: Cells, size: tuple[int, int], source: dict[str, Any]) -> Dump:
    """Delimited text: quotes, doubled quotes, delimiters and line ends inside quotes, LF and CR LF."""
    pipe = HALF_BEFORE_PIPE in cells.kinds or not charset.name.startswith("euc")
    delimiter, header = rng.choice(",\t|;" if pipe else ",\t;"), rng.random() < 0.6
    if delimiter == "|" and charset.kind == "lead-byte" and not charset.name.startswith("euc"):
        cells.kinds -= {"half-double"}  # with the delimiter it would be a whole character
    count = rng.randint(2, 6)
    layout = [
        Column(f"c{i}" if header else f"column{i + 1}", 0, 0, "mixed", rng.choice(ROLES))
        for i in range(count)
    ]
    dump = Dump(
        charset.name, "csv", layout, source | {"delimiter": delimiter, "header": header, "preset": "none"}
    )
    codec = charset.kind if charset.unicode else "ascii"
    ends = [e.encode(codec) for e in ("\n", "\r\n")]
    mark, quote = delimiter.encode(codec), '"'.encode(codec)
    lines: list[bytes] = []
    for _ in range(size[0]):
        made = [cells.make(column, rng.randint(8, 40)) for column in layout]
        dump.kinds.append([kind for _, kind in made])
        lines.append(mark.join(_quoted(charset, rng, raw, kind, mark, quote) for raw, kind in made))
    dump.kinds *= size[1]
    lines = [mark.join(c.name.encode(codec) for c in layout)] * header + lines * size[1]
    bom = (
        "\ufeff".encode(codec)
        if charset.unicode and (rng.random() < 0.5 or charset.name == "unicode")
        else b""
    )
    dump.data = (
        bom + b"".join(line + rng.choice(ends) for line in lines[:-1]) + lines[-1] + rng.choice([b"", *ends])
    )
    return dump


def _quoted(charset: Charset, rng: Random, raw: bytes, kind: str, mark: bytes, quote: bytes) -> bytes:
    """A cell as it stands in the file; now and then with what must be quoted inside."""
    codec = charset.kind if charset.unicode else "ascii"
    special = rng.random() < 0.15 and kind in ("plain", "one", "full", "inner-blanks")
    if special:
        raw += (
            rng.choice([mark, quote, quote * 2, "\n".encode(codec), "\r\n".encode(codec)])
            + alphabet(charset.name, "name").double[0]
        )
    from oracle.records import characters

    units = characters(raw, charset.kind, charset.leads, charset.trails)
    if mark in units or quote in units or special or rng.random() < 0.2:
        return quote + b"".join(u * 2 if u == quote else u for u in units) + quote
    return raw

"""How the keys of ``[source]`` become a framing: how records lie in the input.

Owns what the keys mean together with charset and layout, and their checks. Cuts nothing: ``gaiji.records``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from gaiji.codes.charset import Charset
from gaiji.errors import CharsetError, JobError, nearest
from gaiji.errors.messages import fault, tr
from gaiji.layout.layout import Layout
from gaiji.records.batch import Framing
from gaiji.records.ends import MARKS
from gaiji.records.forms import FORMS, form_of

TEXT = ("mixed", "dbcs", "sbcs")
ENDS = {"lf": (10, 0), "crlf": (10, 2), "cr": (13, 0), "15": (0x15, 0), "25": (0x25, 0)}
"""The unit that ends a line, and what a CR before it is, by the key ``newline``."""
NO_UNIT = -1
"""The blank before a quote where blanks part the cells: each of them is a delimiter."""
SPACES = ("fail", "skip", "text")


def check_framing(source: Mapping[str, Any], path: str) -> None:
    """JobError for keys that name no form, or forms that cannot be together."""
    for key in ("rdw", "bdw"):
        if form_of(source[key]) is None:
            raise JobError(
                fault("E0446", "names no form of descriptors"),
                path=path,
                key=f"source.{key}",
                next=nearest(source[key], tuple(FORMS)),
            )
    if source["spanned"] and form_of(source["rdw"]).size == 2:  # type: ignore[union-attr]
        raise JobError(
            fault("E0447", "needs descriptors of four bytes: two have no room for the mark of a segment"),
            path=path,
            key="source.spanned",
            next=tr("correct rdw, or leave spanned out"),
        )


def framing_of(source: Mapping[str, Any], charset: Charset, layout: Layout | None, path: str) -> Framing:
    """How the input is cut into records; ``layout`` where there is one before a record has been read,
    ``path`` of the job for errors. JobError where the records cannot be told apart as the keys say."""
    kind, length, longest = charset.kind, source["record_length"], 0
    if layout is not None and source["format"] == "vb":
        longest = max((field.offset + field.length for field in layout.fields), default=0)
        longest = longest if length else layout.record_length
    if not length and source["format"] == "fixed" and layout is not None:
        length = layout.record_length
    csv = source["format"] == "csv"
    ebcdic = is_ebcdic(charset)
    stop, cr = ENDS.get(source["newline"], (10, 0 if ebcdic else 1))
    delimiter, quote = source["delimiter"], source["quote"]
    if csv:
        delimiter, quote = (unit_of(source, charset, key, path) for key in ("delimiter", "quote"))
    if csv or source["format"] == "lines":
        check_ends(source, charset, layout, stop, path)
    lead, trail = halves(charset)
    own = MARKS.get(mark_name(charset), b"")
    rdw, bdw = form_of(source["rdw"]), form_of(source["bdw"])
    assert rdw is not None and bdw is not None
    return Framing(
        source["format"],
        length,
        source["newline"],
        source["blocked"],
        delimiter,
        quote,
        source["header"],
        2 if kind.wide else 1,
        kind.wide and not kind.little,
        lead,
        rdw=rdw.name,
        bdw=bdw.name if source["bdw"] else "",
        spanned=source["spanned"],
        longest=longest,
        fields=len(layout.fields) if layout is not None and not csv and source["format"] != "fixed" else 0,
        stop=stop,
        cr=cr,
        ebcdic=ebcdic,
        end_mark=not ebcdic and not (kind.width == "double" and not kind.wide),
        own_mark=own,
        mark=own if mark_stands_apart(source, layout) else b"",
        apart=mark_stands_apart(source, layout),
        trail=trail,
        shifts=shifts_of(charset) if csv else b"",
        blank=charset.spec.pad_single if ord(delimiter) != charset.spec.pad_single else NO_UNIT,
        spaces=SPACES.index(source["spaces"]),
        ragged=source["ragged"],
        trailing=source["trailing"],
        skip=source["skip"],
    )


def framing_of_types(
    source: Mapping[str, Any], charset: Charset, layouts: Sequence[Layout], path: str
) -> Framing:
    """The same for a job with record types: no field of any of them may hold a line end, and the first
    record may be of any."""
    widest = max(layouts, key=lambda layout: layout.record_length)
    if source["format"] == "fixed":
        source = {**source, "record_length": source["record_length"] or widest.record_length}
    framing = framing_of(source, charset, widest, path)
    for layout in layouts:
        framing_of(source, charset, layout, path)
    apart = all(mark_stands_apart(source, layout) for layout in layouts)
    fields = max(len(layout.fields) for layout in layouts) if framing.fields else 0
    return replace(framing, mark=framing.mark if apart else b"", apart=apart, fields=fields)


def is_ebcdic(charset: Charset) -> bool:
    """Whether single bytes are EBCDIC's, which has line ends of its own."""
    return charset.spec.pad_single == 0x40 and charset.kind.name in ("shifted", "single", "double")


def halves(charset: Charset) -> tuple[bytes, bytes]:
    """Flags of the bytes that begin a double byte of a charset of lead bytes, and of those that end one."""
    lead, trail = bytearray(256), bytearray(256)
    for area in charset.ranges if charset.kind.led else ():
        for byte in area.lead:
            lead[byte] = 1
        for byte in area.trail if area.lead else ():
            trail[byte] = 1
    return bytes(lead), bytes(trail)


def shifts_of(charset: Charset) -> bytes:
    """The shifts of a charset as ``gaiji.kernel.cut.Dialect`` takes them; empty without any."""
    out = bytearray(65536)
    for first, sequences in ((0, charset.spec.shift_in), (4, charset.spec.shift_out)):
        for raw in sequences:
            out[raw[0] * 256 + (raw[1] if len(raw) == 2 else 0)] = first + len(raw)
    return bytes(out) if any(out) else b""


def mark_name(charset: Charset) -> str:
    """The charset of ``gaiji.records.ends.MARKS`` whose byte order mark this one's files may have, or ""."""
    kind = charset.kind
    if not kind.unicode:
        return ""
    return "unicode-utf8" if kind.name == "utf-8" else "unicode-le" if kind.little else "unicode-be"


def mark_stands_apart(source: Mapping[str, Any], layout: Layout | None) -> bool:
    """Whether a byte order mark is no part of the first record: of a fixed one only where text begins it."""
    first = [field for field in layout.fields if field.offset == 0] if layout is not None else []
    if source["format"] == "fixed":
        return all(field.type in TEXT for field in first)
    return bool(source["format"] != "vb")


def unit_of(source: Mapping[str, Any], charset: Charset, key: str, path: str) -> str:
    """Delimiter or quote as the number of its unit in the charset, as a character."""
    kind, text = charset.kind, str(source[key])
    if kind.wide or kind.led or kind.name in ("utf-8", "decimal"):
        return text
    try:
        raw = charset.encode(text) if kind.width != "double" else b""
    except CharsetError:
        raw = b""
    if len(raw) != 1:
        raise JobError(
            fault(
                "E0455", "is no single byte in {charset}, so cells cannot be told apart", charset=charset.name
            ),
            path=path,
            key=f"source.{key}",
            next=tr('use format = "fixed", or the charset of mixed text that the file is in'),
        )
    return chr(raw[0])


def check_ends(
    source: Mapping[str, Any], charset: Charset, layout: Layout | None, stop: int, path: str
) -> None:
    """JobError where something in a record may hold the byte that ends it."""
    what = next(_holders(charset, layout, stop), None)
    if what is None:
        return
    free = [
        name
        for name in ("15", "25")
        if is_ebcdic(charset) and not any(_holders(charset, layout, ENDS[name][0]))
    ]
    way = tr('use format = "fixed" with record_length and newline = "lf" (or crlf)')
    if free:
        way += tr(
            ", or newline = {names}, where lines end in it", names=tr(" or ").join(f'"{n}"' for n in free)
        )
    if source["format"] == "csv":
        way = way if not free else tr("set newline = {names}", names=tr(" or ").join(f'"{n}"' for n in free))
    raise JobError(
        fault("E0449", "cannot be told by {stop}, which {what} may hold", stop=f"X'{stop:02X}'", what=what),
        path=path,
        key="source.format",
        next=way,
    )


def _holders(charset: Charset, layout: Layout | None, stop: int) -> Iterator[str]:
    """What in a record may hold the byte."""
    fields = layout.fields if layout is not None else ()
    types = {field.type for field in fields} or {"mixed"}
    for field in fields:
        if field.type not in (*TEXT, "zoned"):
            yield tr("the {type} field {name}", type=field.type, name=field.name)
    kind = charset.kind
    if types & {"mixed", "dbcs"} and not kind.unicode and not kind.numbered:
        areas = [area for area in charset.ranges if area.lead]
        if any(stop in area.lead or stop in area.trail for area in areas):
            yield tr("a double byte of {charset}", charset=charset.name)
    if "mixed" in types and any(stop in raw for raw in (*charset.spec.shift_in, *charset.spec.shift_out)):
        yield tr("a shift of {charset}", charset=charset.name)

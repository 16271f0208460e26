"""The tables of Fujitsu JEF, Hitachi KEIS, NEC JIPS and Unisys LETS-J.

Owns how each is put together from the JIS standards (``identity.py``), the documented rows and the tables of
the makers' extension areas, which this project keeps by hand (``kept.py``). A code of an extension area that
has no row becomes a finding, never a guess. ``docs/charsets.md`` says so per family.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import documented
import kept
import sources
from ibm import hana_source, mojidata_source
from identity import MOVED_1983, SWAPPED_PAIRS, Identity
from rows import DECODE_ONLY, Print, Row, Table, byte_ranges, once_each

FULL_SPACE = Print("\u3000")
GRAPHIC = "A1-FE"
JIS78_IDENTITY = (
    "The glyph that JIS C 6226-1978 prints (Adobe CMap 78-H): the JIS90 print where the CID is the same, "
    "the glyph of the character that the CID is the plain form of, else the MJ form of exactly the CID's "
    "outline in HanaMin; where none has it, all forms, as an ambiguous row."
)
JIS83_IDENTITY = (
    "The glyph that JIS X 0208:1990 prints (Hanyo-Denshi JA sequences). No machine-readable list of the "
    "prints of JIS X 0208-1983 exists, so details of single shapes may differ."
)
DOCUMENTED = {
    "name": "documented.tsv",
    "version": "1",
    "licence": "facts",
    "what": "rows that no package holds, each with its source",
}
JEF4J = {
    "name": "jef4j repository, src/test/resources",
    "version": "0.12",
    "licence": "CC0 (mapping tables)",
    "what": "single bytes and ruled lines, read as a published reference and stated as differences",
}
JEF_FACTS = {
    "name": "jef4j, src/test/resources/fujitsu_jef_mapping.json",
    "version": "0e4e9fd",
    "licence": "CC0 (mapping tables)",
    "what": "code, character and form, read there from a printed code book of 1987",
}
JACODE = {
    "name": "Jacode4e, the table of Jacode4e.pm",
    "version": "973daea",
    "licence": "facts only, no text of it",
    "what": "code and character; nothing on the printed form",
}
JIPS_FACTS = {
    "name": "jef4j, src/test/resources/nec_jips_mapping.json",
    "version": "2661e5c",
    "licence": "CC0 (mapping tables)",
    "what": "rows 28-2D of G0 and a few codes of G1",
}
CHOSEN = (
    "Kept by hand, code and character as the sources have them. Glyph: the registered sequence that the "
    "source names; "
    "else the only form of the character in the MJ list; else ambiguous, first the form that JEF prints."
)


def jis_sources(cmap: bool) -> list[dict[str, str]]:
    """The ``[[source]]`` entries of a table that is made from JIS prints."""
    pin = sources.POPPLER_DATA
    adobe = {
        "name": pin.name,
        "version": pin.version,
        "sha256": pin.sha256,
        "licence": pin.licence,
        "what": "CMaps 78-H and H",
    }
    python = {
        "name": "Python codec euc_jp",
        "version": sources.python_version(),
        "licence": "PSF-2.0",
        "what": "the characters of JIS X 0208 (1-29 read as U+2014)",
    }
    return [mojidata_source(), hana_source(), python] + ([adobe] if cmap else [])


def jis78_rows(identity: Identity, offset: int) -> list[Row]:
    """JIS C 6226-1978, its codes moved by an offset (8080 for the hosts that set both high bits)."""
    prints = identity.jis78_prints
    return [Row((((r << 8) | c) + offset).to_bytes(2, "big"), p) for (r, c), p in prints.items()]


def jis90_rows(identity: Identity, offset: int, until: tuple[int, int]) -> list[Row]:
    """JIS X 0208:1990 up to a kuten code, its codes moved by an offset."""
    out = []
    for row, cell in sorted(identity.kuten_of.values()):
        found = identity.print90(row, cell)
        if found and (row, cell) <= until:
            code = (((row + 0x20) << 8) | (cell + 0x20)) + offset
            out.append(Row(code.to_bytes(2, "big"), found))
    return out


def overlay(rows: Iterable[Row], changes: Iterable[Row]) -> list[Row]:
    """Rows with some codes replaced or added, in code order."""
    merged = {row.code: row for row in rows} | {row.code: row for row in changes}
    return [merged[code] for code in sorted(merged)]


def with_space(rows: list[Row], space: bytes) -> list[Row]:
    """The host's own full-width space beside the one of JIS, which then only decodes."""
    return [Row(space, FULL_SPACE)] + [
        Row(r.code, r.print, DECODE_ONLY, "the space of JIS, seen in data too", r.grade)
        if r.print == FULL_SPACE
        else r
        for r in rows
    ]


def area(kind: str, lead: str | list[str], trail: str | list[str], **more: Any) -> dict[str, Any]:
    """One ``[[range]]``."""
    return {"kind": kind, "lead": lead, "trail": [trail] if isinstance(trail, str) else trail, **more}


def user_rows(first: int, last: int) -> list[dict[str, Any]]:
    """A user area of 94-cell rows: the first 20 are also the 1,880 codes that Windows has."""
    at = 0xE000 + 20 * 94
    return [
        area("user", f"{first:02X}-{first + 19:02X}", GRAPHIC, pua={"linear": "E000", "windows": "E000"}),
        area("user", f"{first + 20:02X}-{last:02X}", GRAPHIC, pua={"linear": f"{at:04X}"}),
    ]


def position_rows(identity: Identity, offset: int) -> list[Row]:
    """The reading by position: where JIS78 prints another character than JIS90, that of JIS90.

    Not the pairs that 1983 swapped nor the four that it moved: there the host keeps the order of 1978.
    """
    keep = set("".join(SWAPPED_PAIRS)) | set(MOVED_1983)
    out = []
    for (row, cell), old in identity.jis78_prints.items():
        base = identity.x0208_text(row - 0x20, cell - 0x20)
        if base and base != old.text[0] and base not in keep:
            code = (((row << 8) | cell) + offset).to_bytes(2, "big")
            new = identity.print90(row - 0x20, cell - 0x20)
            assert new is not None
            out.append(Row(code, new, note=f"shape {old.text[0]}, position {base}"))
    return out


def fujitsu(identity: Identity) -> list[Table]:
    """JEF: the standard area, the documented rows of the extension, the reading by position."""
    made = [*jis_sources(cmap=True), DOCUMENTED]
    shape = [documented.printed(d, identity) for d in documented.rows_for("fujitsu/jef-jis78")]
    standard = once_each(with_space(overlay(jis78_rows(identity, 0x8080), shape), b"\x40\x40"))
    by_position = [documented.printed(d, identity) for d in documented.rows_for("fujitsu/jef-position")]
    position = overlay(position_rows(identity, 0x8080), by_position)
    whole = [area("standard", "40", "40"), area("standard", GRAPHIC, GRAPHIC)]
    singles = []
    for name, title in (
        ("ebcdic", "EBCDIC"),
        ("ebcdik", "EBCDIC with kana"),
        ("ascii", "EBCDIC with ASCII signs"),
    ):
        rows = documented.single_bytes(f"fujitsu/{name}")
        singles.append(_single(f"fujitsu/{name}", f"Fujitsu {title}", name, rows))
    return [
        *singles,
        Table(
            "fujitsu/jef-jis78",
            "JEF standard area: JIS C 6226-1978 + 8080",
            "JEF",
            "jis78",
            JIS78_IDENTITY,
            standard,
            [*whole, *user_rows(0x80, 0xA0)],
            made,
        ),
        _kept(
            "fujitsu/jef-extension",
            "JEF extension 41A1-7FFE (拡張漢字, 拡張非漢字)",
            "JEF",
            [area("extension", "41-7F", GRAPHIC)],
            [JEF_FACTS, JACODE, mojidata_source()],
        ),
        Table(
            "fujitsu/jef-position",
            "JEF read by position (領域重視)",
            "JEF",
            "jis90",
            "The JIS90 print of the character that JIS X 0208:1990 has at the code.",
            position,
            [area("standard", GRAPHIC, GRAPHIC)],
            made,
        ),
    ]


def _kept(
    table_id: str,
    title: str,
    system: str,
    ranges: list[dict[str, Any]],
    made: list[dict[str, str]],
    identity: str = CHOSEN,
) -> Table:
    """A table whose rows a person keeps; its grade is that of a row without one."""
    rows = kept.rows_of(table_id)
    return Table(table_id, title, system, "extension", identity, rows, ranges, made, grade="one")


def _single(table_id: str, title: str, edition: str, rows: list[Row], system: str = "EBCDIC") -> Table:
    nec = {
        "name": "nec-jis8-to-ebcdik.tsv",
        "version": "1",
        "licence": "facts",
        "what": "NEC's byte table JIS8 to EBCDIC-kana; the vendors' control codes are the same",
    }
    made = [nec] if table_id.startswith("nec/") else [nec, JEF4J]
    whole = [{"kind": "standard", "trail": ["00-FF"]}]
    return Table(table_id, title, system, edition, "Single bytes; no kanji.", rows, whole, made)


def hitachi(identity: Identity) -> list[Table]:
    """KEIS78, KEIS83, KEIS90 and Hitachi's single bytes."""
    doubt = "some sources put set 3 at 9FA1-9FD8: rows 9F and 80 are doubtful"
    common = [area("standard", "40", "40"), area("standard", ["A1-AC", "B0-FE"], GRAPHIC)]
    common += [area("extension", "AD-AF", GRAPHIC, note="system use")]
    users = [
        area("user", "81-94", GRAPHIC, pua={"linear": "E000", "windows": "E000"}),
        area("user", "95-A0", GRAPHIC, pua={"linear": "E758"}, note=doubt),
    ]
    changes = [documented.printed(d, identity) for d in documented.rows_for("hitachi/keis78")]
    keis78 = once_each(with_space(overlay(jis78_rows(identity, 0x8080), changes), b"\x40\x40"))
    position = position_rows(identity, 0x8080)
    tables = [
        _single("hitachi/ebcdic", "Hitachi EBCDIC", "ebcdic", documented.single_bytes("hitachi/ebcdic")),
        _single("hitachi/ebcdik", "Hitachi EBCDIK", "ebcdik", documented.single_bytes("hitachi/ebcdik")),
        Table(
            "hitachi/keis78",
            "KEIS78: JIS C 6226-1978 + 8080 with Hitachi's additions",
            "KEIS",
            "jis78",
            JIS78_IDENTITY,
            keis78,
            [*common, *users],
            [*jis_sources(cmap=True), DOCUMENTED, JEF4J],
        ),
        *_keis_set3(doubt),
        Table(
            "hitachi/keis78-position",
            "KEIS78 read by position",
            "KEIS",
            "jis90",
            "The JIS90 print of the character that JIS X 0208:1990 has at the code.",
            position,
            [area("standard", "A1-FE", GRAPHIC)],
            jis_sources(cmap=True),
        ),
    ]
    for edition, until, title in (
        ("83", (84, 4), "KEIS83: JIS X 0208-1983 + 8080"),
        ("90", (84, 6), "KEIS90: JIS X 0208:1990 + 8080"),
    ):
        rows = once_each(with_space(jis90_rows(identity, 0x8080, until), b"\x40\x40"))
        tables.append(
            Table(
                f"hitachi/keis{edition}",
                title,
                "KEIS",
                f"jis{edition}",
                JIS83_IDENTITY,
                rows,
                [*common, *users],
                jis_sources(cmap=False),
            )
        )
    return tables


def _keis_set3(doubt: str) -> list[Table]:
    """Set 3: what the editions share, what each has for itself, and the doubtful row 9F, which an option
    reads."""
    ranges = [area("extension", "59-80", GRAPHIC, note=f"set 3; {doubt}")]
    made = [JACODE, mojidata_source()]
    tables = [_kept("hitachi/keis-set3", "KEIS set 3: the codes of every edition", "KEIS", ranges, made)]
    for edition in ("78", "83", "90"):
        title = f"KEIS set 3: the codes of KEIS{edition} that another edition has not"
        tables.append(_kept(f"hitachi/keis{edition}-set3", title, "KEIS", ranges, made))
    row_9f = [area("extension", "9F", "A1-D8", note="set 3 by one source, 外字 by the others")]
    title = "KEIS set 3 at 9FA1-9FD8, where other sources have the user-defined area"
    return [*tables, _kept("hitachi/keis-row-9f", title, "KEIS", row_9f, made)]


def nec(identity: Identity) -> list[Table]:
    """JIPS(J), and JIPS(E) as its image under NEC's byte table."""
    rows = jis78_rows(identity, 0)
    made = [*jis_sources(cmap=True), DOCUMENTED]
    low = "21-7E"
    ranges = [
        area("standard", "21-73", low),
        area("user", "74-7E", low, pua={"linear": "E000", "windows": "E000"}),
        area("user", "E0-E8", GRAPHIC, pua={"linear": "E40A", "windows": "E40A"}),
        area("user", "E9-FE", GRAPHIC, pua={"linear": "E758"}),
        area("extension", "A1-FE", low, note="G2"),
    ]
    to_e = documented.nec_bytes()
    image = [Row(bytes(to_e[b] for b in r.code), r.print, r.flag, r.note, r.grade) for r in rows]
    ranges_e = _ranges_image(ranges, to_e)
    return [
        *_jips_own(to_e),
        _single("nec/jis8", "JIS8 (JIS X 0201)", "jis8", documented.jis_x_0201(), "JIS8"),
        _single("nec/ebcdik", "NEC EBCDIC-kana", "ebcdik", documented.nec_ebcdik()),
        Table(
            "nec/jips-j",
            "JIPS(J): G0 is JIS C 6226-1978",
            "JIPS",
            "jis78",
            JIS78_IDENTITY,
            rows,
            ranges,
            made,
        ),
        Table(
            "nec/jips-e",
            "JIPS(E): JIPS(J), each byte through NEC's byte table",
            "JIPSE",
            "jis78",
            JIS78_IDENTITY,
            image,
            ranges_e,
            made,
        ),
    ]


def _jips_own(to_e: list[int]) -> list[Table]:
    """NEC's own signs of G0, and G1: in J as they are kept, in E through the byte table."""
    out = []
    for name, title, ranges, made in (
        (
            "signs",
            "G0 rows 28-2D (NEC's own signs and ruled lines)",
            [area("standard", "28-2D", "21-7E")],
            [JIPS_FACTS, JACODE],
        ),
        (
            "extension",
            "G1 A1A1-DFFE (NEC's extension)",
            [area("extension", "A1-DF", GRAPHIC, note="G1")],
            [JACODE, JIPS_FACTS, mojidata_source()],
        ),
    ):
        own = _kept(f"nec/jips-j-{name}", f"JIPS(J) {title}", "JIPS", ranges, made)
        rows = [Row(bytes(to_e[b] for b in r.code), r.print, r.flag, r.note, r.grade) for r in own.rows]
        what = f"JIPS(E) {title}: JIPS(J), each byte through NEC's byte table"
        image = Table(
            f"nec/jips-e-{name}",
            what,
            "JIPSE",
            own.edition,
            own.identity,
            rows,
            _ranges_image(ranges, to_e),
            made,
            grade=own.grade,
        )
        out += [own, image]
    return out


def _ranges_image(ranges: list[dict[str, Any]], to_e: list[int]) -> list[dict[str, Any]]:
    return [{k: _image(v, to_e) if k in ("lead", "trail") else v for k, v in item.items()} for item in ranges]


def _image(spec: str | list[str], to_e: list[int]) -> list[str]:
    """A byte list under the byte table, in the order of the original (rectangles do not stay ranges)."""
    out: list[int] = []
    for part in [spec] if isinstance(spec, str) else spec:
        first, _, last = part.partition("-")
        out += [to_e[b] for b in range(int(first, 16), int(last or first, 16) + 1)]
    return byte_ranges(out)


def unisys(identity: Identity) -> list[Table]:
    """LETS-J: the standard area, and the extension at trail bytes below A1."""
    rows = once_each(with_space(jis90_rows(identity, 0x8080, (84, 4)), b"\x20\x20"))
    ranges = [area("standard", "20", "20"), area("standard", GRAPHIC, GRAPHIC)]
    own = [
        area("extension", GRAPHIC, "21-7E"),
        area("extension", GRAPHIC, "7F-A0", note="外字: where exactly could not be confirmed"),
    ]
    chosen = (
        "Kept by hand. The area has the characters of JIS X 0212 at the same rows and cells, so the glyph "
        "is the one "
        "registered for JIS X 0212 (Hanyo-Denshi JBkktt), else the only form in the MJ list."
    )
    extension = _kept(
        "unisys/letsj-extension",
        "LETS-J extension (trail byte 21-7E)",
        "LETSJ",
        own,
        [JACODE, mojidata_source()],
        chosen,
    )
    return [
        extension,
        _single("unisys/jis8", "JIS8 (JIS X 0201)", "jis8", documented.jis_x_0201(), "JIS8"),
        Table(
            "unisys/letsj",
            "LETS-J standard area: JIS X 0208-1983 + 8080",
            "LETSJ",
            "jis83",
            JIS83_IDENTITY,
            rows,
            ranges,
            [*jis_sources(cmap=False), DOCUMENTED],
        ),
    ]

"""Copybooks: sizes and places of every form of item, reference formats, errors, hostile input."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gaiji.errors import LayoutError
from gaiji.layout.copybook import MAX_BYTES, MAX_FIELDS, parse_copybook, read_copybook
from gaiji.model import Field


def fields_of(body: str, **options: object) -> dict[str, Field]:
    """Fields of a free-format record with these entries, by name."""
    fields, _ = parse_copybook(f"01 REC.\n{body}", format="free", **options)  # type: ignore[arg-type]
    return {spec.name: spec for spec in fields}


def error_of(text: str, **options: object) -> LayoutError:
    with pytest.raises(LayoutError) as caught:
        parse_copybook(text, path="a.cpy", **options)  # type: ignore[arg-type]
    return caught.value


# Sizes: IBM Enterprise COBOL for z/OS Language Reference, "PICTURE clause" and "USAGE clause".
@pytest.mark.parametrize(
    ("clauses", "type_", "length", "digits", "scale", "signed"),
    [
        ("PIC X", "mixed", 1, 0, 0, False),
        ("PIC X(30)", "mixed", 30, 0, 0, False),
        ("PICTURE IS XX(3)X", "mixed", 5, 0, 0, False),
        ("PIC A(4)", "mixed", 4, 0, 0, False),
        ("PIC X(3)B9(2)/X", "mixed", 8, 0, 0, False),
        ("PIC N(10)", "dbcs", 20, 0, 0, False),
        ("PIC N(10) USAGE NATIONAL", "dbcs", 20, 0, 0, False),
        ("PIC N(10) DISPLAY", "dbcs", 20, 0, 0, False),
        ("PIC G(10) USAGE IS DISPLAY-1", "dbcs", 20, 0, 0, False),
        ("PIC GG", "dbcs", 4, 0, 0, False),
        ("PIC 9(8)", "zoned", 8, 8, 0, False),
        ("PIC S9(5)V99", "zoned", 7, 7, 2, True),
        ("PIC S9(5)V9(2) SIGN IS TRAILING", "zoned", 7, 7, 2, True),
        ("PIC S9(5) SIGN LEADING SEPARATE CHARACTER", "zoned", 6, 5, 0, True),
        ("PIC S9(5) TRAILING SEPARATE", "zoned", 6, 5, 0, True),
        ("PIC 9(5) SIGN TRAILING SEPARATE", "zoned", 5, 5, 0, False),
        ("PIC V9(3)", "zoned", 3, 3, 3, False),
        ("PIC 9(5) BLANK WHEN ZERO", "sbcs", 5, 0, 0, False),
        ("PIC S9(7) COMP-3", "packed", 4, 7, 0, True),
        ("PIC 9(8) PACKED-DECIMAL", "packed", 5, 8, 0, False),
        ("PIC S9(5)V99 USAGE COMPUTATIONAL-3", "packed", 4, 7, 2, True),
        ("COMP-3 PIC 9", "packed", 1, 1, 0, False),
        ("PIC S9 COMP", "binary", 2, 1, 0, True),
        ("PIC S9(4) COMP", "binary", 2, 4, 0, True),
        ("PIC 9(5) BINARY", "binary", 4, 5, 0, False),
        ("PIC 9(9) COMP-5", "binary", 4, 0, 0, False),
        ("PIC S9(8)V99 COMP-4", "binary", 8, 10, 2, True),
        ("PIC 9(18) COMPUTATIONAL", "binary", 8, 18, 0, False),
        ("USAGE BINARY-LONG UNSIGNED", "binary", 4, 10, 0, False),
        ("BINARY-SHORT", "binary", 2, 5, 0, True),
        ("PIC ZZZ,ZZ9.99", "sbcs", 10, 0, 0, False),
        ("PIC -(5)9", "sbcs", 6, 0, 0, False),
        ("PIC $$,$$9.99CR", "sbcs", 11, 0, 0, False),
        ("PIC 9999/99/99", "sbcs", 10, 0, 0, False),
        ("PIC \\ZZ9", "sbcs", 4, 0, 0, False),
        ("PIC X(4) JUST RIGHT", "mixed", 4, 0, 0, False),
        ("PIC 9(4) SYNC RIGHT", "zoned", 4, 4, 0, False),
        ("PIC X(4) VALUE 'A.B ''C'", "mixed", 4, 0, 0, False),
        ('PIC N(2) VALUE NC"東京"', "dbcs", 4, 0, 0, False),
        ("PIC S9(3) VALUE IS -1.5", "zoned", 3, 3, 0, True),
        ("PIC X(3) VALUE ALL '*'", "mixed", 3, 0, 0, False),
        ("PIC X(3) IS EXTERNAL", "mixed", 3, 0, 0, False),
        ("PIC XA9B0/", "mixed", 6, 0, 0, False),
        ("PIC 9(38)", "zoned", 38, 38, 0, False),
        ("PIC S9(38) COMP-3", "packed", 20, 38, 0, True),
        ("PIC 9(10) COMP", "binary", 8, 10, 0, False),
    ],
)
def test_sizes(clauses: str, type_: str, length: int, digits: int, scale: int, signed: bool) -> None:
    found = fields_of(f"05 A {clauses}.\n05 Z PIC X.")
    spec = found["a"]
    assert (spec.type, spec.length, spec.digits, spec.scale, spec.signed) == (
        type_,
        length,
        digits,
        scale,
        signed,
    )
    assert spec.offset == 0 and found["z"].offset == length


def test_usage_and_sign_come_from_groups() -> None:
    found = fields_of(
        "05 G COMP-3. 10 A PIC 9(5). 10 H. 15 B PIC S9(3). 10 C PIC 9(4) DISPLAY.\n"
        "05 S SIGN LEADING SEPARATE. 10 D PIC S9(3). 10 E PIC 9(3)."
    )
    assert [(f.type, f.length) for f in found.values()] == [
        ("packed", 3),
        ("packed", 2),
        ("zoned", 4),
        ("zoned", 4),
        ("zoned", 3),
    ]


def test_where_the_sign_stands() -> None:
    found = fields_of(
        "05 S SIGN LEADING. 10 A PIC S9(3). 10 B PIC S9(3) TRAILING. 10 C PIC S9(3) SIGN IS TRAILING SEPARATE.\n"
        "10 D PIC 9(3). 05 E PIC S9(3) LEADING SEPARATE CHARACTER. 05 F PIC S9(3)."
    )
    places = [(f.sign, f.length) for f in found.values()]
    assert places == [
        ("leading", 3),
        ("", 3),
        ("trailing-separate", 4),
        ("", 3),
        ("leading-separate", 4),
        ("", 3),
    ]


def test_levels_that_are_no_data_are_passed_over() -> None:
    text = (
        "77 COUNTER PIC 9(4) COMP. 01 R. 05 A PIC X. 88 YES VALUE 'Y' 'y'. 88 NO VALUES ARE 'N' THRU 'O'.\n"
        "05 B PIC X(2). 66 AB RENAMES A THRU B."
    )
    fields, length = parse_copybook(text, format="free")
    assert [f.name for f in fields] == ["a", "b"] and length == 3


def test_filler_and_nameless_items_take_bytes_but_are_no_fields() -> None:
    found = fields_of("05 FILLER PIC X(3). 05 PIC X(2). 05 A PIC X. 05 FILLER. 10 B PIC X. 05 filler PIC 9.")
    assert [(f.name, f.offset) for f in found.values()] == [("a", 5), ("b", 6)]


def test_occurs_expands() -> None:
    found = fields_of(
        "05 KAZOKU OCCURS 2 TIMES ASCENDING KEY IS TOSI INDEXED BY I J. 10 TOSI PIC 9(3).\n"
        "10 NA OCCURS 3 PIC N. 10 FILLER PIC X. 05 Z PIC X."
    )
    assert [(f.name, f.offset) for f in found.values()] == [
        ("tosi-1", 0),
        ("na-1-1", 3),
        ("na-1-2", 5),
        ("na-1-3", 7),
        ("tosi-2", 10),
        ("na-2-1", 13),
        ("na-2-2", 15),
        ("na-2-3", 17),
        ("z", 20),
    ]


def test_occurs_depending_is_refused_or_read_at_full_size() -> None:
    text = "01 R.\n 05 N PIC 9.\n 05 T OCCURS 0 TO 3 TIMES DEPENDING ON N.\n 10 A PIC X(2).\n 05 Z PIC X."
    error = error_of(text, format="free")
    assert error.line == 3 and "DEPENDING" in str(error)
    fields, length = parse_copybook(text, format="free", depending="max")
    assert [f.offset for f in fields] == [0, 1, 3, 5, 7] and length == 8


REDEFINED = (
    "05 A PIC X(8). 05 B REDEFINES A. 10 B1 PIC 9(4). 10 B2 PIC 9(4). 05 C REDEFINES A PIC X(10). 05 Z PIC X."
)


@pytest.mark.parametrize(
    ("choice", "names"),
    [
        (None, ["a", "z"]),
        ({"A": "A"}, ["a", "z"]),
        ({"a": "b"}, ["b1", "b2", "z"]),
        ({"A": "C"}, ["c", "z"]),
        ({"B": "C"}, ["c", "z"]),
    ],
)
def test_redefines_reads_one_definition(choice: dict[str, str] | None, names: list[str]) -> None:
    fields, length = parse_copybook(f"01 R. {REDEFINED}", format="free", redefines=choice)
    assert [f.name for f in fields] == names
    assert fields[-1].offset == 10 and length == 11  # the longest definition counts
    assert fields[0].offset == 0


def test_redefines_inside_occurs_and_of_filler() -> None:
    body = "05 T OCCURS 2. 10 D PIC 9(8). 10 FILLER REDEFINES D. 15 Y PIC 9(4). 15 M PIC 9(4). 05 Z PIC X."
    assert list(fields_of(body)) == ["d-1", "d-2", "z"]
    found = fields_of(body, redefines={"D": "FILLER"})
    assert [(f.name, f.offset) for f in found.values()] == [
        ("y-1", 0),
        ("m-1", 4),
        ("y-2", 8),
        ("m-2", 12),
        ("z", 16),
    ]


def test_redefines_that_names_nothing_is_an_error() -> None:
    error = error_of(f"01 R. {REDEFINED}", format="free", redefines={"AA": "B"})
    assert "AA" in str(error) and "did you mean" in error.next
    error = error_of(f"01 R. {REDEFINED}", format="free", redefines={"A": "Z"})
    assert "use one of: A, B, C" in error.next


def test_several_records_must_be_chosen() -> None:
    text = "01 HEAD. 05 A PIC X(5).\n01 BODY. 05 B PIC X(9).\n01 BODY-X REDEFINES BODY. 05 C PIC X(9)."
    error = error_of(text, format="free")
    assert error.line == 2 and 'redefines = { "HEAD" = "HEAD" }' in error.next
    fields, length = parse_copybook(text, format="free", redefines={"HEAD": "BODY"})
    assert [f.name for f in fields] == ["b"] and length == 9
    fields, length = parse_copybook(text, format="free", redefines={"HEAD": "HEAD"})
    assert [f.name for f in fields] == ["a"] and length == 5
    assert "is not a record here" in str(error_of(text, format="free", redefines={"HEAD": "NONE"}))


def test_a_record_may_begin_below_01_or_be_one_item() -> None:
    fields, length = parse_copybook("05 A PIC X. 05 B PIC X(3).", format="free")
    assert [f.offset for f in fields] == [0, 1] and length == 4
    fields, length = parse_copybook("01 R PIC X(80).", format="free")
    assert [f.name for f in fields] == ["r"] and length == 80


def test_names_that_clash_are_qualified() -> None:
    found = fields_of(
        "05 CHICHI. 10 SIMEI PIC N(2). 10 X PIC X. 05 HAHA. 10 SIMEI PIC N(2). 05 T OCCURS 2. 10 SIMEI PIC N(2)."
    )
    assert list(found) == ["chichi.simei", "x", "haha.simei", "simei-1", "simei-2"]
    deep = fields_of("05 A. 10 G. 15 X PIC X. 05 B. 10 G. 15 X PIC X. 05 X PIC X.")
    assert list(deep) == ["a.g.x", "b.g.x", "rec.x"]
    assert "rename" in str(error_of("01 R. 05 A PIC X. 05 A PIC X.", format="free"))


def test_roles() -> None:
    body = (
        "05 JK-SIMEI PIC N(5). 05 JK-SIMEI-KANA PIC X(9). 05 JK-SIMEI-LEN PIC 9(2). 05 JUSHO. 10 CHOMEI PIC N(4).\n"
        "10 JUSHO-CD PIC X(5). 05 旧氏 PIC N(4). 05 SEIBETU PIC X. 05 世帯主. 10 漢字 PIC N(5). 10 カナ PIC X(9).\n"
        "05 BIKO PIC X(9). 05 NAMAE-NO PIC 9(4)."
    )
    assert {f.name: f.role for f in fields_of(body).values()} == {
        "jk-simei": "name",
        "jk-simei-kana": "kana",
        "jk-simei-len": "other",
        "chomei": "address",
        "jusho-cd": "other",
        "旧氏": "name",
        "seibetu": "other",
        "漢字": "name",
        "カナ": "kana",
        "biko": "other",
        "namae-no": "other",
    }
    found = fields_of(body, roles={"BIKO": "name", "jk-simei*": "address"})
    assert found["biko"].role == "name" and found["jk-simei-kana"].role == "address"
    assert "did you mean 'biko'" in str(error_of(f"01 R. {body}", format="free", roles={"BIKOO": "name"}))
    assert "role of biko cannot be" in str(error_of(f"01 R. {body}", format="free", roles={"biko": "nam"}))


# -- reference format ---------------------------------------------------------------------------------

FIXED = "\n".join(
    [
        "000100* 住民記録レコード                                                   JUKI0001",
        "000200 01  JUMIN-REC.                                                    JUKI0002",
        "000300/",
        "000400     05  JK-NO              PIC 9(10).                             JUKI0004",
        '000500     05  JK-SIMEI           PIC N(20) VALUE NC"渡邉".               JUKI0005',
        "000600     05  JK-MSG             PIC X(40) VALUE 'THIS IS A VALUE THAT GOES",
        "000700-    'ON. 05 BAD PIC X.'.  *> comment",
        "000800     EJECT",
        "000900     05  JK-LONG-DATA-NA",
        "001000-        ME                 PIC",
        "001100         S9(7) COMP-3.",
    ]
)


def test_fixed_format() -> None:
    fields, length = parse_copybook(FIXED)
    assert [(f.name, f.offset, f.length, f.line) for f in fields] == [
        ("jk-no", 0, 10, 4),
        ("jk-simei", 10, 40, 5),
        ("jk-msg", 50, 40, 6),
        ("jk-long-data-name", 90, 4, 9),
    ]
    assert length == 94


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp932"])
def test_japanese_names_in_files(tmp_path: Path, encoding: str) -> None:
    # Column 73 counts two columns for each full-width character, as on the host.
    line = "           05  氏名　PIC N(10). 05 フリガナ PIC X(20). 05 ｶﾅ PIC X."
    width = sum(1 if ch.isascii() or "｡" <= ch <= "ﾟ" else 2 for ch in line)
    path = tmp_path / "juki.cpy"
    path.write_bytes(f"       01  記録.\r\n{line}{' ' * (72 - width)}IDENT001\r\n".encode(encoding))
    fields, length = read_copybook(path)
    assert [(f.name, f.role, f.length) for f in fields] == [
        ("氏名", "name", 20),
        ("フリガナ", "kana", 20),
        ("ｶﾅ", "kana", 1),
    ]
    assert length == 41


def test_free_format_is_recognised() -> None:
    text = (
        "*> 住民\n* old comment\n01 Rec.\n  05 A pic x(3). *> a comment. 05 B PIC X.\n  05 C\n  PIC\n  X("
        + "4).\n"
    )
    fields, _ = parse_copybook(text)
    assert [(f.name, f.line) for f in fields] == [("a", 4), ("c", 5)]
    long_line = "01 R. 05 A PIC X(3)." + " " * 70 + "05 B PIC X(4)."
    assert [f.name for f in parse_copybook(long_line)[0]] == ["a", "b"]


@pytest.mark.parametrize(
    "directive", ["       >>SOURCE FORMAT IS FREE", '      $SET SOURCEFORMAT"FREE"', ">>SOURCE FREE"]
)
def test_source_directives(directive: str) -> None:
    text = directive + "\n        01 R." + " " * 70 + "05 A PIC X."
    assert [f.name for f in parse_copybook(text)[0]] == ["a"]


def test_cutting_a_clause_at_column_72_never_passes() -> None:
    # A free-format file that looks fixed loses what stands behind column 72: that must not go unseen.
    line = "        05 A PIC X(3)" + " " * 50 + "OCCURS 2 TIMES."
    error_of("        01 R.\n" + line)
    error_of("        01 R.\n" + line + "\n        05 B PIC X.")


# -- errors -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "line", "says"),
    [
        ("05 A PIC X(3)\n05 B PIC X.", 3, "the clause '05' is not known"),
        ("05 A PIC X VALUE '1'\n05 G.", 3, "the clause '05' is not known"),
        ("05 T OCCURS 3 INDEXED BY I\n05 B PIC X.", 3, "the clause '05' is not known"),
        ("05 A PIC X(3)", 2, "no closing point"),
        ("05 A PIC X(3) VALUE 'abc.", 2, "no closing quote"),
        ("05 A PIC X(3) REDEFINE B.", 2, "did you mean 'REDEFINES'?"),
        ("05 A PIC X(3) USAGE COMP3.", 2, "did you mean 'COMP-3'?"),
        ("05 A POINTER.", 2, "an address"),
        ("05 A.", 2, "neither a PICTURE nor items below it"),
        ("05 A PIC X.\n10 B PIC X.", 3, "which has a PICTURE"),
        ("50 A PIC X.", 2, "level 50 does not exist"),
        ("AA PIC X.", 2, "expected a level number"),
        ("05 A PIC.", 2, "is missing"),
        ("05 A PIC X PIC X.", 2, "two PICTURE"),
        ("05 A PIC Q(3).", 2, "is wrong at 'Q(3)'"),
        ("05 A PIC X(.", 2, "is wrong at '('"),
        ("05 A PIC X(0).", 2, "has no characters"),
        ("05 A PIC 1(8).", 2, "is wrong at"),
        ("05 A PIC 9V9V9.", 2, "more than one V"),
        ("05 A PIC 9S9.", 2, "S that is not first"),
        ("05 A PIC 9(3)P(2).", 2, "scaling"),
        ("05 A PIC 9(39).", 2, "has 39 digits"),
        ("05 A PIC 9(19) COMP.", 2, "no fixed size"),
        ("05 A PIC X(4) COMP-3.", 2, "is not numeric"),
        ("05 A PIC NX.", 2, "mixes double-byte"),
        ("05 A PIC N(4) COMP.", 2, "mixes double-byte"),
        ("05 A PIC 9(4) DISPLAY-1.", 2, "cannot be double-byte"),
        ("05 A PIC B(3).", 2, "not a known form"),
        ("05 A PIC S9(4) SIGN MIDDLE.", 2, "write LEADING or TRAILING"),
        ("05 A PIC 9(4) COMP SYNC.", 2, "slack bytes"),
        ("05 G SYNC.\n10 A PIC 9(4) COMP.", 3, "slack bytes"),
        ("05 A BINARY-LONG PIC 9(4).", 2, "has no PICTURE"),
        ("05 A PIC X BLANK WHEN SPACE.", 2, "BLANK WHEN ZERO"),
        ("05 A PIC X.\n05 B REDEFINES C PIC X.", 3, "it can redefine A"),
        ("05 A PIC X.\n05 X PIC X.\n05 B REDEFINES A PIC X.", 4, "not the item before it"),
        ("05 B REDEFINES A PIC X.", 2, "remove the clause"),
        ("05 A OCCURS X TIMES PIC X.", 2, "expected a number"),
        ("05 A OCCURS 0 PIC X.", 2, "OCCURS 0"),
        ("05 A OCCURS 2. 06 B OCCURS 2. 07 C OCCURS 2. 08 D OCCURS 2 PIC X.", 2, "nested deeper than 3"),
        ("05 A PIC X(999999999).", 2, "longer than"),
        (f"05 {'A' * 65} PIC X.", 2, "more than 64 characters"),
        ("05 :TAG:-A PIC X.", 2, "placeholders"),
        ("COPY OTHER.", 2, "is not data description"),
        ("05 A COPY OTHER.", 2, "the clause 'COPY'"),
        ("05 A PIC " + "X" * 65 + ".", 2, "longer than 64"),
    ],
)
def test_errors_name_file_line_and_fix(body: str, line: int, says: str) -> None:
    error = error_of(f"01 R.\n{body}", format="free")
    assert says in str(error)
    assert (error.path, error.line) == ("a.cpy", line)
    assert error.next and str(error).startswith(f"{error.number} a.cpy:")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "describes no field"),
        ("*> nothing\n", "describes no field"),
        ("01 R. 05 FILLER PIC X.", "describes no field"),
        ("05 A PIC X. 01 R. 05 B PIC X.", "stands before the record"),
        ("      D05  A PIC X.", "column 7 holds 'D'"),
        ("      -05  A PIC X.", "continues nothing"),
        ("000100 05  A PIC X.\n 05 B PIC X.", "SOURCE FORMAT"),
    ],
)
def test_errors_of_whole_files(text: str, says: str) -> None:
    assert says in str(error_of(text))


def test_options_are_checked() -> None:
    assert "refuse or max" in str(error_of("01 R PIC X.", depending="min"))
    assert "auto or fixed or free" in str(error_of("01 R PIC X.", format="tandem"))


def test_unreadable_files(tmp_path: Path) -> None:
    with pytest.raises(LayoutError, match="cannot be read"):
        read_copybook(tmp_path / "none.cpy")
    path = tmp_path / "bad.cpy"
    path.write_bytes(b"\x81\x20\xff")
    with pytest.raises(LayoutError, match="no encoding that is known here"):
        read_copybook(path)
    path.write_bytes(b" " * (MAX_BYTES + 1))
    with pytest.raises(LayoutError, match="bigger than 1 MiB"):
        read_copybook(path)


def test_errors_do_not_show_values() -> None:
    assert "渡邉" not in str(error_of("01 R. 05 A PIC Q VALUE '渡邉'.", format="free"))


# -- hostile input ------------------------------------------------------------------------------------

HOSTILE = {
    "expansion": "01 R. 05 A OCCURS 1000. 06 B OCCURS 1000. 07 C PIC X.",
    "huge table": "01 R. 05 A OCCURS 16777216. 06 B OCCURS 16777216. 07 C OCCURS 16777216 PIC X.",
    "filler table": "01 R. 05 A PIC X. 05 FILLER OCCURS 9999999. 10 FILLER PIC X.",
    "deep levels": "".join(f"{n:02} A{n}.\n" for n in range(1, 50)),
    "long word": "01 " + "A" * 900_000 + " PIC X.",
    "long picture": "01 R PIC " + "X(1)" * 200_000 + ".",
    "open quotes": "01 R PIC X VALUE " + "'" * 900_001,
    "mixed quotes": "01 R PIC X VALUE " + "\"'" * 400_000,
    "many points": "." * 1_000_000,
    "many commas": "01 R PIC X" + "," * 1_000_000 + ".",
    "blank lines": "\n" * 1_000_000,
    "continuations": "       01 R PIC X VALUE 'A\n" + "      -    'B\n" * 70_000,
    "directive": ">>SOURCE FORMAT" + " " * 900_000 + "x\n01 R PIC X.",
    "many redefines": "01 R.\n05 A PIC X.\n"
    + "".join(f"05 B{n} REDEFINES A PIC X.\n" for n in range(30_000)),
    "redefines chain": "01 R.\n05 A0 PIC X.\n"
    + "".join(f"05 A{n + 1} REDEFINES A{n} PIC X.\n" for n in range(30_000)),
    "many fields": "01 R.\n" + "".join(f"05 A{n} PIC X.\n" for n in range(40_000)),
    "same names": "01 R.\n" + "05 A PIC X.\n" * MAX_FIELDS,
    "nul bytes": "\0" * 500_000,
    "long number": "01 R. 05 A OCCURS " + "9" * 500_000 + " PIC X.",
    "long repeat": "01 R. 05 A PIC X(" + "9" * 500_000 + ").",
    "digits of other scripts": "０１ R. ０５ A PIC X(３).",
    "superscript": "01 R. 05 A OCCURS ² PIC X.",
}


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize("format", ["auto", "fixed", "free"])
def test_hostile_input_is_bounded(name: str, format: str) -> None:
    begun = time.process_time()  # the machine may be busy
    try:
        fields, length = parse_copybook(HOSTILE[name], format=format)
    except LayoutError as error:
        assert len(str(error)) < 600
    else:
        assert 0 < len(fields) <= MAX_FIELDS and length > 0
    assert time.process_time() - begun < 10


WORDS = st.sampled_from(
    [
        "01",
        "05",
        "10",
        "88",
        "66",
        "A",
        "B",
        "FILLER",
        "氏名",
        "PIC",
        "X(3)",
        "9(4)",
        "S9(5)V99",
        "N(2)",
        "ZZ9.99",
        "COMP",
        "COMP-3",
        "OCCURS",
        "3",
        "TIMES",
        "TO",
        "DEPENDING",
        "ON",
        "REDEFINES",
        "VALUE",
        "'x'",
        '"',
        "'",
        ".",
        ".\n",
        "\n",
        "*>",
        "\n      -",
        "\n      *",
        "SIGN",
        "LEADING",
        "SEPARATE",
        "USAGE",
        "IS",
        "SYNC",
        "BLANK",
        "ZERO",
        ">>",
        ",",
    ]
)


@settings(max_examples=400, deadline=None)
@given(st.one_of(st.lists(WORDS, max_size=40).map(" ".join), st.text(max_size=200)))
def test_any_text_parses_or_is_a_layout_error(text: str) -> None:
    try:
        fields, length = parse_copybook(text, depending="max")
    except LayoutError:
        return
    assert fields and all(f.offset >= 0 and f.length > 0 and f.offset + f.length <= length for f in fields)
    assert len({f.name for f in fields}) == len(fields)


# -- generated layouts: the offsets of a model that knows no COBOL ------------------------------------


@dataclass
class Node:
    """A generated item: ``clauses`` of an elementary item with its size, or the children of a group."""

    name: str
    clauses: str = ""
    size: int = 0
    occurs: int = 1
    children: list[Node] = field(default_factory=list)
    redefined_by: Node | None = None

    def total(self) -> int:
        one = sum(child.total() for child in self.children) if self.children else self.size
        other = self.redefined_by.total() if self.redefined_by else 0
        return max(one * self.occurs, other)

    def places(self, start: int, suffix: str) -> list[tuple[str, int, int]]:
        one = sum(child.total() for child in self.children) if self.children else self.size
        found = []
        for number in range(self.occurs):
            at, mark = start + number * one, f"{suffix}-{number + 1}" if self.occurs > 1 else suffix
            if not self.children and self.name != "FILLER":
                found.append((self.name.lower() + mark, at, self.size))
            for child in self.children:
                found += child.places(at, mark)
                at += child.total()
        return found

    def source(self, level: int, redefines: str = "") -> list[str]:
        words = f"{level:02} {self.name}"
        words += f" REDEFINES {redefines}" if redefines else ""
        words += f" OCCURS {self.occurs} TIMES" if self.occurs > 1 else ""
        lines = [f"{words} {self.clauses}".rstrip() + "."]
        for child in self.children:
            lines += child.source(level + 3)
        if self.redefined_by:
            lines += self.redefined_by.source(level, self.name)
        return lines


@st.composite
def clauses(draw: st.DrawFn) -> tuple[str, int]:
    count = draw(st.integers(1, 18))
    signed = draw(st.sampled_from(["", "S"]))
    binary = 2 if count <= 4 else 4 if count <= 9 else 8
    return draw(
        st.sampled_from(
            [
                (f"PIC X({count})", count),
                ("PIC " + "X" * count, count),
                (f"PIC N({count})", 2 * count),
                (f"PIC G({count}) DISPLAY-1", 2 * count),
                (f"PIC {signed}9({count})", count),
                (f"PIC {signed}9({count})V9 VALUE ZERO", count + 1),
                (f"PIC S9({count}) SIGN TRAILING SEPARATE", count + 1),
                (f"PIC {signed}9({count}) USAGE COMP-3", count // 2 + 1),
                (f"PIC {signed}9({count}) COMP", binary),
                (f"PIC Z({count}).9", count + 2),
                (f"PIC X({count}) VALUE 'a.b'", count),
            ]
        )
    )


TIMES = st.sampled_from([1, 1, 1, 2, 3])
NAMES = st.sampled_from(["F", "F", "氏名", "FILLER"])
CLAUSES = clauses()


@st.composite
def nodes(draw: st.DrawFn, depth: int, prefix: str) -> Node:
    """An item with at most ``depth`` levels of groups below it (so OCCURS is nested three deep at most)."""
    occurs, name = draw(TIMES), draw(NAMES)
    name = name if name == "FILLER" else name + prefix
    if depth and draw(st.booleans()):
        count = draw(st.integers(1, 3))
        node = Node(
            name, occurs=occurs, children=[draw(nodes(depth - 1, f"{prefix}X{n}")) for n in range(count)]
        )
    else:
        node = Node(name, *draw(CLAUSES), occurs)
    if name != "FILLER" and draw(st.integers(0, 5)) == 0:
        node.redefined_by = Node(f"R{prefix}", *draw(CLAUSES))
    return node


@st.composite
def written(draw: st.DrawFn, lines: list[str], fixed: bool) -> str:
    """The entries as a source file, broken over lines and commented at will."""
    out = []
    for number, line in enumerate(lines):
        if draw(st.integers(0, 6)) == 0:
            out.append("      * 05 コメント PIC X." if fixed else "*> 05 COMMENT PIC X.")
        line = draw(st.sampled_from([line, line.lower(), line.replace(" PIC ", " PICTURE IS ")]))
        parts = line.split(" ") if len(line) > 50 or draw(st.booleans()) else [line]
        for part in parts:
            if fixed:
                out.append(f"{draw(st.sampled_from([f'{number:06}', '      ']))}     {part}")
            else:
                out.append(f"{' ' * draw(st.integers(0, 4))}{part}")
    return "\n".join(out)


@settings(max_examples=200, deadline=None)
@given(st.data(), st.booleans())
def test_generated_layouts_parse_to_the_same_offsets(data: st.DataObject, fixed: bool) -> None:
    children = [data.draw(nodes(2, f"{n}")) for n in range(data.draw(st.integers(1, 4)))]
    record = Node("REC", children=children)
    expected = record.places(0, "")
    text = data.draw(written(record.source(1), fixed))
    if not expected:
        error_of(text, format="fixed" if fixed else "free")
        return
    fields, length = parse_copybook(text, format="fixed" if fixed else "free")
    assert [(f.name, f.offset, f.length) for f in fields] == expected
    assert length == record.total()

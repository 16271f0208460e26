"""Lines and CSV as makers, spreadsheets and hand-made programs write them: read rightly, or refused by the name of the
key that reads them."""

from __future__ import annotations

import csv
import json
import re
import tomllib
from random import Random

import pytest

import gaiji
from gaiji.errors import GaijiError
from gaiji.run.reverse import reverse

ONE = [{"name": "a", "offset": 0, "length": 2}]


def job(place, data, source, fields=()):
    place.mkdir(exist_ok=True)
    (place / "in").write_bytes(data)
    keys = {"path": "in", "charset": "windows-31j", "format": "csv", **source}
    text = "[source]\n" + "".join(f"{k} = {json.dumps(v)}\n" for k, v in keys.items())
    text += '[output]\npath = "out.csv"\n'
    for field in fields:
        text += "[[field]]\n" + "".join(f"{k} = {json.dumps(v)}\n" for k, v in field.items())
    (place / "job.toml").write_text(text)
    return place / "job.toml"


def rows(made):
    gaiji.convert(made)
    with open(made.parent / "out.csv", encoding="utf-8", newline="") as file:
        return list(csv.reader(file))


def refused(made, number):
    with pytest.raises(GaijiError) as error:
        gaiji.convert(made)
    assert error.value.number == number, str(error.value)
    assert not (made.parent / "out.csv").exists()
    return str(error.value)


def keys_of(said):
    """The keys that an error gives."""
    return dict(
        pair for line in re.findall(r'(\w+ = (?:"[^"]*"|\w+))', said) for pair in tomllib.loads(line).items()
    )


# -- line ends --------------------------------------------------------------------------------------------------------

ENDS = {"lf": b"\n", "crlf": b"\r\n", "cr": b"\r", "15": b"\x15", "25": b"\x25"}


@pytest.mark.parametrize("format", ["lines", "csv"])
@pytest.mark.parametrize("charset", ["windows-31j", "eucjp-ms", "ibm-930", "unicode-le", "unicode-utf8"])
@pytest.mark.parametrize("end", ENDS)
def test_each_line_end_is_read_or_refused_by_its_name(tmp_path, format, charset, end):
    ebcdic = charset == "ibm-930"
    if end.isdigit() and not ebcdic:
        return
    texts = ["AB", "CD", "EF"]
    system = gaiji.load_charset(charset)
    codec = "utf-16-le" if charset == "unicode-le" else "latin-1"
    ending = ENDS[end].decode("latin-1").encode(codec)
    data = b"".join(system.encode(text) + ending for text in texts)
    source = {"charset": charset, "format": format, "header": False}
    fields = (
        [{"name": "a", "offset": 0, "length": 4 if charset == "unicode-le" else 2}]
        if format == "lines"
        else []
    )
    right = [[text] for text in texts]
    assert rows(job(tmp_path, data, source | {"newline": end}, fields))[1:] == right
    (tmp_path / "out.csv").unlink()
    natural = end in ("lf",) or (end == "crlf" and not ebcdic)
    for said in ("none", *(other for other in ENDS if other != end)):
        if said.isdigit() and not ebcdic:
            continue
        made = job(tmp_path, data, source | {"newline": said}, fields)
        if said == "none" and natural:
            assert rows(made)[1:] == right
            (tmp_path / "out.csv").unlink()
            continue
        assert keys_of(refused(made, "E0451")) == {"newline": end}


@pytest.mark.parametrize("end", ["lf", "crlf", "cr"])
def test_another_line_end_inside_is_text(tmp_path, end):
    other = {"lf": b"\r", "crlf": b"\n", "cr": b"\n"}[end]
    data = (b"1,A" + other + b"B" + ENDS[end]) * 2
    found = rows(job(tmp_path, data, {"newline": end, "header": False}))
    assert found[1:] == [["1", "A" + other.decode() + "B"]] * 2


def test_shifts_and_double_bytes_that_hold_the_line_end(tmp_path):
    """The way out that the message names reads the records."""
    keis = {"charset": "hitachi-keis83-ebcdik", "format": "lines"}
    record = bytes.fromhex("0A42B0A10A41")
    fields = [{"name": "a", "offset": 0, "length": 6}]
    said = refused(job(tmp_path, (record + b"\n") * 3, keis, fields), "E0449")
    assert 'format = "fixed"' in said and 'newline = "lf"' in said and '"15" or "25"' in said
    fixed = {"charset": keis["charset"], "format": "fixed", "record_length": 6, "newline": "lf"}
    assert rows(job(tmp_path, (record + b"\n") * 3, fixed, fields))[1:] == [["亜"]] * 3
    for end in ("15", "25"):
        made = job(tmp_path, (record + ENDS[end]) * 3, keis | {"newline": end}, fields)
        assert rows(made)[1:] == [["亜"]] * 3


@pytest.mark.parametrize("type", ["packed", "binary", "raw"])
@pytest.mark.parametrize("charset", ["windows-31j", "ibm-930", "unicode-be"])
def test_numbers_may_hold_any_byte(tmp_path, type, charset):
    fields = [{"name": "no", "offset": 0, "length": 2, "type": type}]
    said = refused(job(tmp_path, b"\n1\x1c\n", {"charset": charset, "format": "lines"}, fields), "E0449")
    assert type in said and 'format = "fixed"' in said


def test_fields_of_double_bytes_alone_need_no_shift(tmp_path):
    source = {"charset": "hitachi-keis83-ebcdik", "format": "lines"}
    fields = [{"name": "a", "offset": 0, "length": 2, "type": "dbcs"}]
    assert rows(job(tmp_path, b"\xb0\xa1\n\xb0\xa1\n", source, fields))[1:] == [["亜"]] * 2


@pytest.mark.parametrize("format", ["lines", "csv", "fixed"])
@pytest.mark.parametrize("charset", ["windows-31j", "unicode-utf8", "unicode-le", "unicode-be"])
@pytest.mark.parametrize("marks", [1, 3])
def test_the_mark_at_the_end_of_a_text_is_no_record(tmp_path, format, charset, marks):
    codec = {"unicode-le": "utf-16-le", "unicode-be": "utf-16-be"}.get(charset, "ascii")
    data = "AB\nCD\n".encode(codec) + "\x1a".encode(codec) * marks
    source = {"charset": charset, "format": format, "header": False}
    length = 4 if codec != "ascii" else 2
    fields = [{"name": "a", "offset": 0, "length": length}] if format != "csv" else []
    if format == "fixed":
        if codec != "ascii":
            return
        source |= {"record_length": length, "newline": "lf"}
    assert rows(job(tmp_path, data, source, fields))[1:] == [["AB"], ["CD"]]
    assert gaiji.verify(tmp_path / "job.toml").holds


# -- marks and charsets -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("right", ["unicode-utf8", "unicode-le", "unicode-be"])
@pytest.mark.parametrize(
    "wrong",
    ["windows-31j", "eucjp-ms", "ibm-930", "unicode-utf8", "unicode-le", "unicode-be", "nec-jips-j-jis8"],
)
def test_a_mark_of_another_charset_names_it(tmp_path, right, wrong):
    codec = {"unicode-utf8": "utf-8", "unicode-le": "utf-16-le", "unicode-be": "utf-16-be"}[right]
    data = "\ufeff番号,氏名\n1,山田\n".encode(codec)
    made = job(tmp_path, data, {"charset": wrong})
    if wrong != right:
        found = keys_of(refused(made, "E0450"))
        made = job(tmp_path, data, found)
    assert rows(made) == [["番号", "氏名"], ["1", "山田"]]


def test_characters_that_look_like_a_mark(tmp_path):
    """EF BB and BF A1 are two characters of EUC."""
    data = b"\xef\xbb\xbf\xa1,A\n" * 3
    found = rows(job(tmp_path, data, {"charset": "eucjp-ms", "header": False}))
    assert len(found) == 4 and all(row[1] == "A" for row in found[1:])


@pytest.mark.parametrize("charset", ["unicode", "unicode-le", "unicode-be"])
def test_a_mark_before_fixed_records(tmp_path, charset):
    codec = "utf-16-be" if charset == "unicode-be" else "utf-16-le"
    source = {"charset": charset, "format": "fixed", "record_length": 4}
    fields = [{"name": "a", "offset": 0, "length": 4}]
    assert rows(job(tmp_path, "\ufeffABCD".encode(codec), source, fields))[1:] == [["AB"], ["CD"]]
    assert gaiji.verify(tmp_path / "job.toml").holds
    fields = [
        {"name": "no", "offset": 0, "length": 2, "type": "binary"},
        {"name": "a", "offset": 2, "length": 2},
    ]
    if charset == "unicode-be":  # a number that looks like a mark
        assert rows(job(tmp_path, "\ufeffABCD".encode(codec)[:4], source, fields))[1:] == [["65279", "A"]]


# -- cells ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "charset",
    [
        "ibm-930",
        "ibm-939",
        "fujitsu-jef-ebcdik",
        "hitachi-keis83-ebcdik",
        "nec-jips-e-ebcdik",
        "nec-jips-j-jis8",
        "unisys-letsj",
    ],
)
@pytest.mark.parametrize("seed", range(3))
def test_a_csv_with_shifts(tmp_path, charset, seed):
    """Commas, quotes and line ends that are halves of double bytes are none."""
    rng = Random(seed)
    system = gaiji.load_charset(charset)
    end = "lf" if system.encode("1") == b"1" else "25"
    kanji = [c for c in map(chr, range(0x4E00, 0x9FA0, 37)) if _has(system, c)]
    awkward = [c for c in kanji if set(system.encode(c)[1:]) & {*system.encode(","), *system.encode('"')}]
    table = [
        [
            "".join(rng.choices(rng.choice([kanji, awkward or kanji, list("ABC123")]), k=rng.randint(1, 6)))
            for _ in range(3)
        ]
        for _ in range(30)
    ]
    comma, quote = system.encode(","), system.encode('"')
    data = b""
    for row in table:
        cells = [quote + system.encode(t) + quote if rng.random() < 0.3 else system.encode(t) for t in row]
        data += comma.join(cells) + ENDS[end]
    made = job(tmp_path, data, {"charset": charset, "header": False, "newline": end})
    assert rows(made)[1:] == table
    assert gaiji.verify(made).holds
    reverse(made)
    again = job(
        tmp_path / "again",
        (tmp_path / "out.csv.reversed").read_bytes(),
        {"charset": charset, "header": False, "newline": end},
    )
    assert rows(again)[1:] == table


def _has(system, character):
    try:
        return system.decode(system.encode(character)).text[:1] == character
    except GaijiError:
        return False


def test_a_csv_needs_a_comma(tmp_path):
    for charset in ("juki", "fujitsu-jef", "ibm-300"):
        refused(job(tmp_path, b"\x41\x42", {"charset": charset, "header": False}), "E0455")


def test_half_a_character_before_a_delimiter(tmp_path):
    found = rows(
        job(tmp_path, b"\xa1|A\n\x8f\xb0\xa1|B\n", {"charset": "eucjp-ms", "header": False, "delimiter": "|"})
    )
    assert found[1][0] == "〓" and [row[1] for row in found[1:]] == ["A", "B"]


def test_an_odd_byte_at_the_end_of_a_wide_csv(tmp_path):
    data = "A,B".encode("utf-16-be") + b"\x43"
    assert rows(job(tmp_path, data, {"charset": "unicode-be", "header": False}))[1:] == [["A", "B〓"]]
    (tmp_path / "out.csv").unlink()
    data = 'A,"B"'.encode("utf-16-be") + b"\x43"
    refused(job(tmp_path, data, {"charset": "unicode-be", "header": False}), "E0226")


def test_rows_of_one_empty_cell(tmp_path):
    assert rows(job(tmp_path, b"A\n\nB\n", {"header": False}))[1:] == [["A"], [], ["B"]]
    assert gaiji.convert(tmp_path / "job.toml").data["records"]["written"] == 3


def test_a_carriage_return_behind_a_quote_is_never_dropped(tmp_path):
    refused(job(tmp_path, b'"A"\r,B\n', {"header": False}), "E0226")
    assert rows(job(tmp_path, b'"A",B\r\n"C","D"\r\n', {"header": False}))[1:] == [["A", "B"], ["C", "D"]]


def test_blanks_before_a_quote(tmp_path):
    data = b'1, "A, B" ,C\n2, "D",E\n'
    said = refused(job(tmp_path, data, {"header": False}), "E0454")
    assert '"skip"' in said and '"text"' in said
    assert rows(job(tmp_path, data, {"header": False, "spaces": "skip"}))[1:] == [
        ["1", "A, B", "C"],
        ["2", "D", "E"],
    ]
    text = rows(job(tmp_path, b'1, "A",C\n', {"header": False, "spaces": "text"}))
    assert text[1:] == [["1", ' "A"', "C"]]


@pytest.mark.parametrize("header", [True, False])
def test_title_lines(tmp_path, header):
    body = b"no,name\n1,A\n2,B\n" if header else b"1,A\n2,B\n"
    for titles in (b"list\n", b"list\n\n2026\n", b'"a\n'):
        lines = titles.count(b"\n")
        made = job(tmp_path, titles + body, {"header": header, "skip": lines})
        assert rows(made)[-2:] == [["1", "A"], ["2", "B"]]
        assert gaiji.verify(made).holds
    (tmp_path / "out.csv").unlink()
    said = refused(job(tmp_path, b"list\n2026\n" + body, {"header": header}), "E0453")
    assert keys_of(said) == {"skip": 2}
    refused(job(tmp_path, b"list\n" + body, {"header": header, "on_bad_record": "quarantine"}), "E0453")


def test_a_delimiter_behind_the_last_cell(tmp_path):
    data = b"no,name\n1,A,\n2,B,\n"
    assert keys_of(refused(job(tmp_path, data, {}), "E0453")) == {"trailing": True}
    for head in (b"no,name\n", b"no,name,\n"):
        found = rows(job(tmp_path, head + b"1,A,\n2,B,\n", {"trailing": True}))
        assert found == [["no", "name"], ["1", "A"], ["2", "B"]]


def test_rows_that_lack_cells(tmp_path):
    data = b"no,name,note\n1,A\n2,B,x\n\n3\n"
    assert "ragged = true" in refused(job(tmp_path, data, {}), "E0227")
    found = rows(job(tmp_path, data, {"ragged": True}))
    assert found[1:] == [["1", "A", ""], ["2", "B", "x"], ["3", "", ""]]
    refused(job(tmp_path / "x", b"no,name\n1,A,B,C\n", {"ragged": True}), "E0227")


# -- headers ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "山田太郎,東京\n鈴木,大阪\n",
        "1,山田\n2,鈴木\n",
        "TANAKA,TOKYO\nSUZUKI,OSAKA\n",
        "山田太郎,父\n鈴木,母\n",
        "山田,大字本町\n鈴木,本町\n",
        "A,A\n1,2\n",
        "山田太郎\n",
    ],
)
def test_a_first_record_that_may_be_a_person_is_asked_about(tmp_path, text):
    said = refused(job(tmp_path, text.encode("cp932"), {}), "E0456")
    assert not set(said) & set("山田太郎鈴木") and "TANAKA" not in said
    assert "header = true" in said and "header = false" in said
    count = text.count("\n")
    for header in (True, False):
        if header and count == 1:
            continue
        assert len(rows(job(tmp_path, text.encode("cp932"), {"header": header}))) == count + (not header)


@pytest.mark.parametrize(
    "text",
    [
        "番号,氏名,備考\n",
        "番号,氏名,備考\n1,山田,\n",
        "no,name\n1,A\n",
        "ID,NAME\n1,A\n",
        "宛名番号,氏名_外国人漢字,地区\nA,B,C\n",
        "甲,乙\n1,2\n",
        "c0,c1\nX,Y\n",
        "世帯主氏名,続柄,旧氏カナ\n",
    ],
)
def test_a_header_is_taken_for_one(tmp_path, text):
    found = rows(job(tmp_path, text.encode("cp932"), {}))
    assert found[0] == text.splitlines()[0].split(",") and len(found) == text.count("\n")


# -- nothing ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "source"),
    [(b"\n\n\r\n", {}), (b"\n\n", {"header": False}), (b"title\n", {"skip": 3, "header": False})],
)
def test_a_file_without_a_record_is_an_error(tmp_path, data, source):
    refused(job(tmp_path, data, source), "E0452")


@pytest.mark.parametrize("data", [b"", b"\x1a"])
@pytest.mark.parametrize("format", ["csv", "lines"])
def test_an_empty_file_is_none(tmp_path, data, format):
    made = job(tmp_path, data, {"format": format, "header": False}, ONE if format == "lines" else ())
    assert gaiji.convert(made).data["records"]["read"] == 0

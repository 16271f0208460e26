"""個人番号 and names stay out of the queue: keys, samples, contexts; the manifest says where numbers are."""

from __future__ import annotations

import re
from array import array

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twins import interpreted

import gaiji
from gaiji.codes.spec import DASHES, charset_names
from gaiji.columns.individual import rows_holding
from gaiji.kernel import digits
from gaiji.kernel.arrow import text_series
from gaiji.model import Column
from gaiji.queue.queue import open_queue
from gaiji.run.convert import convert
from gaiji.standard.individual import hidden, holds

RIGHT = ["123456789018", "983205673214", "１２３４５６７８９０１８", "1234-5678-9018", "1234　5678　9018"]
WRONG = [
    "123456789019",
    "000000000000",
    "1234567890180",
    "0123456789018",
    "12345678901",
    "１２３４５６７８９０１９",
]


def column(rows):
    data, offsets = bytearray(), array("q", [0])
    for row in rows:
        data += row.encode()
        offsets.append(len(data))
    made = Column("x", data or bytearray(1), offsets, plain=False)
    assert text_series("x", made.data, offsets).to_list() == rows
    return made


def by_the_ordinance(digits):
    """第5条 once more, digit by digit from the right, sharing nothing with what it checks."""
    total = 0
    for n in range(1, 12):
        p = int(digits[-1 - n])
        total += p * (n + 1 if n <= 6 else n - 5)
    return int(digits[-1]) == (0 if total % 11 <= 1 else 11 - total % 11) and set(digits) != {"0"}


@given(st.lists(st.from_regex(r"\A[0-9]{12}\Z") | st.from_regex(r"\A[a0-9\- ]{0,16}\Z"), max_size=20))
def test_the_check_digit_is_the_ordinances(rows):
    for row in rows:
        if len(row) == 12 and row.isdecimal():
            assert holds(row) == by_the_ordinance(row)
    assert rows_holding(column(rows)) == sum(map(holds, rows))


DIGITS = st.text(st.sampled_from("0９5ａＡ山ｱ-"), max_size=30)


@given(st.lists(DIGITS, max_size=12), st.sampled_from([1, 4, 12]))
def test_no_row_with_many_digits_is_passed_over(rows, least):
    """Every row that has four of them together; none that has fewer than asked for."""
    made = column(rows)
    found = [list(k.digit_rows(made.data, made.offsets, least)) for k in (digits, interpreted("digits"))]
    assert found[0] == found[1]
    many = [n for n, row in enumerate(rows) if sum(map(str.isdecimal, row)) >= least]
    together = [n for n in many if re.search(r"[0-9０-９]{4}", rows[n])]
    assert set(together) <= set(found[0]) <= set(many)


NUMBERS = st.sampled_from(["123456789018", "983205673214", "123456789019"])
GAPS = st.sampled_from(["", "-", " ", "\u3000", "－", "−", "ー", "‐", "―"])


@given(st.lists(st.tuples(NUMBERS, GAPS, GAPS), min_size=1, max_size=8))
def test_what_is_hidden_is_counted_however_its_fours_are_parted(parts):
    rows = [f"{n[:4]}{one}{n[4:8]}{other}{n[8:]}" for n, one, other in parts]
    right = [by_the_ordinance(n) for n, _, _ in parts]
    assert [holds(row) for row in rows] == right and rows_holding(column(rows)) == sum(right)


@pytest.mark.slow
@pytest.mark.parametrize("dash", sorted(DASHES))
def test_no_charset_has_a_dash_that_hides_a_number(dash):
    for name in charset_names():
        charset = gaiji.load_charset(name, options={"dash": dash})
        for text in {e.row.text for e in charset.entries.values() if e.row.text in set("－−‐—―-ｰー")}:
            raw = charset.encode(text, errors="geta")
            shown = charset.decode(raw).text
            assert holds(f"1234{shown}5678{shown}9018") or "〓" in shown, (name, text, shown)


@pytest.mark.parametrize("number", RIGHT)
def test_a_number_is_hidden_wherever_it_stands(number):
    for before, after in (("", ""), ("山", "田"), ("2026 ", "。")):
        text = hidden(f"{before}{number}{after}")
        assert text == f"{before}{'＊' * 12}{after}"
        assert rows_holding(column(["x", f"{before}{number}{after}"])) == 1


@pytest.mark.parametrize("number", WRONG)
def test_what_is_no_number_stays(number):
    assert hidden(number) == number and rows_holding(column([number, "山"])) == 0


JOB = """[source]
path = "a.csv"
charset = "unicode-utf8"
format = "csv"
roles = {{ n = "name", m = "other" }}
[output]
path = "{context}-{key}/x.csv"
[review]
context = "{context}"
key = "{key}"
"""


def samples(tmp_path, context, key):
    text = "n,m,k\n渡\ue000秘密123456789018,123456789018,山田\n高\ue000,7,8\n"
    (tmp_path / "a.csv").write_text(text, "utf-8")
    (tmp_path / "j.toml").write_text(JOB.format(context=context, key=key), "utf-8")
    told = convert(tmp_path / "j.toml").data["individual_numbers"]
    assert told == {"n": 1, "m": 1}
    queue = open_queue(tmp_path / f"{context}-{key}/review.sqlite")
    (item,) = queue.items()
    raw = (tmp_path / f"{context}-{key}/review.sqlite").read_bytes()
    queue.close()
    assert b"123456789018" not in raw
    return [(s.record_key, s.text) for s in item.samples], raw


@pytest.mark.parametrize("context", ["none", "glyph-only"])
def test_without_context_no_name_is_kept_the_key_included(tmp_path, context):
    for key in ("n", "m"):
        found, raw = samples(tmp_path, context, key)
        assert [label for label, _ in found] == (["1", "2"] if key == "n" else ["1", "7"])
        assert {text for _, text in found} <= {"", "〓"}
        assert not any(name.encode() in raw for name in ("渡", "秘密", "高"))


def test_with_context_a_number_is_still_hidden(tmp_path):
    found, _ = samples(tmp_path, "field", "m")
    assert found == [("1", "渡【〓】秘密＊＊＊＊＊＊＊＊＊＊＊＊"), ("7", "高【〓】")]


def test_the_manifest_of_record_types_says_where_numbers_are(tmp_path):
    """By type and field, in the whole and in the type's own part."""
    record = '[[record]]\nname = "{0}"\nwhen = {{ offset = 0, bytes = "{1}" }}\noutput = "{0}.csv"\n'
    field = '[[record.field]]\nname = "memo"\noffset = 0\nlength = 14\n'
    source = '[source]\npath = "in.dat"\ncharset = "windows-31j"\nformat = "fixed"\nrecord_length = 14\n'
    types = "".join(record.format(name, name[:1].encode().hex()) + field for name in ("A-type", "B-type"))
    (tmp_path / "job.toml").write_text(source + types, "utf-8")
    (tmp_path / "in.dat").write_bytes(b"A 123456789018A 123456789019B 000000000000B 983205673214")
    told = convert(tmp_path / "job.toml").data
    assert told["individual_numbers"] == {"A-type.memo": 1, "B-type.memo": 1}
    assert {name: one["individual_numbers"] for name, one in told["types"].items()} == {
        "A-type": {"memo": 1},
        "B-type": {"memo": 1},
    }

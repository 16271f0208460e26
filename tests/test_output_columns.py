"""Columns of a job's own: what is made of the fields, what is found in it, its proof and its way back.

What is expected is worked out here, cell by cell, by a reading of the rules that shares no code with gaiji.
"""

from __future__ import annotations

import csv
import json
import pickle
import random
import re
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest
from click.testing import CliRunner

import gaiji
from gaiji.cli import main
from gaiji.errors import GaijiError
from gaiji.output import shaping
from gaiji.proof.columns import Rules
from gaiji.records.reader import Reader
from gaiji.run import checkpoint
from gaiji.run.plan import Plan
from gaiji.run.reverse import reverse
from gaiji.run.session import Session
from gaiji.run.template import template

SOURCE = {"path": "d.csv", "charset": "windows-31j-jis90", "format": "csv", "header": True}
CHARSET = "cp932"
HEAD = ["番号", "氏", "名", "氏名", "生年月日", "性別", "住所"]
PEOPLE = [
    ["1", "渡辺", "太郎", "渡辺　太郎", "S550102", "1", "東京都　港区　三丁目"],
    ["2", "", "ジョン", "ジョン", "昭和64年1月8日", "2", "横浜市　一丁目"],
    ["3", "山田", "花子", "山田　花子　アン", "0000000", "9", ""],
    ["4", "佐藤", "", "", "", "", "千葉市"],
]


def write(path: Path, rows: list[list[str]], encoding: str = "") -> None:
    """A CSV; the dump in its charset, tables in UTF-8."""
    encoding = encoding or (CHARSET if path.name == "d.csv" else "utf-8")
    with path.open("w", encoding=encoding, newline="") as file:
        csv.writer(file, lineterminator="\n").writerows(rows)


def read(path: Path) -> list[list[str]]:
    with path.open(encoding="utf-8", newline="") as file:
        rows = csv.reader(file, delimiter="\t" if path.suffix == ".tsv" else ",")
        return [row or [""] for row in rows]


@pytest.fixture
def town(tmp_path):
    """A folder with people, a table of codes and a list of items."""
    write(tmp_path / "d.csv", [HEAD, *PEOPLE])
    write(tmp_path / "sex.csv", [["old", "new", "note"], ["1", "M", ""], ["2", "F", ""]])
    write(
        tmp_path / "items.csv",
        [
            ["item", "length", "unit", "required"],
            ["番号", "10", "characters", "yes"],
            ["氏名", "5", "characters", "yes"],
            ["性別", "", "", "no"],
            ["備考", "", "", "yes"],
        ],
    )
    return tmp_path


def job(town: Path, columns: list[dict[str, object]], more: str = "", **output: object) -> Path:
    """A job file with these columns."""
    source = "\n".join(f"{key} = {json.dumps(value)}" for key, value in SOURCE.items())
    given = {"path": "o.csv"} | output
    lines = [f"{key} = {json.dumps(value, ensure_ascii=False)}" for key, value in given.items()]
    for column in columns:
        lines.append("[[output.column]]")
        for key, value in column.items():
            shown = json.dumps(value, ensure_ascii=False)
            if isinstance(value, dict):
                pairs = (
                    f"{json.dumps(k, ensure_ascii=False)} = {json.dumps(v, ensure_ascii=False)}"
                    for k, v in value.items()
                )
                shown = "{ " + ", ".join(pairs) + " }"
            lines.append(f"{key} = {shown}")
    path = town / "job.toml"
    path.write_text(f"[source]\n{source}\n[output]\n" + "\n".join(lines) + f"\n{more}\n", "utf-8")
    return path


USUAL: list[dict[str, object]] = [
    {"field": "番号"},
    {"name": "氏名", "join": ["氏", "名"], "separator": "　"},
    {"field": "生年月日", "date": "wareki", "special": {"0000000": ""}},
    {"field": "性別", "codes": "sex.csv"},
    {"name": "町", "field": "住所", "split": "　", "part": 1, "of": 2, "more": "last"},
    {"name": "団体", "constant": "131016"},
]


@pytest.mark.parametrize("suffix", [".csv", ".tsv", ".parquet", ".csv.gz"])
def test_columns_are_made_found_and_proved(town, suffix):
    made = job(town, USUAL, path=f"o{suffix}", items="items.csv")
    manifest = gaiji.convert(made)
    expected = [
        ["番号", "氏名", "生年月日", "性別", "町", "団体"],
        ["1", "渡辺　太郎", "1980-01-02", "M", "東京都", "131016"],
        ["2", "ジョン", "〓", "F", "横浜市", "131016"],
        ["3", "山田　花子", "", "〓", "", "131016"],
        ["4", "佐藤", "", "", "〓", "131016"],
    ]
    if suffix == ".parquet":
        frame = pl.read_parquet(town / "o.parquet")
        assert [frame.columns, *map(list, frame.iter_rows())] == expected
    elif suffix != ".csv.gz":
        assert read(town / f"o{suffix}") == expected
    told = manifest.data
    assert {name: one["flagged"] for name, one in told["columns"].items() if one["flagged"]} == {
        "生年月日": {"no-date": 1},
        "性別": {"not-in-table": 1},
        "町": {"not-split": 1},
    }
    assert told["left_out"] == ["氏名"]
    assert told["items"] == {"not_in_list": ["生年月日", "町", "団体"], "missing": ["備考"]}
    assert told["flagged"]["bad-value"] == {
        "units": 3,
        "records": 3,
        "fields": {"生年月日": 1, "性別": 1, "町": 1},
        "first": told["flagged"]["bad-value"]["first"],
    }
    codes = {one["field"]: one["code"] for one in told["findings"] if one["reason"] == "bad-value"}
    assert codes == {"生年月日": "昭和64年1月8日", "性別": "9", "町": ""}
    assert manifest.exit_code == 3 and manifest.to_review == 0
    proof = gaiji.verify(made)
    assert proof.holds and proof.exit_code == 3 and proof.data["left_out"] == ["氏名"]
    assert proof.data["columns"]["町"]["cells"] == {
        "identical": 3, "form": 0, "one-way": 0, "flagged": 1, "changed": 0, "empty": 0
    }  # fmt: skip
    page = (town / f"o{suffix}.verify.html").read_text("utf-8")
    assert "出力にない項目：氏名" in page and "コード変換" in page


def test_the_first_finding_is_told_with_its_place(town):
    told = gaiji.convert(job(town, USUAL)).data["flagged"]["bad-value"]["first"]
    at = (town / "d.csv").read_bytes().index("昭和64".encode(CHARSET))
    assert told == {"record": 2, "field": "生年月日", "offset": at}


def test_lengths_count_what_the_list_says(town):
    text = "葛󠄂ｶﾞ𠮟a"  # a base with its selector, a half-width kana with its mark, a character of plane 2
    write(town / "d.csv", [["a"], [text]], "utf-8")
    unicode = {"source.charset": "unicode-utf8"}
    sizes = {"characters": 4, "code-points": 6, "utf-16": 8, "bytes": 3 + 4 + 3 + 3 + 4 + 1}
    made = job(town, [{"name": unit, "field": "a"} for unit in sizes], items="items.csv")
    for less, found in ((0, {}), (1, {"too-long": 1})):
        rows = [[unit, str(size - less), unit, "no"] for unit, size in sizes.items()]
        write(town / "items.csv", [["item", "length", "unit", "required"], *rows])
        told = gaiji.convert(made, overrides=unicode).data["columns"]
        assert {unit: told[unit]["flagged"] for unit in sizes} == dict.fromkeys(sizes, found)
        assert read(town / "o.csv")[1] == [text] * 4
    assert gaiji.verify(made, overrides=unicode).holds


def test_required_items_must_be_filled(town):
    made = job(town, [{"name": "氏名", "field": "氏名"}], items="items.csv")
    told = gaiji.convert(made).data
    assert told["columns"]["氏名"]["flagged"] == {"missing": 1, "too-long": 1}
    assert set(told["flagged"]) == {"bad-value", "overflow"} and gaiji.verify(made).holds


@pytest.mark.parametrize("context", ["field", "glyph-only", "none"])
def test_texts_are_told_as_far_as_the_context_lets_them(town, context):
    write(town / "d.csv", [["a", "b"], ["123456789018", "X"]])  # the first holds a 個人番号
    columns = [{"field": "a", "date": "seireki"}, {"field": "b", "codes": "sex.csv"}]
    told = gaiji.convert(job(town, columns, f'[review]\ncontext = "{context}"')).data["findings"]
    assert {one["field"]: one["code"] for one in told} == {"a": "", "b": "X" if context == "field" else ""}


def test_the_policy_keep_writes_what_stands_in_the_source(town):
    made = job(town, USUAL, '[policy]\nbad-value = "keep"')
    gaiji.convert(made)
    assert [row[2:5] for row in read(town / "o.csv")[1:]] == [
        ["1980-01-02", "M", "東京都"],
        ["昭和64年1月8日", "F", "横浜市"],
        ["", "9", ""],
        ["", "", "千葉市"],
    ]
    assert gaiji.verify(made).holds


def test_the_policy_drop_record_leaves_records_out(town):
    made = job(town, USUAL, '[policy]\nbad-value = "drop-record"')
    told = gaiji.convert(made).data
    assert told["records"]["dropped"] == 3 and [row[0] for row in read(town / "o.csv")] == ["番号", "1"]
    proof = gaiji.verify(made)
    assert proof.holds and proof.data["records"]["dropped"] == 3
    made = job(town, USUAL, '[policy]\noverflow = "drop-record"', items="items.csv")
    write(town / "items.csv", [["item", "length", "unit", "required"], ["氏名", "4", "characters", ""]])
    assert gaiji.convert(made).data["records"]["dropped"] == 2 and gaiji.verify(made).holds


def test_the_policy_fail_ends_the_run_at_the_first(town):
    with pytest.raises(GaijiError, match="bad-value code no-date in field 生年月日") as told:
        gaiji.convert(job(town, USUAL, '[policy]\nbad-value = "fail"'))
    assert "record 2" in str(told.value) and "昭和" not in str(told.value) and not (town / "o.csv").exists()


# -- any rules, any values -----------------------------------------------------------------------------------

VALUES = [
    "",
    "1",
    "2",
    "9",
    "田中",
    "田中　太郎",
    "　",
    "a　b　c",
    "　x",
    "y　",
    "S550102",
    "H31.5.1",
    "昭和64年1月7日",
]
VALUES += ["00000000", "1980-01-02", "19800230", "渡邉", 'q"uo,te', "叱　る", "a b", "〓", "葛飾", "髙橋"]
SPACES = ["", "　", " ", "・", "/"]
DATES = {"S550102": "1980-01-02", "昭和64年1月7日": "1989-01-07", "1980-01-02": "1980-01-02", "": ""}
WESTERN = {"1980-01-02"}


def random_column(chance: random.Random, number: int, fields: list[str]) -> dict[str, object]:
    column: dict[str, object] = {"name": f"c{number}"}
    way = chance.randrange(5)
    if way == 0:
        return column | {"constant": chance.choice(VALUES)}
    if way == 1:
        column |= {
            "join": chance.choices(fields, k=chance.randrange(1, 4)),
            "separator": chance.choice(SPACES),
        }
    else:
        column["field"] = chance.choice(fields)
    if way == 2:
        of = chance.randrange(2, 4)
        more = chance.choice([{}, {"more": "last"}, {"more": "finding"}])
        column |= {"split": chance.choice(SPACES[1:]), "of": of, "part": chance.randrange(1, of + 1)} | more
    if chance.random() < 0.3:
        column |= {
            "date": chance.choice(["wareki", "seireki", "either"]),
            "special": {"00000000": "", "9": "9999-12-31"},
        }
    elif chance.random() < 0.3:
        column["codes"] = "codes.csv"
    return column


def expected(
    column: dict[str, object], record: dict[str, str], codes: dict[str, str], keep: bool
) -> tuple[str, str]:
    """What a cell holds, and what is wrong with it."""
    if "constant" in column:
        return str(column["constant"]), ""
    text = record[str(column["field"])] if "field" in column else ""
    if "join" in column:
        text = str(column["separator"]).join(filter(None, (record[name] for name in column["join"])))
    if "split" in column and text:
        parts, of = text.split(str(column["split"])), int(str(column["of"]))
        if column.get("more") == "last" and len(parts) > of:
            parts[of - 1 :] = [str(column["split"]).join(parts[of - 1 :])]
        if len(parts) != of or "" in parts:
            return (text if column["part"] == 1 else "") if keep else "〓", "not-split"
        text = parts[int(str(column["part"])) - 1]
    if "date" in column:
        special = dict(column["special"])
        known = {
            t: d
            for t, d in DATES.items()
            if not t or column["date"] == "either" or (t in WESTERN) == (column["date"] == "seireki")
        }
        found = special.get(text, known.get(text.replace("　", " ").strip(" ")))
        return (found, "") if found is not None else (text if keep else "〓", "no-date")
    if "codes" in column:
        found = ({"": ""} | codes).get(text)
        return (found, "") if found is not None else (text if keep else "〓", "not-in-table")
    return text, ""


@pytest.mark.parametrize(
    "seed", [*range(6), *(pytest.param(n, marks=pytest.mark.slow) for n in range(6, 60))]
)
def test_any_rules_over_any_values(town, seed):
    chance = random.Random(seed)
    fields = [f"f{n}" for n in range(chance.randrange(1, 6))]
    rows = [[chance.choice(VALUES) for _ in fields] for _ in range(chance.randrange(1, 300))]
    rows = [row for row in rows if any(row)] or [["1"] * len(fields)]
    write(town / "d.csv", [fields, *rows])
    codes = {value: chance.choice(["", "x", "〓", value]) for value in chance.sample(VALUES, 6)}
    write(town / "codes.csv", [["new", "old"], *([new, old] for old, new in codes.items())])
    columns = [random_column(chance, n, fields) for n in range(chance.randrange(1, 9))]
    keep = chance.random() < 0.3
    suffix = chance.choice([".csv", ".tsv"])
    made = job(town, columns, ('[policy]\nbad-value = "keep"' if keep else ""), path=f"o{suffix}")
    told = gaiji.convert(made, overrides={"source.trim": "none"}).data
    # what the fields are, as convert has them: a job without columns of its own says
    gaiji.convert(job(town, [], path=f"plain{suffix}"), overrides={"source.trim": "none"})
    plain = read(town / f"plain{suffix}")
    records = [dict(zip(plain[0], row, strict=True)) for row in plain[1:]]
    wanted = [[expected(column, record, codes, keep) for column in columns] for record in records]
    out = read(town / f"o{suffix}")
    assert out[0] == [column["name"] for column in columns]
    assert out[1:] == [[cell for cell, _ in row] for row in wanted]
    for number, column in enumerate(columns):
        wrong = sorted({row[number][1] for row in wanted} - {""})
        counts = {kind: sum(row[number][1] == kind for row in wanted) for kind in wrong}
        assert told["columns"][column["name"]]["flagged"] == counts
    made = job(town, columns, ('[policy]\nbad-value = "keep"' if keep else ""), path=f"o{suffix}")
    proof = gaiji.verify(made, overrides={"source.trim": "none"})
    assert proof.holds, [check for check in proof.data["checks"] if not check["holds"]]
    row, at = chance.randrange(len(records)), chance.randrange(len(columns))
    out[row + 1][at] = chance.choice(
        [text for text in ["1980-01-03", "x", "", "田中太郎"] if text != out[row + 1][at]]
    )
    with (town / f"o{suffix}").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, delimiter="\t" if suffix == ".tsv" else ",", lineterminator="\n").writerows(out)
    proof = gaiji.verify(made, overrides={"source.trim": "none"})
    assert not proof.holds and proof.exit_code == 1
    places = {(one["record"], one["field"]) for one in proof.data["changed"]}
    column = columns[at]  # one that holds a field as it is is told as that field
    names = {column["name"], column.get("field"), *column.get("join", [])}
    assert {record for record, _ in places} == {row + 1} and names & {name for _, name in places}


def test_a_changed_field_is_seen_through_every_rule(town):
    """The dump is another than that which was converted: each column that is made of the changed byte says so."""
    made = job(town, USUAL)
    gaiji.convert(made)
    raw = (town / "d.csv").read_bytes()
    for old, new, column in (
        (",太郎", ",次郎", "氏名"),
        ("S550102", "S550103", "生年月日"),
        (",1,", ",2,", "性別"),
        ("東京都　", "京都府　", "町"),
    ):
        (town / "d.csv").write_bytes(raw.replace(old.encode(CHARSET), new.encode(CHARSET), 1))
        proof = gaiji.verify(made)
        assert (1, column) in {(one["record"], one["field"]) for one in proof.data["changed"]}, column


def test_a_record_that_cannot_be_cut_is_found(town):
    made = job(town, USUAL)
    gaiji.convert(made)
    path = town / "o.csv"
    path.write_bytes(path.read_bytes().replace("ジョン".encode(), 'ジ"ョン'.encode()))
    proof = gaiji.verify(made)
    assert not proof.holds and {one["record"] for one in proof.data["changed"]} == {2}
    path.write_bytes(path.read_bytes().replace('ジ"ョン'.encode(), b"\n"))
    proof = gaiji.verify(made)
    assert not proof.holds and proof.data["records"]["damaged"] + proof.data["records"]["missing"] >= 1


def test_the_proof_reads_another_table_as_another_conversion(town):
    made = job(town, USUAL)
    gaiji.convert(made)
    write(town / "sex.csv", [["old", "new"], ["1", "F"], ["2", "M"]])
    with pytest.raises(GaijiError, match="a mapping or site table is not the one"):
        gaiji.verify(made)


# -- with everything else ------------------------------------------------------------------------------------

COPYBOOK = """
       01  REC.
           05  SEQ    PIC 9(4).
           05  SHIMEI PIC X(10).
           05  BIRTH  PIC 9(7) COMP-3.
"""


def packed(number: str) -> bytes:
    return bytes.fromhex(number + "C")


def host_records(count: int) -> bytes:
    chance, out = random.Random(3), b""
    for number in range(count):
        birth = chance.choice(["3550102", "4310430", "5010501", "0000000", "3640108"])
        out += f"{number % 10000:04}".encode("cp037") + chance.choice(["TANAKA A", "SATO B", "X"]).ljust(
            10
        ).encode("cp037")
        out += packed(birth)
    return out


HOST = """
[source]
path = "in.dat"
charset = "ibm-930"
format = "fixed"
record_length = 18
layout = "r.cpy"
[output]
path = "out/o.csv"
[[output.column]]
name = "姓"
field = "shimei"
split = " "
part = 1
of = 2
[[output.column]]
name = "生年月日"
field = "birth"
date = "wareki"
eras = { "3" = "昭和", "4" = "平成", "5" = "令和" }
special = { "0000000" = "" }
[[output.column]]
field = "seq"
"""


@pytest.fixture
def host(tmp_path):
    (tmp_path / "r.cpy").write_text(COPYBOOK)
    (tmp_path / "in.dat").write_bytes(host_records(900))
    (tmp_path / "job.toml").write_text(HOST, "utf-8")
    return tmp_path


def test_packed_dates_of_a_host(host):
    told = gaiji.convert(host / "job.toml").data
    seen = {row[1] for row in read(host / "out/o.csv")[1:]}
    assert seen == {"1980-01-02", "2019-04-30", "2019-05-01", "", "〓"}
    assert {one["code"] for one in told["findings"]} == {"", "3640108"}
    assert gaiji.verify(host / "job.toml").holds


def test_an_interrupted_run_goes_on_to_the_same_bytes(host, monkeypatch):
    gaiji.convert(host / "job.toml")
    whole = (host / "out/o.csv").read_bytes()
    told = json.loads((host / "out/o.csv.manifest.json").read_text())
    (host / "out/o.csv").unlink()
    monkeypatch.setitem(Reader.__init__.__kwdefaults__, "batch", 2000)
    monkeypatch.setattr(checkpoint, "EVERY", 1)
    save, take, taken = checkpoint.Checkpoints.save, Session.take, []

    def save_and_wait(self, *args):
        save(self, *args)
        self._pending.result()

    def stop(self, done):
        taken.append(done)
        if len(taken) == 5:
            raise KeyboardInterrupt
        take(self, done)

    monkeypatch.setattr(checkpoint.Checkpoints, "save", save_and_wait)
    monkeypatch.setattr(Session, "take", stop)
    with pytest.raises(KeyboardInterrupt):
        gaiji.convert(host / "job.toml")
    monkeypatch.setattr(Session, "take", take)
    again = gaiji.convert(host / "job.toml", resume=True).data
    assert (host / "out/o.csv").read_bytes() == whole
    assert {key: again[key] for key in ("columns", "flagged", "findings")} == {
        key: told[key] for key in ("columns", "flagged", "findings")
    }


def test_plans_pickle_and_know_their_tables(town):
    plan = Plan.of(job(town, USUAL, items="items.csv"))
    assert pickle.loads(pickle.dumps(plan)).output.recipe == plan.output.recipe
    assert [one["id"] for one in plan.form_tables] == ["columns/sex.csv", "columns/items.csv"]
    kept = pickle.dumps(plan)
    write(town / "sex.csv", [["old", "new"], ["1", "F"]])
    with pytest.raises(GaijiError, match="other tables"):
        pickle.loads(kept)


def test_glyph_columns_are_chosen_by_name(town):
    columns = [{"field": "氏名"}, {"name": "字形", "field": "氏名.glyphs"}]
    made = job(town, columns, "[target]\nglyph_columns = true")
    gaiji.convert(made)
    assert read(town / "o.csv")[1][1].split()[1].startswith("MJ") and gaiji.verify(made).holds


def test_each_record_type_has_columns_of_its_own(tmp_path):
    (tmp_path / "in.dat").write_bytes(
        b"".join(r.encode("cp037") for r in ("A0001S550102", "BTANAKA X   ", "A0002X      "))
    )
    (tmp_path / "job.toml").write_text(
        """
[source]
path = "in.dat"
charset = "ibm-930"
format = "fixed"
record_length = 12
[[record]]
name = "A"
when = { offset = 0, bytes = "C1" }
output = "a.csv"
field = [{ name = "k", offset = 0, length = 1 }, { name = "n", offset = 1, length = 4 }, { name = "d", offset = 5, length = 7 }]
[[record.column]]
field = "d"
date = "wareki"
[[record.column]]
name = "番号"
field = "n"
[[record]]
name = "B"
output = "b.csv"
field = [{ name = "k", offset = 0, length = 1 }, { name = "m", offset = 1, length = 11 }]
""",
        "utf-8",
    )
    told = gaiji.convert(tmp_path / "job.toml").data
    assert read(tmp_path / "a.csv") == [["d", "番号"], ["1980-01-02", "0001"], ["〓", "0002"]]
    assert told["types"]["A"]["columns"]["d"]["flagged"] == {"no-date": 1} and told["types"]["A"][
        "left_out"
    ] == ["k"]
    proof = gaiji.verify(tmp_path / "job.toml")
    assert proof.holds and proof.data["columns"]["A.d"]["flagged"] == {"no-date": 1}
    assert proof.data["left_out"] == ["A.k"]
    (tmp_path / "a.csv").write_text(
        (tmp_path / "a.csv").read_text("utf-8").replace("1980-01-02", "1980-01-03"), "utf-8"
    )
    assert [one["field"] for one in gaiji.verify(tmp_path / "job.toml").data["changed"]] == ["A.d"]
    with pytest.raises(GaijiError, match="does not hold k, d as the records had them"):
        reverse(tmp_path / "job.toml")


def test_the_way_back_where_every_field_stands_in_the_output(host):
    text = (
        HOST[: HOST.index("[[output.column]]")]
        + """
[[output.column]]
name = "固定"
constant = "x"
[[output.column]]
name = "生年月日"
field = "birth"
[[output.column]]
field = "seq"
[[output.column]]
name = "氏名"
field = "shimei"
"""
    )
    (host / "job.toml").write_text(text, "utf-8")
    gaiji.convert(host / "job.toml")
    done = reverse(host / "job.toml")
    there = (host / "out/o.csv.reversed.dat").read_bytes()
    (host / "job.toml").write_text(HOST[: HOST.index("[[output.column]]")], "utf-8")
    gaiji.convert(host / "job.toml")
    assert done.data == reverse(host / "job.toml").data | {
        "job": done.data["job"],
        "input": done.data["input"],
    }
    assert there == (host / "out/o.csv.reversed.dat").read_bytes() and len(there) == 900 * 18


def test_the_way_back_of_a_csv(town):
    write(town / "d.csv", [HEAD, *PEOPLE])
    chosen = [{"name": f"項目{n}", "field": name} for n, name in enumerate(reversed(HEAD))]
    made = job(town, [*chosen, {"name": "団体", "constant": "1"}])
    gaiji.convert(made)
    reverse(made)
    there = (town / "o.csv.reversed.csv").read_bytes()
    made = job(town, [])
    gaiji.convert(made)
    reverse(made)
    assert there == (town / "o.csv.reversed.csv").read_bytes() and "渡辺".encode(CHARSET) in there


def test_the_way_back_is_refused_where_a_field_is_not_held(town):
    made = job(town, USUAL)
    gaiji.convert(made)
    with pytest.raises(GaijiError, match=r"E0736.*does not hold 氏, 名, 氏名, 生年月日, 性別, 住所 as"):
        reverse(made)


def test_a_job_without_columns_starts_nothing_of_theirs(town):
    code = (
        "import sys, gaiji; gaiji.convert('job.toml'); gaiji.verify('job.toml');"
        "print([n for n in sys.modules if n in ('gaiji.output.shaping', 'gaiji.output.dates')])"
    )
    job(town, [])
    done = subprocess.run([sys.executable, "-c", code], cwd=town, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_what_columns_do_not_go_with_is_refused_in_a_line(town, host):
    for more, output, word in (("", {"path": "o.dat"}, ".dat"), ('[target]\nshrink = "cp932"', {}, "shrink")):
        with pytest.raises(GaijiError, match=rf"E0442 .*output.column: does not go with {word}"):
            gaiji.convert(job(town, USUAL, more, **output))


FAULTS = [
    ([{"field": "番号"}, {"name": "番号", "field": "氏"}], "E0721 .*#2: has the name '番号', as #1"),
    ([{"field": "番号"}, {"field": "番号", "codes": "sex.csv"}], "E0721"),
    ([{"field": "番々"}], "E0730 .*'番々', which the records do not have"),
    ([{"name": "a", "join": ["氏", "x"], "separator": ""}], "E0730"),
    ([{"name": "a"}], "E0722 .*has 0 of field, join and constant"),
    ([{"field": "氏", "constant": "x"}], "E0722"),
    ([{"constant": "x"}], "E0725"),
    ([{"name": " ", "field": "氏"}], "E0725"),
    ([{"name": "a\nb", "field": "氏"}], "E0725"),
    ([{"name": "a", "join": ["氏", "名"]}], "E0259 .*separator: is missing"),
    ([{"name": "a", "join": [], "separator": ""}], "E0727"),
    ([{"field": "氏", "separator": "x"}], "E0723 .*separator: means nothing without join"),
    ([{"field": "氏", "part": 1}], "E0723 .*without split"),
    ([{"field": "氏", "split": ""}], "E0727"),
    ([{"field": "氏", "split": "　", "of": 2}], "E0259 .*part: is missing"),
    ([{"field": "氏", "split": "　", "part": 1}], "E0259 .*of: is missing"),
    ([{"field": "氏", "split": "　", "part": 3, "of": 2}], "E0728"),
    ([{"field": "氏", "split": "　", "part": 0, "of": 2}], "E0728"),
    ([{"field": "氏", "split": "　", "part": 1, "of": 1}], "E0728"),
    ([{"field": "氏", "date": "wareki", "codes": "sex.csv"}], "E0724"),
    ([{"name": "a", "constant": "x", "codes": "sex.csv"}], "E0724"),
    ([{"field": "氏", "eras": {"3": "昭和"}}], "E0723 .*without date"),
    ([{"field": "氏", "date": "seireki", "eras": {"3": "昭和"}}], 'E0723 .*without date = "wareki"'),
    ([{"field": "氏", "date": "seireki", "beyond": True}], "E0723"),
    ([{"field": "氏", "date": "wareky"}], "E0379 .*wareki"),
    ([{"field": "氏", "date": "wareki", "eras": {"3": "照和"}}], "E0731 .*昭和"),
    ([{"field": "氏", "date": "wareki", "eras": {"S": "平成"}}], "E0732"),
    ([{"field": "氏", "date": "wareki", "eras": {"1": "明治", "11": "平成"}}], "E0732"),
    ([{"field": "氏", "date": "wareki", "eras": {"": "平成"}}], "E0732"),
    ([{"field": "氏", "date": "either", "eras": {"03": "昭和"}}], "E0732"),
    ([{"field": "氏", "date": "wareki", "special": {"0": 1}}], "E0726"),
    ([{"field": "氏", "colour": "red"}], "E0258 .*colour: is not a key"),
    ([{"field": "氏", "codes": "none.csv"}], "E0733 .*none.csv: cannot be read"),
    ([{"field": "氏", "codes": "items.csv"}], "E0198 .*has no column old, new"),
    ([{"field": "氏", "codes": "twice.csv"}], "E0734 .*gives '1' again"),
    ([{"field": "氏", "codes": "job.toml"}], "E0199"),
    ([{"field": 7}], "E0260"),
]


@pytest.mark.parametrize(("columns", "says"), FAULTS, ids=range(len(FAULTS)))
def test_wrong_rules_are_refused_in_a_line(town, columns, says):
    write(town / "twice.csv", [["old", "new"], ["1", "a"], ["1", "b"]])
    with pytest.raises(GaijiError, match=says) as told:
        gaiji.convert(job(town, columns))
    assert "\n" not in str(told.value) and not (town / "o.csv").exists()


ITEMS = [
    (["a", "x", "characters", ""], "row 2: length is no whole number"),
    (["a", "0", "characters", ""], "row 2: length"),
    (["a", "３", "characters", ""], "row 2: length"),
    (["a", "99999999999", "bytes", ""], "row 2: length"),
    (["a", "3", "", ""], "row 2: unit is none of characters"),
    (["a", "3", "letters", ""], "row 2: unit"),
    (["a", "3", "bytes", "maybe"], "row 2: required is neither yes nor no"),
    (["", "3", "bytes", "yes"], "row 2: item is empty"),
    (["番号", "3", "bytes", "yes"], "row 2: item is empty, or stands there twice"),
]


@pytest.mark.parametrize(("row", "says"), ITEMS, ids=range(len(ITEMS)))
def test_wrong_lists_of_items_are_refused_in_a_line(town, row, says):
    write(town / "items.csv", [["item", "length", "unit", "required"], ["番号", "", "", ""], row])
    with pytest.raises(GaijiError, match=f"E0735 .*{says}"):
        gaiji.convert(job(town, USUAL, items="items.csv"))


def test_columns_of_a_job_with_types_stand_below_the_types(tmp_path):
    (tmp_path / "job.toml").write_text(
        '[source]\npath = "d"\ncharset = "ibm-930"\nformat = "fixed"\nrecord_length = 3\n[output]\npath = "o.csv"\n'
        '[[output.column]]\nfield = "k"\n[[record]]\nname = "A"\nfield = [{ name = "k", offset = 0, length = 3 }]\n'
    )
    (tmp_path / "d").write_bytes(b"\x40" * 3)
    with pytest.raises(GaijiError, match=r"E0442 .*write \[\[record.column\]\]"):
        gaiji.convert(tmp_path / "job.toml")


def test_nothing_is_written_over_a_table_of_the_columns(town):
    with pytest.raises(GaijiError, match=r"sex.csv"):
        gaiji.convert(job(town, USUAL, path="sex.csv"))


def test_the_template_knows_columns():
    text = template(
        path="d", charset="ibm-930", format="fixed", layout="l.cpy", record_length=1, output="o.csv"
    )
    assert "[[output.column]]" in text
    lines = text[text.index("# [[output.column]]") : text.index("[review]")].splitlines()
    import tomllib

    from gaiji.run.columns import columns_of

    shown = tomllib.loads("\n".join(line.removeprefix("# ") for line in lines))
    assert len(columns_of(shown["output"]["column"], "")) == 5


def test_the_page_shows_what_happens(tmp_path, monkeypatch):
    page = (Path(__file__).parents[1] / "docs/output.md").read_text("utf-8")
    for name, text in re.findall(r"```\w+ (\S+)\n(.*?)```", page, re.DOTALL):
        (tmp_path / name).write_bytes(text.encode(CHARSET if name == "d.csv" else "utf-8"))
    monkeypatch.chdir(tmp_path)
    shown = re.search(r"```\n(\$ gaiji convert.*?)```", page, re.DOTALL)[1]
    said = ""
    for command in re.findall(r"^\$ (.*)$", shown, re.MULTILINE):
        said += f"$ {command}\n"
        if command.startswith("cat "):
            said += Path(command.removeprefix("cat ")).read_text("utf-8")
            continue
        done = CliRunner().invoke(main, command.split()[1:])
        assert done.exit_code == 3
        said += done.stdout
    assert said == shown


WRONG = {  # a fault in what makes columns, and the columns that must be seen to be wrong
    "_source": (lambda one, frame, rows: real_source(one, frame, rows).str.replace("太", "大"), {"氏名"}),
    "_part": (lambda one, text: (real_part(one, text)[0].str.head(1), text), {"町"}),
    "_coded": (lambda one, text: real_coded(one, text).replace({"M": "F"}), {"性別"}),
    "days": (lambda texts, rule: real_days(texts, rule).str.replace("1980", "1981"), {"生年月日"}),
}
real_source, real_part, real_coded, real_days = (getattr(shaping, name) for name in WRONG)


@pytest.mark.parametrize("name", WRONG)
def test_a_fault_in_the_making_of_columns_is_seen_by_the_proof(town, monkeypatch, name):
    fault, columns = WRONG[name]
    monkeypatch.setattr(shaping, name, fault)
    made = job(town, USUAL)
    gaiji.convert(made)
    assert {one["field"] for one in gaiji.verify(made).data["changed"]} == columns


def test_a_finding_that_is_not_told_is_seen_by_the_proof(town, monkeypatch):
    monkeypatch.setattr(shaping, "_coded", lambda one, text: text)  # values are passed through
    made = job(town, USUAL)
    gaiji.convert(made)
    proof = gaiji.verify(made)
    wrong = {check["check"] for check in proof.data["checks"] if not check["holds"]}
    assert "column 性別" in wrong and not proof.holds


TABLES = [
    "old,new\n1,M\n2,F\n",
    "\ufeffold,new\r\n1,M\r\n2,F\r\n",
    'note,new,old\n"a, ""b""",M,1\n,F,2\n',
    'old,new\n"1",M\n2,"F"\n9,\n',
    "old,new\n 1,M\n1 ,M\n1,M\n2,F\n,-\n",
    "old,new\n01,M\n1,M\n1.0,x\n2,F\n",
    "old,new\n1,M\n2,F",
    'old,new\n"1\n2",x\n1,M\n2,F\n',
]


@pytest.mark.parametrize("text", TABLES, ids=range(len(TABLES)))
def test_two_readers_of_a_table_of_codes_agree(town, text):
    (town / "sex.csv").write_text(text, "utf-8", newline="")
    made = job(town, USUAL)
    told = gaiji.convert(made).data["columns"]["性別"]["flagged"]
    assert [row[3] for row in read(town / "o.csv")[1:3]] == ["M", "F"] and gaiji.verify(made).holds
    assert told == ({} if "9," in text else {"not-in-table": 1})
    rows = Plan.of(made).output.recipe.columns[3].codes.rows
    assert dict(rows) == Rules(Plan.of(made).output.recipe, Plan.of(made).job.file).tables["sex.csv"]


def test_a_table_of_codes_in_parquet_or_another_code(town):
    columns = [{"field": "性別", "codes": "sex.parquet"}]
    pl.DataFrame({"old": [1, 2, None], "new": ["M", None, "-"]}).write_parquet(town / "sex.parquet")
    made = job(town, columns)
    gaiji.convert(made)
    assert [row[0] for row in read(town / "o.csv")[1:]] == ["M", "", "〓", "-"] and gaiji.verify(made).holds
    (town / "sex.csv").write_text("old,new\n1,男\n", "cp932")
    with pytest.raises(GaijiError, match=r"E0196 .*sex.csv: is no table .*must be UTF-8"):
        gaiji.convert(job(town, USUAL))


def test_an_era_in_a_field_of_its_own_is_joined_before_the_date_is_read(town):
    write(
        town / "d.csv",
        [["元号", "年月日"], ["3", "550102"], ["5", "010430"], ["", ""], ["", "550102"], ["3", ""]],
    )
    column = {
        "name": "日",
        "join": ["元号", "年月日"],
        "separator": "",
        "date": "wareki",
        "eras": {"3": "昭和", "5": "令和"},
    }
    made = job(town, [column])
    gaiji.convert(made)
    assert [row[0] for row in read(town / "o.csv")[1:]] == [
        "1980-01-02",
        "〓",
        "",
        "〓",
        "〓",
    ] and gaiji.verify(made).holds


def test_a_town_brings_the_files_of_columns_to_its_jobs(town):
    (town / "town.toml").write_text(
        '[town]\nname = "見本市"\n[[system]]\nname = "住記"\n[[system.file]]\npath = "d.csv"\n'
        'charset = "windows-31j-jis90"\nformat = "csv"\n[system.file.output]\nitems = "items.csv"\n'
        '[[system.file.output.column]]\nfield = "性別"\ncodes = "sex.csv"\n',
        "utf-8",
    )
    done = CliRunner().invoke(main, ["run", str(town / "town.toml")])
    assert "the proof holds" in done.output
    assert [row[0] for row in read(town / "migration/住記/d.csv")] == ["性別", "M", "F", "〓", ""]
    write(town / "sex.csv", [["old", "new"], ["1", "X"], ["2", "F"]])
    assert "the proof holds" in CliRunner().invoke(main, ["run", str(town / "town.toml")]).output
    assert [row[0] for row in read(town / "migration/住記/d.csv")][1] == "X"


def test_a_list_of_items_over_all_types(tmp_path):
    (tmp_path / "in.dat").write_bytes("A1B2".encode("cp037"))
    write(tmp_path / "items.csv", [["item", "length", "unit", "required"], ["a", "1", "bytes", "yes"]])
    (tmp_path / "job.toml").write_text(
        """
[source]
path = "in.dat"
charset = "ibm-930"
format = "fixed"
record_length = 2
[output]
items = "items.csv"
[[record]]
name = "A"
when = { offset = 0, bytes = "C1" }
output = "a.csv"
field = [{ name = "a", offset = 0, length = 2 }]
[[record]]
name = "B"
output = "b.csv"
field = [{ name = "b", offset = 0, length = 2 }]
"""
    )
    told = gaiji.convert(tmp_path / "job.toml").data["types"]
    assert told["A"]["columns"]["a"]["flagged"] == {"too-long": 1} and told["A"]["items"]["not_in_list"] == []
    assert (
        told["B"]["items"] == {"not_in_list": ["b"], "missing": ["a"]}
        and gaiji.verify(tmp_path / "job.toml").holds
    )


def test_records_to_standard_output(town):
    made = job(town, USUAL, path="-")
    done = subprocess.run(
        [sys.executable, "-m", "gaiji", "convert", str(made)], cwd=town, capture_output=True, text=True
    )
    assert done.returncode == 3 and done.stdout.splitlines()[1] == "1,渡辺　太郎,1980-01-02,M,東京都,131016"


def test_what_is_found_in_dropped_records_is_counted_by_both(town):
    people = [[*row] for row in PEOPLE]
    people[1][2] = "\ue000ン"  # a 外字 (F040) in a record whose date is none
    write(town / "d.csv", [HEAD, *people], "cp932")
    made = job(town, USUAL, '[policy]\nunmapped-gaiji = "drop-record"', items="items.csv")
    told = gaiji.convert(made).data
    assert told["records"]["dropped"] == 1 and told["columns"]["生年月日"]["flagged"] == {"no-date": 1}
    assert [row[0] for row in read(town / "o.csv")[1:]] == ["1", "3", "4"]
    assert gaiji.verify(made).holds


def test_fields_that_share_their_shift_state(tmp_path):
    record = bytes.fromhex("0E4562") + bytes.fromhex("45620F40") + b"\xf3\xf5\xf5\xf0\xf1\xf0\xf2"
    (tmp_path / "in.dat").write_bytes(record * 50)
    (tmp_path / "job.toml").write_text(
        """
[source]
path = "in.dat"
charset = "ibm-930"
format = "fixed"
record_length = 14
shift = "carry"
[output]
path = "o.csv"
[[output.column]]
name = "ab"
join = ["b", "a"]
separator = "-"
[[output.column]]
field = "d"
date = "wareki"
eras = { "3" = "昭和" }
[[field]]
name = "a"
offset = 0
length = 3
[[field]]
name = "b"
offset = 3
length = 4
[[field]]
name = "d"
offset = 7
length = 7
type = "sbcs"
""",
        "utf-8",
    )
    gaiji.convert(tmp_path / "job.toml")
    first, day = read(tmp_path / "o.csv")[1]
    assert len(first) == 3 and first[0] == first[2] and day == "1980-01-02"
    assert gaiji.verify(tmp_path / "job.toml").holds


def test_a_blank_list_of_items_is_one_that_checks_nothing(tmp_path):
    (tmp_path / "d.csv").write_bytes("番号,氏,名\r\n1,見本,太郎\r\n".encode("cp932"))
    text = """[source]
path = "d.csv"
charset = "windows-31j-jis90"
format = "csv"
[output]
path = "out.csv"
items = "items.csv"
[[output.column]]
name = "宛名番号"
field = "番号"
[[output.column]]
name = "氏名"
join = ["氏", "名"]
separator = "　"
"""
    (tmp_path / "job.toml").write_text(text, "utf-8")
    items = tmp_path / "items.csv"
    arguments = ["init", "--items", str(items), "--job", str(tmp_path / "job.toml")]
    shown = CliRunner().invoke(main, arguments)
    assert shown.exit_code == 0 and "2 items" in shown.output
    assert items.read_text("utf-8-sig").split() == ["item,length,unit,required", "宛名番号,,,", "氏名,,,"]
    done = CliRunner().invoke(main, ["convert", str(tmp_path / "job.toml")])
    assert done.exit_code == 0 and "does not have" not in done.output
    filled = items.read_text("utf-8-sig").replace("氏名,,,", "氏名,3,characters,yes")
    items.write_text(filled, "utf-8-sig")
    assert "overflow" in CliRunner().invoke(main, ["convert", str(tmp_path / "job.toml")]).output
    assert "E0017" in CliRunner().invoke(main, arguments).output
    arguments[2] = str(tmp_path / "items.txt")
    assert "E0827" in CliRunner().invoke(main, arguments).output

"""Cases as data: each `[[case]]` of `tests/cases/*.toml` decodes to its text, glyphs and findings; or its job makes its fields.

Owns reading the files strictly (an unknown key is an error) and comparing. What a case means is in the files;
tests/cases/README.md says how to write one.
"""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import pytest

import gaiji

FOLDER = Path(__file__).parent / "cases"
INPUT = {"name", "charset", "options", "tables", "type", "role", "form", "hex"}
EXPECTED = {"text", "glyphs", "findings", "encodes"}
JOB = {"layout", "source", "target", "policy", "output", "fields", "records"}
KEYS = INPUT | EXPECTED | JOB | {"known_failure"}
FINDING = ("reason", "code", "offset")
COLUMNS = "code\tucs\tglyph\tflag\tnote\treplaces\n"


def read(path: Path) -> list[dict]:
    """The cases of a file; ValueError names the file, the case and what is wrong with it."""
    data = tomllib.loads(path.read_text("utf-8"))
    if set(data) != {"case"}:
        raise ValueError(f"{path.name}: only [[case]] tables belong here, not {sorted(set(data) - {'case'})}")
    for number, case in enumerate(data["case"], 1):
        where = f"{path.name}: case {number} ({case.get('name', 'without a name')})"
        if unknown := set(case) - KEYS:
            raise ValueError(f"{where}: unknown key {sorted(unknown)}; known are {sorted(KEYS)}")
        if missing := {"name", "charset", "hex"} - set(case):
            raise ValueError(f"{where}: no {sorted(missing)}")
        if not (EXPECTED | {"fields"}) & set(case):
            raise ValueError(f"{where}: says nothing that must come out")
        if ("layout" in case) != ("fields" in case):
            raise ValueError(f"{where}: a case of a whole job has both layout and fields")
        if only := (
            JOB if "layout" not in case else {"type", "role", "form"} | EXPECTED - {"findings"}
        ) & set(case):
            raise ValueError(f"{where}: {sorted(only)} does not belong to this kind of case")
        for finding in case.get("findings", []):
            if (
                not isinstance(finding, dict)
                or set(finding) - {*FINDING, "field", "record"}
                or "reason" not in finding
            ):
                raise ValueError(f"{where}: a finding is {{reason, code, offset}}, not {finding}")
    return data["case"]


def cases() -> list:
    """Every case, with strict xfail where the file says that it is known to fail."""
    out = []
    for path in sorted(FOLDER.glob("*.toml")):
        for case in read(path):
            marks = []
            if why := case.pop("known_failure", ""):
                marks = [pytest.mark.xfail(reason=why, strict=True, raises=AssertionError)]
            out.append(pytest.param(case, id=f"{path.stem}: {case['name']}", marks=marks))
    return out


def raw(case: dict) -> bytes:
    return bytes.fromhex(case["hex"])


def tables(case: dict, folder: Path) -> list[Path]:
    """The case's own rows (`code ucs glyph flag note replaces`, by tabs) as site tables, in order."""
    out = []
    for number, rows in enumerate(case.get("tables", [])):
        path = folder / f"site-{number}.tsv"
        path.write_text(COLUMNS + "".join(row + "\n" for row in rows), "utf-8")
        out.append(path)
    return out


def decoded(case: dict, folder: Path) -> None:
    charset = gaiji.load_charset(case["charset"], tables(case, folder), options=case.get("options", {}))
    how = {key: case[key] for key in ("type", "role", "form") if key in case}
    out = charset.decode(raw(case), **how)
    if "text" in case:
        assert out.text == case["text"]
    if "glyphs" in case:
        assert [glyph or "" for glyph in out.glyphs] == case["glyphs"]
    found = [{"reason": f.reason, "code": f.code, "offset": f.offset} for f in out.findings]
    expected = case.get("findings", [])
    assert len(found) == len(expected), found
    assert [{key: f[key] for key in e} for f, e in zip(found, expected, strict=True)] == expected
    if "encodes" in case:
        assert charset.encode(out.text, type=case.get("type", "")).hex().upper() == case["encodes"].replace(
            " ", ""
        )


def toml(value: object) -> str:
    """A value as TOML writes it; a table in one line."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(key)} = {toml(one)}" for key, one in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(toml, value)) + "]"
    return json.dumps(value, ensure_ascii=False)


def converted(case: dict, folder: Path) -> None:
    (folder / "in.dat").write_bytes(raw(case))
    source = {"path": "in.dat", "charset": case["charset"], "format": "fixed", **case.get("source", {})}
    source["tables"] = [path.name for path in tables(case, folder)]
    if "options" in case:
        source["options"] = case["options"]
    if isinstance(case["layout"], str):
        (folder / "layout.cpy").write_text(case["layout"], "utf-8")
        source["layout"] = "layout.cpy"
        described = ""
    else:
        described = "".join(
            "[[field]]\n" + "".join(f"{key} = {toml(value)}\n" for key, value in field.items())
            for field in case["layout"]
        )
    parts = {"source": source, "output": {"path": "out/out.parquet", **case.get("output", {})}}
    parts |= {key: case[key] for key in ("target", "policy") if key in case}
    text = "".join(
        f"[{name}]\n" + "".join(f"{json.dumps(key)} = {toml(value)}\n" for key, value in table.items())
        for name, table in parts.items()
    )
    (folder / "job.toml").write_text(text + described, "utf-8")
    done = gaiji.convert(folder / "job.toml").data
    import polars as pl

    frame = pl.read_parquet(folder / "out" / "out.parquet")
    assert {name: frame[name].to_list() for name in case["fields"]} == case["fields"]
    reasons = {
        (name, reason): count
        for name, field in done["fields"].items()
        for reason, count in field["flagged"].items()
        if count
    }
    expected: dict = {}
    for finding in case.get("findings", []):
        place = finding["field"], finding["reason"]
        expected[place] = expected.get(place, 0) + 1
    assert reasons == expected
    if "records" in case:
        assert {key: done["records"][key] for key in case["records"]} == case["records"]


@pytest.mark.parametrize("case", cases())
def test_case(case, tmp_path):
    (converted if "layout" in case else decoded)(case, tmp_path)


GOOD = 'name = "n"\ncharset = "ibm-939"\nhex = "0E45410F"\n'


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (GOOD + 'txt = "x"', "unknown key ['txt']"),
        (GOOD, "nothing that must come out"),
        (GOOD.replace("hex", "text"), "no ['hex']"),
        (GOOD + 'text = ""\nlayout = "x"', "both layout and fields"),
        (GOOD + 'text = ""\nrecords = {read = 1}', "['records'] does not belong"),
        (GOOD + 'findings = [{reason = "illegal", byte = 1}]', "a finding is"),
        (GOOD + 'text = ""\n[other]\nx = 1', "only [[case]]"),
    ],
)
def test_a_wrong_file_is_refused(tmp_path, text, says):
    path = tmp_path / "wrong.toml"
    path.write_text("[[case]]\n" + text, "utf-8")
    with pytest.raises(ValueError) as error:
        read(path)
    assert says in str(error.value) and "wrong.toml" in str(error.value)


def test_there_are_cases_of_both_kinds_and_no_two_of_a_name():
    found = [param.values[0] for param in cases()]
    assert {"layout" in case for case in found} == {True, False}
    ids = [param.id for param in cases()]
    assert len(ids) == len(set(ids))

"""Every character that a charset has, at the end of a field: none may be taken for padding.

What is right is the oracle's (``tests/oracle``), which shares no code with gaiji. Here are the ends of fields: what
padding is, what an empty field is, and what is none of both.
"""

from __future__ import annotations

import json

import pytest
from oracle import charsets
from oracle.alphabet import alphabet
from oracle.copybook import Column
from oracle.dumps import Dump
from oracle.run import hold, known_kinds
from quick import mostly_slow

import gaiji

PADS = 4


def types(charset):
    if charset.kind in ("shifted", "lead-byte"):
        return ["mixed", "dbcs", "sbcs"]
    return ["mixed"] if charset.kind in ("decimal", "utf-8") else ["mixed", "dbcs"]


def every_end(name, type):
    """The bytes of a field for each code of the charset: that code alone."""
    charset = charsets.load(name)
    letters = alphabet(name, "other", type)
    known = known_kinds()  # what comes out wrong for another cause
    special = (c for kind, found in letters.special.items() if kind not in known for c in found)
    codes = [
        c for c in (*letters.single, *letters.double, *special) if c.strip(b"\0")
    ]  # low-values are no character
    if type == "mixed" and charset.kind == "shifted":
        into, back = charset.shift_in[0], charset.shift_out[0]
        return [into + c + back if len(c) > 1 else c for c in codes]
    return codes


def dump_of(name, type, format, trim):
    """A record for each end, its field once without room behind it and once with padding."""
    charset = charsets.load(name)
    ends = every_end(name, type)
    if charset.kind == "decimal":
        ends = [c for c in ends if len(c) == charset.digits]
    wide = charset.wide or (charset.kind == "shifted" and type == "dbcs")
    narrow = {"utf-16-le": b" \0", "utf-16-be": b"\0 "}.get(charset.kind, charset.blank)
    pad = charset.wide_blank if wide and not charset.unicode else narrow
    if charset.kind == "decimal":  # numbers take all of their field
        pad = b""
    size = max(map(len, ends))
    full = [c for c in ends if len(c) == size]
    length = size + PADS * len(pad)
    length += length % 2 if type == "dbcs" else 0  # other lengths are refused
    source = {} if trim else {"trim": "none"}
    if format == "fixed":
        rows = [(c + pad * length)[:length] for c in ends] if pad else full
        columns = [Column("a", 0, length, type)]
        dump = Dump(name, "fixed", columns, source | {"record_length": length}, b"".join(rows))
    else:
        rows = ends
        columns = [Column("a", 0, length, type)]
        dump = Dump(name, "vb", columns, source)
        dump.data = b"".join((len(r) + 4).to_bytes(2, "big") + b"\0\0" + r for r in rows)
    dump.kinds = [["end"]] * len(rows)
    return dump


@pytest.mark.parametrize("name", mostly_slow(["unicode-le", "unicode-be", "ibm-930"], ["ibm-930"]))
def test_every_character_at_the_end_of_a_field(name):
    for type in types(charsets.load(name)):
        wrong = hold(dump_of(name, type, "fixed", True))
        assert not wrong, "\n".join(map(str, wrong[:10]))


@pytest.mark.slow
@pytest.mark.parametrize("name", charsets.names())
def test_every_character_of_every_charset_at_the_end_of_a_field(name):
    for type in types(charsets.load(name)):
        for format in ("fixed", "vb"):
            for trim in (True, False):
                wrong = hold(dump_of(name, type, format, trim))
                assert not wrong, "\n".join(map(str, wrong[:10]))


CELLS = ["100", "1972/05/20", "00", "0", "一〇", "大字100", "A0"]


def utf16(path, charset, format, cells):
    """A job of one column in UTF-16 with a mark (delimited) or without one (fixed)."""
    codec = {"unicode-le": "utf-16-le", "unicode-be": "utf-16-be"}[charset]
    width = 20
    if format == "csv":
        data = ("\ufeff" + "".join(f"x,{c}\r\n" for c in ["氏名", *cells])).encode(codec)
        fields = ""
    elif format == "lines":
        data = "".join(f"{c}\n" for c in cells).encode(codec)
        fields = f'[[field]]\nname = "a"\noffset = 0\nlength = {width}\n'
    else:
        data = "".join(c.ljust(width, " \u3000"[i % 2]) for i, c in enumerate(cells)).encode(codec)
        fields = f'[[field]]\nname = "a"\noffset = 0\nlength = {2 * width}\ntype = "dbcs"\n'
    (path / "in.dat").write_bytes(data)
    length = f"record_length = {2 * width}\n" if format == "fixed" else ""
    (path / "job.toml").write_text(
        f'[source]\npath = "in.dat"\ncharset = "{charset}"\nformat = "{format}"\n{length}'
        f'[output]\npath = "out.csv"\n{fields}',
        "utf-8",
    )
    return path / "job.toml"


@pytest.mark.parametrize("format", ["csv", "lines", "fixed"])
@pytest.mark.parametrize("charset", ["unicode-le", "unicode-be"])
def test_a_zero_at_the_end_stays_in_utf16(tmp_path, charset, format):
    """U+0030 in one byte order is U+3000 in the other: keys, dates and house numbers that end in 0 lost it."""
    job = utf16(tmp_path, charset, format, CELLS)
    gaiji.convert(job)
    lines = (tmp_path / "out.csv").read_text("utf-8").splitlines()[1:]
    assert [line.removeprefix("x,") for line in lines] == CELLS
    assert gaiji.verify(job).holds


@pytest.mark.parametrize("charset", ["unicode-le", "unicode-be"])
def test_the_proof_does_not_take_a_lost_zero_for_padding(tmp_path, charset):
    """The output is changed behind gaiji's back, with the digests of the manifest made good."""
    import hashlib

    job = utf16(tmp_path, charset, "fixed", CELLS)
    gaiji.convert(job)
    out, where = tmp_path / "out.csv", tmp_path / "out.csv.manifest.json"
    cut = out.read_text("utf-8").replace("1972/05/20", "1972/05/2").encode()
    out.write_bytes(cut)
    manifest = json.loads(where.read_text("utf-8"))
    manifest["output"] |= {"bytes": len(cut), "sha256": hashlib.sha256(cut).hexdigest()}
    where.write_text(json.dumps(manifest), "utf-8")
    done = gaiji.verify(job)
    assert not done.holds
    assert [(c["record"], c["field"]) for c in done.data["changed"]] == [(2, "a")]


# -- empty fields ---------------------------------------------------------------------------------------------------------

FIELDS = """
[[field]]
name = "name"
offset = 0
length = 4
role = "name"
[[field]]
name = "kana"
offset = 4
length = 2
type = "sbcs"
[[field]]
name = "zoned"
offset = 6
length = 3
type = "zoned"
signed = true
[[field]]
name = "packed"
offset = 9
length = 2
type = "packed"
signed = true
[[field]]
name = "binary"
offset = 11
length = 2
type = "binary"
"""
EMPTY = {
    "low-values": "00000000 0000 000000 0000 0000",
    "blanks": "40404040 4040 404040 4040 0000",
    "unsigned": "C1404040 C1C2 F1F2F3 123F 0001",
    "signed": "C1404040 C1C2 F1F2C3 123C 0001",
}


def job_of(path, records, output="out.csv", more=""):
    (path / "in.dat").write_bytes(b"".join(bytes.fromhex(r) for r in records))
    (path / "job.toml").write_text(
        '[source]\npath = "in.dat"\ncharset = "ibm-930"\nformat = "fixed"\nrecord_length = 13\n'
        f'{more}[output]\npath = "{output}"\n{FIELDS}',
        "utf-8",
    )
    return path / "job.toml"


@pytest.mark.parametrize("output", ["out.csv", "out.dat", "out.parquet"])
def test_empty_fields_are_a_class_of_their_own(tmp_path, output):
    job = job_of(tmp_path, EMPTY.values(), output)
    manifest = gaiji.convert(job)
    fields = manifest.data["fields"]
    assert manifest.exit_code == 0
    for name in ("name", "kana", "zoned", "packed"):
        assert fields[name]["empty"] == {"low-values": 1, "blanks": 1}, name
        assert fields[name]["flagged"] == {}, name
    assert fields["binary"]["empty"] == {}
    assert {n: f["unsigned"] for n, f in fields.items() if f["unsigned"]} == {"zoned": 1, "packed": 1}
    if output == "out.csv":
        lines = (tmp_path / output).read_text("utf-8").splitlines()[1:]
        assert lines == [",,,,0", ",,,,0", "A,AB,123,123,1", "A,AB,123,123,1"]
    proof = gaiji.verify(job)
    assert proof.holds and proof.exit_code == 0
    assert proof.data["fields"]["zoned"]["empty"] == {"low-values": 1, "blanks": 1}
    assert proof.data["fields"]["zoned"]["cells"]["empty"] == 2
    assert proof.data["fields"]["name"]["cells"]["empty"] == 1  # blanks encode back to the very bytes


def test_the_proof_counts_empty_fields_itself(tmp_path):
    job = job_of(tmp_path, EMPTY.values())
    gaiji.convert(job)
    where = tmp_path / "out.csv.manifest.json"
    manifest = json.loads(where.read_text("utf-8"))
    manifest["fields"]["packed"]["empty"] = {"blanks": 2}
    where.write_text(json.dumps(manifest), "utf-8")
    done = gaiji.verify(job)
    assert [c["check"] for c in done.data["checks"] if not c["holds"]] == ["empty packed"]


def test_a_cell_in_place_of_an_empty_field_is_a_change(tmp_path):
    import hashlib

    job = job_of(tmp_path, EMPTY.values())
    gaiji.convert(job)
    out, where = tmp_path / "out.csv", tmp_path / "out.csv.manifest.json"
    data = out.read_bytes().replace(b",,,,0\n,", b"A,,,7,0\n,", 1)
    out.write_bytes(data)
    manifest = json.loads(where.read_text("utf-8"))
    manifest["output"] |= {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
    where.write_text(json.dumps(manifest), "utf-8")
    changed = gaiji.verify(job).data["changed"]
    assert [(c["record"], c["field"]) for c in changed] == [(1, "name"), (1, "packed")]


def test_empty_fields_are_blanks_on_the_way_back(tmp_path):
    from gaiji.run.reverse import reverse

    job = job_of(tmp_path, EMPTY.values())
    gaiji.convert(job)
    done = reverse(job)
    assert done.data["findings"] == {}
    assert done.data["empty"]["written_as"] == "blanks"
    assert done.data["empty"]["fields"] == {"name": 2, "kana": 2, "zoned": 2, "packed": 2}
    back = (tmp_path / done.data["output"]["path"]).read_bytes()
    assert back[:13] == back[13:26] == bytes.fromhex(EMPTY["blanks"])


@pytest.mark.parametrize("policy", ["geta", "keep", "pua", "tag"])
@pytest.mark.parametrize("charset", ["windows-31j", "ibm-930", "unicode-be", "unicode-utf8", "eucjp-ms"])
@pytest.mark.parametrize("role", ["name", "address"])
def test_control_characters_in_names_never_come_out(tmp_path, charset, role, policy):
    letter = "A".encode({"ibm-930": "cp037", "unicode-be": "utf-16-be"}.get(charset, "ascii"))
    codes = [b.to_bytes(len(letter), "big") for b in (0, 1, 3, 0x1F, 0x07 if charset == "ibm-930" else 0x7F)]
    length = 3 * len(letter)
    (tmp_path / "in.dat").write_bytes(b"".join(letter + c + letter + letter * 2 + c for c in codes))
    (tmp_path / "job.toml").write_text(
        f'[source]\npath = "in.dat"\ncharset = "{charset}"\nformat = "fixed"\nrecord_length = {length}\n'
        f'[output]\npath = "out.csv"\n[policy]\nillegal = "{policy}"\n'
        f'[[field]]\nname = "a"\noffset = 0\nlength = {length}\nrole = "{role}"\n',
        "utf-8",
    )
    manifest = gaiji.convert(tmp_path / "job.toml")
    text = (tmp_path / "out.csv").read_text("utf-8")
    assert not [c for c in text if c != "\n" and (c < " " or "\x7f" <= c <= "\x9f")]
    assert manifest.data["fields"]["a"]["flagged"]["illegal"] == 2 * len(codes)
    assert gaiji.verify(tmp_path / "job.toml").holds

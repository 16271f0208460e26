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


@pytest.mark.parametrize("name", ["unicode-le", "unicode-be", "ibm-930"])
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
    out, where = tmp_path / "out.csv", tmp_path / "manifest.json"
    cut = out.read_text("utf-8").replace("1972/05/20", "1972/05/2").encode()
    out.write_bytes(cut)
    manifest = json.loads(where.read_text("utf-8"))
    manifest["output"] |= {"bytes": len(cut), "sha256": hashlib.sha256(cut).hexdigest()}
    where.write_text(json.dumps(manifest), "utf-8")
    done = gaiji.verify(job)
    assert not done.holds
    assert [(c["record"], c["field"]) for c in done.data["changed"]] == [(2, "a")]

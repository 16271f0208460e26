"""The way back: samples, every charset and format; converted again it gives the same text."""

from __future__ import annotations

import json
import shutil

import pytest
from click.testing import CliRunner
from test_encode import MARKS, NAMES, load, round_trip_rows

from gaiji.cli.commands import main
from gaiji.disk.datafiles import samples_dir
from gaiji.errors import GaijiError
from gaiji.proof.verify import verify
from gaiji.run.convert import convert
from gaiji.run.manifest import manifest_path
from gaiji.run.reverse import reverse


@pytest.fixture(scope="module")
def samples(tmp_path_factory):
    target = tmp_path_factory.mktemp("reverse") / "samples"
    shutil.copytree(samples_dir(), target, ignore=shutil.ignore_patterns("out", "__pycache__"))
    return target


@pytest.mark.parametrize("name", ["juki-jef", "koseki-keis", "juki-windows"])
def test_samples_come_back(samples, name):
    """As many bytes of each field come back as verify calls identical, and the text is the same again."""
    path = samples / f"{name}.toml"
    output = samples / convert(path).data["output"]["path"]
    before = output.read_bytes()
    done = reverse(path)
    back = output.parent / done.data["output"]["path"]
    convert(
        path, overrides={"source.path": str(back), "output.path": str(output.parent / "again" / output.name)}
    )
    assert done.data["records"] == verify(path).data["records"]["read"]
    if output.suffix != ".parquet":
        assert (output.parent / "again" / output.name).read_bytes() == before
    else:
        import polars as pl

        assert pl.read_parquet(output.parent / "again" / output.name).equals(pl.read_parquet(output))
    original = (samples / json.loads(manifest_path(output).read_text("utf-8"))["input"]["path"]).read_bytes()
    closed = 6 if name == "koseki-keis" else 0  # three shifts that the sample left open are closed
    assert len(back.read_bytes()) == len(original) + closed


def test_what_has_no_finding_comes_back_to_the_byte(samples):
    convert(samples / "juki-windows.toml")
    reverse(samples / "juki-windows.toml", samples / "back.csv")
    original, back = ((samples / n).read_bytes().splitlines() for n in ("juki-windows.csv", "back.csv"))
    differ = [i for i, (a, b) in enumerate(zip(original, back, strict=True)) if a != b]
    done = verify(samples / "juki-windows.toml")
    flagged = {r for f in done.data["flagged"] for r in f["records"]}
    assert flagged - set(differ) <= {
        r for f in done.data["flagged"] if f["reason"] == "already-lost" for r in f["records"]
    }
    assert 0 < len(differ) <= done.data["cells"]["flagged"]


def write_job(tmp_path, name, fields, source, output="out.csv", more=""):
    spec = (
        f'[source]\npath = "in.dat"\ncharset = "{name}"\n{source}\n[output]\npath = "out/{output}"\n{more}\n'
    )
    for field in fields:
        spec += "[[field]]\n" + "".join(f"{k} = {json.dumps(v)}\n" for k, v in field.items())
    (tmp_path / "job.toml").write_text(spec, "utf-8")
    return tmp_path / "job.toml"


@pytest.mark.parametrize(
    ("name", "format"),
    [  # one charset after the other: what is compiled of it serves both of its formats
        (name, format)
        for name in NAMES
        for format in ("fixed", "vb")
        if format == "fixed" or name in ("ibm-1399", "eucjp-ms", "unicode-le")
    ],
)
def test_every_charset_comes_back(tmp_path, name, format):
    """A dump in canonical form: converted and reversed it is the same to the byte."""
    charset = load(name)
    if charset.entries:
        texts = [
            u.text
            for rows in round_trip_rows(charset).values()
            for u in rows
            if u.text not in MARKS and u.text.strip()
        ]
    else:
        texts = [chr(cp) for cp in range(0x4E00, 0x5000)] + ["𠮷", "辻\U000e0102"]
    from gaiji.codes.encoding import encode_one

    length = {"koseki": 24, "touki": 32}.get(name, 40)  # numbers have no padding: four of them fill the field
    mode = charset.mode()
    codes = charset.codes(mode)
    rows = [encode_one(codes, mode, "".join(texts[i * 7 % len(texts) :][:4]), length)[0] for i in range(300)]
    fields = [
        {"name": "a", "offset": 0, "length": length},
        {"name": "b", "offset": length, "length": 8, "type": "zoned"},
    ]
    digits = [
        bytes((0x30 if charset.spec.pad_single == 0x20 else 0xF0) | int(d) for d in f"{i:08d}")
        for i in range(300)
    ]
    head = (length + 12).to_bytes(2, "big") + b"\0\0" if format == "vb" else b""
    data = b"".join(head + row + number for row, number in zip(rows, digits, strict=True))
    (tmp_path / "in.dat").write_bytes(data)
    job = write_job(tmp_path, name, fields, f'format = "{format}"\nrecord_length = {length + 8}\n')
    convert(job)
    done = reverse(job, tmp_path / "back.dat")
    assert done.exit_code == 0
    assert (tmp_path / "back.dat").read_bytes() == data


@pytest.mark.parametrize(
    ("output", "name"),
    [  # one charset after the other: what is compiled of it serves its three outputs
        (output, name)
        for name in ("windows-31j-jis90", "eucjp-ms", "unicode-utf8", "unicode-le", "unicode-be")
        for output in ("o.csv", "o.tsv", "o.parquet")
    ],
)
def test_delimited_files_come_back(tmp_path, name, output):
    charset = load(name)
    text = '氏名,住所\r\n"山田, ""太郎""","東京\r\n都"\r\n渡辺,\r\n'
    data = charset.encode(text)
    (tmp_path / "in.dat").write_bytes(data)
    job = write_job(tmp_path, name, [], 'format = "csv"', output)
    convert(job)
    reverse(job, tmp_path / "back.csv")
    assert (tmp_path / "back.csv").read_bytes() == data


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16-le"])
def test_lines_through_fixed_output(tmp_path, encoding):
    data = "山川    \r\n".encode("cp932").replace(b"    \r", b"") + "渡辺A\n".encode("cp932")
    (tmp_path / "in.dat").write_bytes(data)
    fields = [{"name": "a", "offset": 0, "length": 8}]
    job = write_job(tmp_path, "windows-31j", fields, 'format = "lines"', "o.dat", f'encoding = "{encoding}"')
    convert(job)
    reverse(job, tmp_path / "back.dat")
    assert (tmp_path / "back.dat").read_bytes() == data


def test_glyph_names_bring_back_what_the_text_has_lost(tmp_path):
    data = bytes.fromhex("C4D467A5 67A5C4D4 A4A267A5")
    (tmp_path / "in.dat").write_bytes(data)
    fields = [{"name": "a", "offset": 0, "length": 4, "type": "dbcs", "role": "name"}]
    source = 'format = "fixed"\nrecord_length = 4\n[target]\nform = "never"\nglyph_columns = true'
    job = write_job(tmp_path, "fujitsu-jef", fields, source)
    convert(job)
    reverse(job, tmp_path / "back.dat")
    assert (tmp_path / "back.dat").read_bytes() == data


def test_findings_name_record_field_and_character(tmp_path):
    (tmp_path / "in.dat").write_bytes(bytes.fromhex("28C4D42940 28C4D42940"))
    fields = [{"name": "a", "offset": 0, "length": 5, "role": "name"}]
    job = write_job(tmp_path, "fujitsu-jef-ebcdik", fields, 'format = "fixed"\nrecord_length = 5')
    convert(job)
    (tmp_path / "out" / "out.csv").write_text("a\n𪚥\n辻辻辻\n", "utf-8")
    shown = CliRunner().invoke(
        main, ["convert", "--reverse", "--output", str(tmp_path / "back.dat"), str(job)]
    )
    assert shown.exit_code == 3, shown.output
    assert (tmp_path / "back.dat").read_bytes() == bytes.fromhex("28A2AE2940 28C4D42940")
    assert (tmp_path / "back.dat.reverse-findings.tsv").read_text("utf-8").splitlines()[1:] == [
        "1\ta\t0\t2A6A5\tillegal",
        "2\ta\t1\t8FBB\toverflow",
    ]
    (tmp_path / "out" / "out.csv").write_text("a\nx,y\n", "utf-8")
    with pytest.raises(GaijiError, match="record 1"):
        reverse(job)
    (tmp_path / "out" / "out.csv").write_text("b\nx\n", "utf-8")
    with pytest.raises(GaijiError, match="columns"):
        reverse(job)

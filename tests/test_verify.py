"""The proof: samples hold, every flipped bit is found where it is, every class has its example."""

from __future__ import annotations

import json
import random
import shutil
from functools import lru_cache

import polars as pl
import pytest

import gaiji
from gaiji.disk.datafiles import samples_dir
from gaiji.errors import GaijiError
from gaiji.proof.verify import verify
from gaiji.run.convert import convert
from gaiji.run.manifest import manifest_path, verify_paths

JOBS = {
    "jef": ("juki-jef", "juki.csv"),
    "keis": ("koseki-keis", "koseki.csv"),
    "windows": ("juki-windows", "juki.parquet"),
}
NAMES = {
    "jef": ("氏名", "旧氏", "通称", "世帯主氏名"),
    "keis": ("筆頭者_氏", "筆頭者_名", "父氏名", "母氏名"),
    "windows": ("氏名", "旧氏", "通称", "世帯主氏名"),
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    target = tmp_path_factory.mktemp("verify") / "samples"
    shutil.copytree(samples_dir(), target, ignore=shutil.ignore_patterns("out", "__pycache__"))
    for job, _ in JOBS.values():
        convert(target / f"{job}.toml")
    return target


@pytest.mark.parametrize("name", JOBS)
def test_the_samples_hold(folder, name):
    done = verify(folder / f"{JOBS[name][0]}.toml")
    assert done.data["cells"]["changed"] == 0
    assert done.holds and done.exit_code == 3
    output = folder / "out" / JOBS[name][0] / JOBS[name][1]
    report = json.loads(verify_paths(output)[0].read_text("utf-8"))
    assert report == done.data
    page = verify_paths(output)[1].read_text("utf-8")
    assert "変化した文字はありません" in page
    manifest = json.loads(manifest_path(output).read_text("utf-8"))
    for sha in (
        manifest["input"]["sha256"],
        manifest["output"]["sha256"],
        *(t["sha256"] for t in manifest["tables"]),
    ):
        assert sha in page
    assert {n: f["flagged"] for n, f in manifest["fields"].items()} == {
        n: f["flagged"] for n, f in report["fields"].items() if "flagged" in f
    }


# -- flipped bits -------------------------------------------------------------------------------------


def place(cell, at):
    """(byte of the character's start, its number), a selector being its base's: the test's own count."""
    starts = [i for i in range(at + 1) if cell[i] & 0xC0 != 0x80 and cell[i : i + 2] != b"\xf3\xa0"]
    return starts[-1], len(starts) - 1


@lru_cache(maxsize=4)
def cells_of(path, names):
    """(record, field, begin, end) of each name cell that holds something, in a CSV without quotes."""
    data = path.read_bytes()
    assert b'"' not in data
    header, *lines = data.split(b"\n")
    columns = [i for i, name in enumerate(header.decode().split(",")) if name in names]
    at, found = len(header) + 1, []
    for record, line in enumerate(lines[:-1], 1):
        begin = at
        for i, cell in enumerate(line.split(b",")):
            if i in columns and cell:
                found.append((record, header.decode().split(",")[i], begin, begin + len(cell)))
            begin += len(cell) + 1
        at += len(line) + 1
    return found


def flip_lines(folder, name, count, seed):
    """Flip one bit in each of ``count`` records; what verify must find."""
    job, file = JOBS[name]
    path = folder / "out" / job / file
    rng, data = random.Random(seed), bytearray(path.read_bytes())
    by_record = {}
    for cell in cells_of(path, NAMES[name]):
        by_record.setdefault(cell[0], []).append(cell)
    meant = set()
    for number in rng.sample(sorted(by_record), count):
        record, field, begin, end = rng.choice(by_record[number])
        at = rng.randrange(begin, end)
        meant.add((record, field, place(bytes(data[begin:end]), at - begin)[1]))
        data[at] ^= 1 << rng.randrange(8)
    return path, bytes(data), meant


def found_by(folder, name, path, data):
    good = path.read_bytes()
    try:
        path.write_bytes(data)
        done = verify(folder / f"{JOBS[name][0]}.toml")
        assert done.exit_code == 1
        return {(c["record"], c["field"], c["position"]) for c in done.data["changed"]}
    finally:
        path.write_bytes(good)


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("name", ["jef", "keis"])
def test_every_flipped_bit_is_found_where_it_is(folder, name, seed):
    """16 runs of 80 flips, one a record: 1,280 flips, those that break a line in two among them."""
    path, data, meant = flip_lines(folder, name, 80, f"{name}-{seed}")
    assert found_by(folder, name, path, data) == meant


@pytest.mark.slow
@pytest.mark.soak(reason="1,000 proofs, one after the other")
@pytest.mark.parametrize("name", ["jef", "keis"])
def test_each_single_flip_alone_is_found_where_it_is(folder, name):
    """500 runs with one flipped bit each."""
    for seed in range(500):
        path, data, meant = flip_lines(folder, name, 1, f"alone-{name}-{seed}")
        assert found_by(folder, name, path, data) == meant, seed


def test_flipped_bits_in_parquet(folder):
    """Bits whose flip leaves valid UTF-8, as a Parquet file needs."""
    path = folder / "out" / "juki-windows" / "juki.parquet"
    frame, good, rng, meant = pl.read_parquet(path), path.read_bytes(), random.Random(5), set()
    columns = {name: frame[name].to_list() for name in NAMES["windows"]}
    while len(meant) < 200:
        row, field = rng.randrange(frame.height), rng.choice(NAMES["windows"])
        cell = columns[field][row].encode()
        if not cell or any(record == row + 1 for record, _, _ in meant):
            continue
        at = rng.randrange(len(cell))
        flipped = bytearray(cell)
        flipped[at] ^= 1 << rng.randrange(8)
        try:
            columns[field][row] = flipped.decode()
        except UnicodeDecodeError:
            continue
        meant.add((row + 1, field, place(cell, at)[1]))
    try:
        frame.with_columns(**{n: pl.Series(n, values) for n, values in columns.items()}).write_parquet(path)
        done = verify(folder / "juki-windows.toml")
    finally:
        path.write_bytes(good)
    assert {(c["record"], c["field"], c["position"]) for c in done.data["changed"]} == meant


def test_a_bit_anywhere_else_is_found_too(folder):
    """Numbers, addresses, delimiters, line ends, the header: nothing outside the names is spared."""
    path = folder / "out" / "juki-jef" / "juki.csv"
    good, rng, inside = path.read_bytes(), random.Random(3), 0
    try:
        for _ in range(12):
            at = rng.randrange(len(good))
            flipped = good[at] ^ 1 << rng.randrange(8)
            path.write_bytes(good[:at] + bytes([flipped]) + good[at + 1 :])
            done = verify(folder / "juki-jef.toml")
            assert not done.holds
            record = good.count(b"\n", 0, at)  # 0 is the header
            if record and not {good[at], flipped} & set(b'",\r\n'):
                assert done.data["cells"]["changed"] == 1 and done.data["records"]["missing"] == 0
                assert [c["record"] for c in done.data["changed"]] == [record]
                inside += 1
            elif record:  # the cells of a line are others now, or there is one line more or less
                assert done.data["cells"]["changed"] + done.data["records"]["missing"] > 0
        assert inside >= 6
    finally:
        path.write_bytes(good)


@pytest.mark.parametrize("spoil", ["drop", "double", "swap", "cut", "add"])
def test_lost_and_doubled_records_are_found(folder, spoil):
    path = folder / "out" / "juki-jef" / "juki.csv"
    good = path.read_bytes()
    lines = good.splitlines(keepends=True)
    wrong = {
        "drop": lines[:500] + lines[501:],
        "double": lines[:500] + lines[499:],
        "swap": [*lines[:500], lines[501], lines[500], *lines[502:]],
        "cut": [*lines[:1999], lines[1999][:40]],
        "add": [*lines, lines[-1]],
    }[spoil]
    try:
        path.write_bytes(b"".join(wrong))
        done = verify(folder / "juki-jef.toml")
        assert not done.holds and done.exit_code == 1
    finally:
        path.write_bytes(good)


# -- classes ------------------------------------------------------------------------------------------


def job(
    tmp_path,
    charset,
    data,
    *,
    length,
    output="out.csv",
    source="",
    more="",
    fields=(("name", "mixed", "name"),),
    site=(),
):
    """A fixed-length job, converted; each field ``length`` bytes."""
    (tmp_path / "in.dat").write_bytes(data)
    spec = [
        f'[source]\npath = "in.dat"\ncharset = "{charset}"\nformat = "fixed"\nrecord_length = {length * len(fields)}'
    ]
    if site:
        (tmp_path / "site.tsv").write_text(
            "code\tucs\tglyph\tflag\n" + "".join(f"{row}\n" for row in site), "utf-8"
        )
        spec.append('tables = ["site.tsv"]')
    spec.append(f'{source}\n[output]\npath = "out/{output}"\n{more}')
    for i, (name, kind, role) in enumerate(fields):
        spec.append(
            f'[[field]]\nname = "{name}"\noffset = {i * length}\nlength = {length}\ntype = "{kind}"\nrole = "{role}"'
        )
    (tmp_path / "job.toml").write_text("\n".join(spec), "utf-8")
    convert(tmp_path / "job.toml")
    return tmp_path / "job.toml"


def classes(path, **more):
    done = verify(path, **more)
    assert [c for c in done.data["checks"] if not c["holds"]] == []
    return {k: v for k, v in done.data["cells"].items() if v}, done


def test_forms_of_shift_and_padding(tmp_path):
    """Padding inside the shift, a shift of another point size, a shift over nothing, a shift twice."""
    rows = ["28C4D4 40404040 29", "38C4D429 40404040", "2829C140 40404040", "28C4D428C4D42940"]
    path = job(tmp_path, "fujitsu-jef-ebcdik", bytes.fromhex("".join(rows)), length=8)
    counts, done = classes(path)
    assert counts == {"form": 3, "flagged": 1}  # a shift that changes nothing is a finding
    assert done.data["form_examples"] == [{"field": "name", "records": [1, 2, 3]}]


def test_padding_inside_the_shift_hides_no_change(tmp_path):
    """Fields as hosts write them: padded inside the shift, blank ones too; then each bit of the names flipped."""
    rows = [
        "28C4D4C4D5404040402940",
        "28404040404040404029",
        "28C4D4404040402940404040",
        "40404040404040404040",
    ]
    data = b"".join(bytes.fromhex(row).ljust(12, b"\x40") for row in rows)
    path = job(tmp_path, "fujitsu-jef-ebcdik", data, length=12)
    counts, done = classes(path)
    assert counts == {"form": 3, "identical": 1}
    assert done.data["form_examples"] == [{"field": "name", "records": [1, 2, 3]}]
    out = tmp_path / "out" / "out.csv"
    good = out.read_bytes()
    for bit in range(0, 8 * good.index(b"\n", 6), 7):
        at = bit // 8
        if at >= 5 and good[at] != 10:
            out.write_bytes(good[:at] + bytes([good[at] ^ 1 << bit % 8]) + good[at + 1 :])
            assert [c["record"] for c in verify(path).data["changed"]] == [1]
    out.write_bytes(good.replace(b"\n\n", "\n辻\n".encode(), 1))
    assert [c["record"] for c in verify(path).data["changed"]] == [2]


def test_decode_only_rows_are_named(tmp_path):
    path = job(tmp_path, "windows-31j", bytes.fromhex("ED40 20 20 FA5C 2020 8790 81E0"), length=4)
    counts, done = classes(path)
    assert counts == {"identical": 1, "one-way": 2}
    assert [(o["code"], o["encodes_to"], o["decode_only"]) for o in done.data["one_way"]] == [
        ("8790", "81E0", True),
        ("ED40", "FA5C", True),
    ]
    assert all(o["row"].startswith("cp932") for o in done.data["one_way"])


def test_two_gaiji_for_one_glyph_are_one_way(tmp_path):
    path = job(
        tmp_path,
        "fujitsu-jef",
        bytes.fromhex("80A180A2"),
        length=2,
        fields=[("name", "dbcs", "name")],
        site=["80A1\t\tMJ026191\t0", "80A2\t\tMJ026191\t0"],
    )
    counts, done = classes(path)
    assert counts == {"identical": 1, "one-way": 1}
    assert done.data["one_way"][0] | {"records": 0} == {
        "field": "name",
        "code": "80A2",
        "count": 1,
        "row": "site.tsv:3",
        "decode_only": False,
        "glyph": "MJ026191",
        "encodes_to": "80A1",
        "records": 0,
    }


@pytest.mark.parametrize("policy", ["geta", "pua", "tag", "keep"])
def test_flagged_characters_stand_as_the_policy_says(tmp_path, policy):
    """An unmapped gaiji, an illegal code, half a character, a lost one; then anything else in their place."""
    more = "[policy]\n" + "".join(
        f'{r} = "{policy}"\n' for r in ("unmapped-gaiji", "illegal", "broken-shift", "already-lost")
    )
    data = bytes.fromhex(
        "28C4D480A1C4D429 2820A1C4D4294040 28C4D4C429404040 28A2FEC4D4294040".replace(" ", "")
    )
    path = job(tmp_path, "fujitsu-jef-ebcdik", data, length=8, more=more)
    counts, _ = classes(path)
    assert counts == {"flagged": 4}
    out = tmp_path / "out" / "out.csv"
    lines = out.read_text("utf-8").split("\n")
    for number in range(1, 5):
        spoilt = lines.copy()
        spoilt[number] = (
            "".join("邉" if c not in "辻\ue000{}" and not c.isascii() else c for c in spoilt[number])
            .replace("\ue000", "邉")
            .replace("{", "邉")
        )
        assert spoilt != lines
        out.write_text("\n".join(spoilt), "utf-8")
        assert verify(path).data["changed"][0]["record"] == number
    out.write_text("\n".join(lines), "utf-8")


def test_selectors_dropped_by_the_job_are_one_way(tmp_path):
    path = job(
        tmp_path,
        "fujitsu-jef",
        bytes.fromhex("C4D467A5"),
        length=2,
        fields=[("name", "dbcs", "name")],
        more='[target]\nform = "never"',
    )
    counts, done = classes(path)
    assert counts == {"identical": 1, "one-way": 1}
    assert len(done.data["one_way"]) == 1


def test_fixed_output_and_overflow(tmp_path):
    data = bytes.fromhex("C4D4C4D4C4D44040 C4D4404040404040 4040404040404040")
    fields = [("name", "dbcs", "name")]
    path = job(
        tmp_path, "fujitsu-jef", data, length=8, output="out.dat", fields=fields, more="widths = { name = 8 }"
    )
    counts, done = classes(path)
    assert counts == {"identical": 2, "flagged": 1}
    assert [(f["reason"], f["records"]) for f in done.data["flagged"]] == [("overflow", [1])]
    out = tmp_path / "out" / "out.dat"
    raw = out.read_bytes()
    out.write_bytes(raw.replace("辻辻".encode() + b"  ", "辻".encode() + b"     "))
    assert verify(path).data["changed"][0]["position"] == 1
    out.write_bytes(raw[:8] + b" " + raw[9:])
    assert verify(path).exit_code == 1


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_fixed_output_in_utf16(tmp_path, encoding):
    path = job(
        tmp_path,
        "fujitsu-jef",
        bytes.fromhex("67A567A5C4D44040"),
        length=4,
        output="out.dat",
        fields=[("name", "dbcs", "name")],
        more=f'encoding = "{encoding}"\nwidths = {{ name = 8 }}',
    )
    counts, _ = classes(path)
    assert counts == {"identical": 1, "flagged": 1}


def test_dropped_and_quarantined_records_are_counted(tmp_path):
    data = bytes.fromhex("C4D4 80A1 C4D4 67A5 C4")
    path = job(
        tmp_path,
        "fujitsu-jef",
        data,
        length=2,
        fields=[("name", "dbcs", "name")],
        source='on_bad_record = "quarantine"',
        more='[policy]\nunmapped-gaiji = "drop-record"',
    )
    counts, done = classes(path)
    assert counts == {"identical": 3}
    assert done.data["records"] == {
        "read": 5,
        "compared": 3,
        "dropped": 1,
        "quarantined": 1,
        "damaged": 0,
        "missing": 0,
    }
    (tmp_path / "out" / "out.csv.bad-records.bin").write_bytes(b"\xc5")
    assert not verify(path).holds


def test_carried_shifts(tmp_path):
    path = job(
        tmp_path,
        "fujitsu-jef-ebcdik",
        bytes.fromhex("C128C4D4 C4D42940"),
        length=4,
        fields=[("a", "mixed", "name"), ("b", "mixed", "name")],
        source='shift = "carry"',
    )
    assert (tmp_path / "out" / "out.csv").read_text("utf-8") == "a,b\nA辻,辻\n"
    counts, _ = classes(path)
    assert counts == {"form": 2}


def test_quoted_cells_and_numbers(tmp_path):
    rows = b"".join(
        b"\x5c\x6b\x7f\x40" + bytes([0xF0, 0xF0, 0xF1, sign]) for sign in (0xF2, 0xC2, 0xD2, 0x40)
    )
    path = job(
        tmp_path,
        "ibm-939",
        rows,
        length=4,
        fields=[("a", "sbcs", "other"), ("n", "zoned", "other")],
        more='newline = "crlf"',
    )
    counts, _ = classes(path)
    assert counts == {"identical": 6, "form": 1, "flagged": 1}
    out = tmp_path / "out" / "out.csv"
    raw = out.read_bytes()
    assert raw.startswith(b'a,n\r\n"*,""",0012\r\n')
    out.write_bytes(raw.replace(b",0012", b",12", 1))  # the same value, but not the same text
    assert [(c["record"], c["field"]) for c in verify(path).data["changed"]] == [(1, "n")]


@pytest.mark.parametrize("name", ["unicode-le", "unicode-be", "unicode-utf8"])
def test_unicode_sources(tmp_path, name):
    codec = {"unicode-le": "utf-16-le", "unicode-be": "utf-16-be", "unicode-utf8": "utf-8"}[name]
    text = "氏名\n渡\ue000\n渡\ue001\n◎\n𠮷田\n辻\U000e0102\n"
    (tmp_path / "in.csv").write_bytes(text.encode(codec))
    (tmp_path / "site.tsv").write_text("code\tucs\tglyph\tflag\nE000\t\tMJ026191\t0\n", "utf-8")
    (tmp_path / "job.toml").write_text(
        f'[source]\npath = "in.csv"\ncharset = "{name}"\nformat = "csv"\ntables = ["site.tsv"]\n[output]\npath = "out/o.tsv"\n',
        "utf-8",
    )
    convert(tmp_path / "job.toml")
    counts, _ = classes(tmp_path / "job.toml")
    assert counts == {"identical": 3, "flagged": 2}


# -- what cannot be proved ----------------------------------------------------------------------------


def test_other_tables_jobs_and_missing_outputs_are_refused(tmp_path):
    path = job(
        tmp_path,
        "fujitsu-jef",
        bytes.fromhex("80A1"),
        length=2,
        fields=[("name", "dbcs", "name")],
        site=["80A1\t\tMJ026191\t0"],
    )
    (tmp_path / "site.tsv").write_text("code\tucs\tglyph\tflag\n80A1\t\tMJ026192\t0\n", "utf-8")
    with pytest.raises(GaijiError, match="table"):
        verify(path)
    with pytest.raises(GaijiError, match="job file"):
        verify(path, overrides={"source.trim": "none"})
    (tmp_path / "out" / "out.csv.manifest.json").write_text("[]", "utf-8")
    with pytest.raises(GaijiError, match="no manifest"):
        verify(path)


def test_names_stand_in_the_report_only_when_asked(tmp_path):
    path = job(tmp_path, "fujitsu-jef", bytes.fromhex("C4D4"), length=2, fields=[("name", "dbcs", "name")])
    out = tmp_path / "out" / "out.csv"
    out.write_bytes(out.read_bytes().replace("辻".encode(), "逗".encode()))
    assert "expected" not in verify(path).data["changed"][0]
    shown = verify(path, names=True).data["changed"][0]
    assert (shown["code"], shown["expected"], shown["found"]) == ("C4D4", "8FBB E0103", "9017")
    assert gaiji.load_repertoire()["MJ025761"].text == "辻\U000e0103"


# -- arbitrary bytes ----------------------------------------------------------------------------------


def dump(charset, rng, size):
    """Codes of the charset, shifts, padding and noise."""
    units, shifts, out = list(charset.entries), [*charset.spec.shift_in, *charset.spec.shift_out], bytearray()
    while len(out) < size:
        kind = rng.random()
        if kind < 0.1 and shifts:
            out += rng.choice(shifts)
        elif kind < 0.2:
            out += rng.choice([charset.spec.pad_double, bytes([charset.spec.pad_single])])
        elif kind < 0.3 or not units:
            out += rng.randbytes(rng.randrange(1, 4))
        else:
            width, code = rng.choice(units)
            decimal = charset.spec.kind == "decimal" and width > 1
            out += f"{code:0{width}d}".encode() if decimal else code.to_bytes(width, "big")
    return bytes(out[:size])


@pytest.mark.parametrize(
    ("name", "form", "policy", "output", "trim", "shift"),
    [
        ("fujitsu-jef-ebcdik", "needed", "tag", "out.dat", "none", "reset"),
        ("hitachi-keis78-ebcdik", "always", "keep", "out.csv", "right", "carry"),
        ("ibm-1399", "never", "pua", "out.tsv", "none", "carry"),
        ("nec-jips-e-ebcdik", "needed", "geta", "out.parquet", "right", "reset"),
        ("windows-31j-jis90", "always", "tag", "out.dat", "right", "reset"),
        ("eucjp-ms", "needed", "keep", "out.csv", "none", "reset"),
        ("unicode-le", "needed", "tag", "out.dat", "none", "reset"),
        ("unicode-utf8", "needed", "geta", "out.tsv", "right", "reset"),
        ("juki", "needed", "geta", "out.csv", "right", "reset"),
        ("koseki", "always", "tag", "out.csv", "right", "reset"),
    ],
)
def test_whatever_the_bytes_nothing_is_called_changed(tmp_path, name, form, policy, output, trim, shift):
    data = dump(gaiji.load_charset(name), random.Random(name), 48 * 200)
    reasons = (
        "unmapped-gaiji",
        "unmapped-extension",
        "illegal",
        "broken-shift",
        "already-lost",
        "ambiguous",
        "no-unicode",
    )
    more = f'[target]\nform = "{form}"\n[policy]\n' + "".join(
        f'{reason} = "{policy}"\n' for reason in reasons
    )
    path = job(
        tmp_path,
        name,
        data,
        length=24,
        output=output,
        source=f'trim = "{trim}"\nshift = "{shift}"',
        more=more,
        fields=[("a", "mixed", "name"), ("b", "mixed", "other")],
    )
    counts, done = classes(path)
    assert done.holds and sum(counts.values()) == 400


@pytest.mark.parametrize(
    ("output", "encoding"), [("out.dat", "utf-8"), ("out.dat", "utf-16-le"), ("out.csv", "utf-8")]
)
def test_any_flipped_bit_of_an_output_is_a_report(tmp_path, output, encoding):
    """The line ends above all: a line that is not one record is told by the field in which it first differs."""
    data = b"".join(
        f"{name:4}"[:2].encode("cp932").ljust(5) + f"{n:5}".encode()
        for n, name in enumerate(("山", "田中", "鈴木"))
    )
    path = job(
        tmp_path,
        "windows-31j",
        data,
        length=5,
        output=output,
        more="" if encoding == "utf-8" else f'encoding = "{encoding}"\n',
        fields=[("a", "mixed", "name"), ("b", "mixed", "other")],
    )
    out = tmp_path / "out" / output
    whole = out.read_bytes()
    feeds = [at for at, byte in enumerate(whole) if byte in (10, 13)]
    draw = random.Random(output + encoding)
    for at in (*feeds, *draw.sample(range(len(whole)), 40)):
        damaged = bytearray(whole)
        damaged[at] ^= 1 << draw.randrange(8)
        out.write_bytes(damaged)
        done = verify(path)
        assert not done.holds
    out.write_bytes(whole)
    assert verify(path).holds


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16-le"])
def test_glyph_columns_have_room_or_a_finding(tmp_path, encoding):
    """By default every name has room; where the job gives less, a cut column is a finding and no change."""
    data = "渡辺山田太郎左衛門尉".encode("cp932") + "山".encode("cp932").ljust(20)
    more = f'encoding = "{encoding}"\n'
    names = ("windows-31j-jis90", data)
    path = job(tmp_path, *names, length=20, output="out.dat", more=more + "[target]\nglyph_columns = true\n")
    counts, done = classes(path)
    assert counts == {"identical": 4} and done.holds and done.exit_code == 0
    unit = 1 if encoding == "utf-8" else 2
    narrow = f'widths = {{ "name.glyphs" = {26 * unit} }}\n' + more + "[target]\nglyph_columns = true\n"
    path = job(tmp_path, *names, length=20, output="out.dat", more=narrow)
    told = convert(path)
    assert told.exit_code == 3 and told.data["flagged"]["overflow"]["records"] == 1
    counts, done = classes(path)
    assert counts == {"identical": 3, "flagged": 1} and done.holds
    out = tmp_path / "out" / "out.dat"
    raw = bytearray(out.read_bytes())
    at = raw.index("MJ".encode(encoding))
    raw[at + 3 * unit] ^= 1  # a digit of a name
    out.write_bytes(raw)
    assert not verify(path).holds
    dropping = narrow + '[policy]\noverflow = "drop-record"\n'
    path = job(tmp_path, *names, length=20, output="out.dat", more=dropping)
    done = verify(path)
    assert done.holds and done.data["records"]["compared"] == 1, done.data["records"]

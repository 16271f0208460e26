"""The 外字 that a town drew, in each form that systems give them: the same dots come out of all.

The files are made here from the published descriptions of their formats, not by what reads them.
"""

from __future__ import annotations

import gzip
import struct
import zlib
from random import Random

import pytest
from test_candidates import JEF, png

import gaiji
from gaiji.errors import PictureError
from gaiji.run.convert import convert
from gaiji.shape.drawn import ORDERS, Dots, parse_dots, read_pictures

CODES = (0x80A1, 0x80A2, 0x80FE, 0x81A1)


def drawing(width, height, seed):
    """Rows of 0 and 1; no row or column tells which way it is read."""
    random = Random(seed)
    rows = [[random.randint(0, 1) for _ in range(width)] for _ in range(height)]
    rows[0][0] = rows[-1][-1] = rows[0][-1] = rows[-1][0] = 1
    return rows


def packed(rows):
    """Rows of bits, each padded to bytes, the leftmost the highest."""
    out = b""
    for row in rows:
        bits = "".join(map(str, row))
        bits += "0" * (-len(bits) % 8)
        out += int(bits, 2).to_bytes(len(bits) // 8, "big")
    return out


def dots_of(picture):
    return [
        [int(ink > 127) for ink in picture.ink[at : at + picture.width]]
        for at in range(0, len(picture.ink), picture.width)
    ]


def pcf(drawings):
    """A Portable Compiled Format font: high byte and high bit first, rows padded to bytes."""
    kind = struct.pack("<i", 0x0C)
    codes = sorted(drawings)
    width, height = len(drawings[codes[0]][0]), len(drawings[codes[0]])
    one = struct.pack(">hhhhhH", 0, width, width, height, 0, 0)
    bitmaps = [packed(drawings[code]) for code in codes]
    starts = [sum(map(len, bitmaps[:n])) for n in range(len(bitmaps))]
    rows = sorted({code >> 8 for code in codes})
    cells = sorted({code & 255 for code in codes})
    grid = [
        codes.index(row << 8 | cell) if row << 8 | cell in drawings else 0xFFFF
        for row in range(rows[0], rows[-1] + 1)
        for cell in range(cells[0], cells[-1] + 1)
    ]
    tables = {
        1: kind + struct.pack(">i", 0) + struct.pack(">i", 0),
        2: kind + bytes(8) + struct.pack(">iii", height, 0, 0) + one + one,
        4: kind + struct.pack(">i", len(codes)) + one * len(codes),
        8: kind
        + struct.pack(f">i{len(codes)}i4i", len(codes), *starts, *[len(b"".join(bitmaps))] * 4)
        + b"".join(bitmaps),
        32: kind + struct.pack(f">5h{len(grid)}H", cells[0], cells[-1], rows[0], rows[-1], 0, *grid),
    }
    head, body, at = b"\x01fcp" + struct.pack("<i", len(tables)), b"", 8 + 16 * len(tables)
    for number, table in tables.items():
        table += bytes(-len(table) % 4)
        head += struct.pack("<iiii", number, 0x0C, len(table), at + len(body))
        body += table
    return head + body


def fontx(areas, drawings):
    """A FONTX2 of double bytes."""
    width, height = len(next(iter(drawings.values()))[0]), len(next(iter(drawings.values())))
    out = b"FONTX2" + b"TOWN    " + bytes([width, height, 1, len(areas)])
    out += b"".join(struct.pack("<HH", *area) for area in areas)
    blank = bytes((width + 7) // 8 * height)
    for first, last in areas:
        for code in range(first, last + 1):
            out += packed(drawings[code]) if code in drawings else blank
    return out


@pytest.mark.parametrize(("width", "height"), [(8, 8), (24, 24), (17, 30), (48, 48)])
def test_a_pcf(tmp_path, width, height):
    drawings = {code: drawing(width, height, code) for code in CODES}
    (tmp_path / "town.pcf").write_bytes(pcf(drawings))
    (tmp_path / "town.pcf.gz").write_bytes(gzip.compress(pcf(drawings)))
    for name in ("town.pcf", "town.pcf.gz"):
        found = read_pictures(tmp_path / name, JEF).pictures
        assert {int(code, 16): dots_of(one) for code, (one,) in found.items()} == drawings


@pytest.mark.parametrize(("width", "height"), [(16, 16), (24, 24), (13, 20)])
def test_a_fontx2_has_shift_jis_codes_whatever_the_dump_has(tmp_path, width, height):
    drawings = {code: drawing(width, height, code) for code in (0xF040, 0xF07E, 0xF080, 0xF140, 0x889F)}
    path = tmp_path / "town.fnt"
    path.write_bytes(
        fontx([(0x889F, 0x88A0), (0xF040, 0xF07E), (0xF080, 0xF0FC), (0xF140, 0xF140)], drawings)
    )
    own = {code: dots for code, dots in drawings.items() if code >= 0xF040}
    found = read_pictures(path, gaiji.load_charset("windows-31j")).pictures
    assert {int(code, 16): dots_of(one) for code, (one,) in found.items()} == own
    there = read_pictures(path, JEF).pictures  # the 1st, 63rd, 64th and 189th of the 外字 area
    assert {code: dots_of(one) for code, (one,) in there.items()} == {
        "80A1": own[0xF040],
        "80DF": own[0xF07E],
        "80E0": own[0xF080],
        "82A1": own[0xF140],
    }


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize(("width", "height"), [(24, 24), (12, 20)])
def test_raw_dots_in_every_order(tmp_path, order, width, height):
    drawn = [drawing(width, height, seed) for seed in range(3)]
    raw = b""
    for rows in drawn:
        lines = rows if order.startswith("rows") else [list(column) for column in zip(*rows, strict=True)]
        one = packed(lines)
        raw += bytes(int(f"{byte:08b}"[::-1], 2) for byte in one) if order.endswith("low") else one
    path = tmp_path / "town.bin"
    path.write_bytes(raw)
    assert parse_dots(f"{width}x{height} {order}") == Dots(width, height, order)
    found = read_pictures(path, JEF, dots=Dots(width, height, order)).pictures
    assert [dots_of(found[code][0]) for code in ("80A1", "80A2", "80A3")] == drawn


def test_a_folder_of_all_kinds_and_what_is_none_of_them(tmp_path):
    (tmp_path / "a.pcf").write_bytes(pcf({0x80A1: drawing(24, 24, 1), 0x80A2: drawing(24, 24, 2)}))
    (tmp_path / "b.fnt").write_bytes(fontx([(0xF042, 0xF042)], {0xF042: drawing(16, 16, 3)}))
    (tmp_path / "80A4.png").write_bytes(png())
    (tmp_path / "80A5.png").write_bytes(b"broken")
    (tmp_path / "stamp.png").write_bytes(png())
    (tmp_path / "notes.txt").write_text("drawn by hand", "utf-8")
    (tmp_path / "EUDC.EUF").write_bytes(b"Windows EUDC Editor Bitmap File (Uni-Code)" + bytes(200))
    (tmp_path / "scans").mkdir()
    found = read_pictures(tmp_path, JEF)
    assert sorted(found.pictures) == ["80A1", "80A2", "80A3", "80A4"]
    assert len(found.left) == 5
    for name in ("80A5.png", "stamp", "notes.txt", "EUDC.TTE", "scans"):
        assert sum(name in line for line in found.left) == 1


def test_a_job_says_what_of_a_folder_is_no_picture(tmp_path):
    (tmp_path / "pictures").mkdir()
    (tmp_path / "pictures" / "80A1.png").write_bytes(png(24))
    (tmp_path / "pictures" / "notes.txt").write_text("drawn by hand", "utf-8")
    (tmp_path / "in.dat").write_bytes(bytes.fromhex("80A1B0A1"))
    (tmp_path / "j.toml").write_text(
        '[source]\npath = "in.dat"\ncharset = "fujitsu-jef"\nformat = "fixed"\nrecord_length = 4\n'
        '[output]\npath = "out.csv"\n[review]\npictures = "pictures"\n'
        '[[field]]\nname = "n"\noffset = 0\nlength = 4\ntype = "dbcs"\nrole = "name"\n',
        "utf-8",
    )
    left = convert(tmp_path / "j.toml").data["review"]["pictures_left"]
    assert len(left) == 1 and "notes.txt" in left[0]


WHOLE = {
    "x.pcf": pcf({0x80A1: drawing(16, 16, 1)}),
    "x.fnt": fontx([(0xF040, 0xF041)], {0xF040: drawing(16, 16, 1)}),
    "EUDC.EUF": b"Windows EUDC Editor Bitmap File (Uni-Code)" + bytes(200),
}


@pytest.mark.parametrize("name", sorted(WHOLE))
def test_a_broken_file_is_one_line_or_fewer_pictures(tmp_path, name):
    """Cut anywhere, and with any byte changed."""
    random = Random(zlib.crc32(name.encode()))
    whole = WHOLE[name]
    for _ in range(120):
        data = bytearray(whole[: random.randrange(len(whole))] if random.random() < 0.5 else whole)
        if data:
            data[random.randrange(len(data))] ^= 1 << random.randrange(8)
        path = tmp_path / name
        path.write_bytes(data)
        try:
            read_pictures(path, JEF)
        except PictureError as error:
            assert "\n" not in str(error) and name in str(error)

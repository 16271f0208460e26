"""Makes the first corpus: a few inputs for each target, of made-up people, cut from the samples and written by hand.

    python tests/fuzz/seeds.py

What fuzzing finds is added beside them by hand, as small as it can be, with a name that says what it was.
"""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))

from targets import NAMES, put, queue  # noqa: E402

from gaiji.disk.datafiles import samples_dir  # noqa: E402

CASES = json.loads((HERE.parent / "bad-inputs/cases.json").read_text("utf-8"))


def bad_files(*suffixes: str) -> list[bytes]:
    """Files of the bad inputs, each once."""
    found = {}
    for case in CASES:
        for path, text in case["files"].items():
            if path.endswith(suffixes) and not text.startswith("base64:") and len(text) < 3000:
                found.setdefault(text, None)
    return [text.encode() for text in found]


def sheets() -> list[bytes]:
    """The queue's own sheet, empty and filled in."""
    from gaiji.review.sheets.exchange import export

    queue()
    out = []
    for number, name in enumerate(("s.csv", "s.xlsx")):
        path = put(name, b"")
        export(queue(), path, name.rpartition(".")[2])
        raw = path.read_bytes()
        out.append(bytes([number]) + raw)
        if name == "s.csv":
            filled = raw.decode("utf-8-sig").replace(",open,", ",MJ000001,")
            out.append(b"\0" + filled.encode("utf-8-sig"))
    return out


def pictures() -> list[bytes]:
    """A small picture in each format."""
    from PIL import Image

    out = [
        b"\0STARTFONT 2.1\nSTARTCHAR a\nENCODING 32929\nBBX 8 2 0 0\nBITMAP\nFF\n81\nENDCHAR\nENDFONT\n",
        b"\2" + b"\xff\x81" * 40,
    ]
    for number, kind in ((3, "PNG"), (4, "BMP"), (5, "GIF")):
        file = io.BytesIO()
        Image.new("1", (8, 8), 1).save(file, kind)
        out.append(bytes([number]) + file.getvalue())
    return out


def font() -> bytes:
    """The smallest font that the GJ import takes a look at."""
    from fontTools.fontBuilder import FontBuilder
    from fontTools.pens.ttGlyphPen import TTGlyphPen

    made = FontBuilder(1000, isTTF=True)
    names = [".notdef", "GJ000001"]
    made.setupGlyphOrder(names)
    made.setupCharacterMap({0xF0000: "GJ000001"})
    made.setupGlyf({name: TTGlyphPen(None).glyph() for name in names})
    made.setupHorizontalMetrics(dict.fromkeys(names, (500, 0)))
    made.setupHorizontalHeader(ascent=800, descent=-200)
    made.setupNameTable({"familyName": "x", "version": "Version 1.0"})
    made.setupOS2()
    made.setupPost()
    file = io.BytesIO()
    made.save(file)
    return file.getvalue()


def seeds() -> dict[str, list[bytes]]:
    """Target → inputs."""
    folder = samples_dir()
    jef, keis = (folder / "juki-jef.dat").read_bytes(), (folder / "koseki-keis.dat").read_bytes()
    windows = (folder / "juki-windows.csv").read_bytes()
    at = {name: number for number, name in enumerate(NAMES)}
    fields = bytes([1, 23, 1, 0, 0, 23, 0, 1, 0])
    head = {
        name: bytes([at[name]])
        for name in ("fujitsu-jef-ebcdik", "hitachi-keis83-ebcdik", "windows-31j", "ibm-1399", "koseki")
    }
    decode = [
        head["fujitsu-jef-ebcdik"] + fields + bytes(4) + jef[:800],
        head["hitachi-keis83-ebcdik"] + fields + bytes(4) + keis[:512],
        head["windows-31j"] + fields + bytes(4) + windows[:600],
        head["koseki"] + fields + bytes(4) + b"349920" * 8,
        head["ibm-1399"] + fields + bytes([1, *range(12), 1, 1, 1]) + b"\x0e\x45\x5a\x0f\x40" * 20,
    ]
    frames = [
        bytes([0, 20, 0, 0, 0, 1, 0, 0, 0, 30]),
        bytes([1, 0, 0, 0, 0, 1, 0, 0, 1, 30]),
        bytes([3, 0, 0, 0, 0, 1, 0, 0, 1, 60]),
    ]
    jobs = [bytes([n % 5, n % 4, n % 5, 1, n & 1, 0, n & 1, *([n % 5] * 12), 1, 0, 0, 1]) for n in range(10)]
    return {
        "decode": decode,
        "encode": [h + b"\0" + jef[:60] for h in head.values()] + [bytes([0, 0]) + "辻󠄂邉か゚𠮷ｱ".encode()],
        "framing": [
            frames[0] + jef[:400],
            frames[1] + b"\0\x08\0\0abcd\0\x06\0\0xy",
            frames[2] + windows[:400],
            frames[2] + b'a,"b""c"\r\n"x\ny",d\r\n',
        ],
        "job": [n + (jef[400:640] if n[1] % 4 != 3 else b'a,"b"\r\nc,d\r\n') for n in jobs],
        "layout": [b"\0" + raw for raw in bad_files("l.toml", "layout.toml")[:20]]
        + [b"\1" + raw for raw in bad_files(".cpy", ".cob", ".cbl")[:25]]
        + [
            b"\0" + (folder / "koseki-keis-layout.toml").read_bytes()
            if (folder / "koseki-keis-layout.toml").exists()
            else b"\0",
            b"\1" + (folder / "juki-jef.cpy").read_bytes(),
        ],
        "table": [b"\0" + raw for raw in bad_files(".tsv")[:30]]
        + [b"\0" + b"\n".join((folder / "site/sample-city-jef.tsv").read_bytes().splitlines()[:6])],
        "jobfile": [
            (folder / name).read_bytes()
            for name in ("juki-jef.toml", "koseki-keis.toml", "juki-windows.toml")
        ],
        "policy": [b"\1" + raw for raw in bad_files("p.toml", "policy.toml")[:10]]
        + [b"\0" + "渡邉󠄃高﨑辻".encode()],
        "key": ["渡邉󠄃 一郎".encode(), "ワタナベ ｲﾁﾛｳ".encode(), "[かな]*".encode()],
        "sheet": sheets(),
        "picture": pictures(),
        "gj": [b"\0" + font(), "\1図形番号,UCS\nGJ000001,F0000\n".encode()],
    }


def main() -> None:
    """Write them."""
    for target, inputs in seeds().items():
        place = HERE / "corpus" / target
        place.mkdir(parents=True, exist_ok=True)
        for number, raw in enumerate(inputs):
            (place / f"seed-{number:02d}").write_bytes(raw)
        print(f"{target:10} {len(inputs):3} seeds, {sum(map(len, inputs)):7,} bytes")


if __name__ == "__main__":
    main()

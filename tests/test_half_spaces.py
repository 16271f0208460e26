"""KEIS where 40 among double bytes is a half-width space: read, written back and proved, and what a lone 40 does
where nobody said so."""

from __future__ import annotations

import csv
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import gaiji
from gaiji.codes.spec import charset_names

NAMES = [name for name in charset_names() if name.startswith("hitachi") and name.count("-") == 2]
IN, OUT = b"\x0a\x42", b"\x0a\x41"
KANJI = {"山": "BBB3", "田": "C5C4", "太": "C2C0", "郎": "CFBA", "ア": "A5A2", "\u3000": "A1A1", "々": "A1B9"}
"""JIS X 0208 with the high bits set, which KEIS is."""


@cache
def half(name: str) -> gaiji.Charset:
    return gaiji.load_charset(name, options={"space": "two-half"})


def written(parts: list[str]) -> tuple[bytes, str]:
    """The bytes of a field, made by hand: kanji, and spaces that stay among them as 40 each; and its text."""
    raw, text = b"", "".join(parts)
    for part in parts:
        raw += b"\x40" * len(part) if part.isspace() and part != "\u3000" else bytes.fromhex(KANJI[part])
    return IN + raw + OUT if parts else b"", text


names = st.lists(st.sampled_from([*KANJI, " ", "  ", "   "]), max_size=9)


@settings(max_examples=150)
@given(names, st.sampled_from(NAMES))
def test_each_40_is_one_space_and_the_pairs_behind_it_stay_in_step(parts, name):
    charset = half(name)
    raw, text = written(parts)
    assert charset.decode_text(raw) == text
    assert charset.decode_text(raw[2:-2], type="dbcs") == text.rstrip() or not parts or text != text.rstrip()
    stream = charset.decoder()  # cut at every byte
    assert "".join(stream.feed(raw[i : i + 1], final=i == len(raw) - 1).text for i in range(len(raw))) == text
    out = charset.decode(raw)
    assert out.text == text and not out.findings and len(out.codes) == len(text)


@settings(max_examples=150)
@given(names, st.sampled_from(NAMES))
def test_what_comes_back_is_the_same_bytes(parts, name):
    """Spaces between kanji; at the end they are padding, which stands behind the shift."""
    charset = half(name)
    first = next((at for at, part in enumerate(parts) if not part.isspace() or part == "\u3000"), len(parts))
    last = len(parts) - next(
        (at for at, part in enumerate(parts[::-1]) if not part.isspace() or part == "\u3000"), 0
    )
    raw, text = written(parts[first:last])
    assert charset.encode(text) == raw
    assert charset.encode(text, type="dbcs") == raw[2:-2]


def test_nothing_else_is_changed_by_the_option():
    for name in NAMES:
        plain, other = gaiji.load_charset(name), half(name)
        differ = [
            key for key in plain.entries if plain.entries[key].row != other.entries.get(key, (None,))[0]
        ]
        assert sorted(differ) == [(2, 0x4040), (2, 0xA1A1)]
        assert plain.decode_text(bytes.fromhex("0A4240400A41")) == "\u3000"
        assert plain.encode("\u3000") == bytes.fromhex("0A4240400A41")
        assert other.encode("\u3000") == bytes.fromhex("0A42A1A10A41")


@pytest.mark.parametrize("name", ["hitachi-keis83-ebcdik", "fujitsu-jef-ebcdik", "ibm-939"])
def test_a_lone_40_is_a_finding_and_no_kanji_is_read_one_byte_off(name):
    charset = gaiji.load_charset(name)
    kanji = charset.encode("山田太郎")
    opened = next(shift for shift in charset.spec.shift_in if kanji.startswith(shift))
    at = len(opened) + 4
    raw = kanji[:at] + b"\x40" + kanji[at:]
    out = charset.decode(raw)
    assert out.text == "山田〓太郎" and [one.code for one in out.findings] == ["40"]
    stream = charset.decoder()
    fed = [stream.feed(raw[i : i + 1], final=i == len(raw) - 1).text for i in range(len(raw))]
    assert "".join(fed) == "山田〓太郎"


def job(folder, trim: str, width: int = 20, kind: str = "mixed"):
    (folder / "job.toml").write_text(
        f'[source]\npath = "in.dat"\ncharset = "hitachi-keis83-ebcdik"\nformat = "fixed"\nrecord_length = {width}\n'
        f'trim = "{trim}"\n[source.options]\nspace = "two-half"\n[output]\npath = "out.csv"\n'
        f'[[field]]\nname = "n"\noffset = 0\nlength = {width}\ntype = "{kind}"\nrole = "name"\n',
        "utf-8",
    )
    return folder / "job.toml"


@pytest.mark.parametrize("trim", ["right", "none"])
@pytest.mark.parametrize("kind", ["mixed", "dbcs"])
def test_a_dump_is_proved_and_comes_back(tmp_path, trim, kind):
    parts = [["山", "田", "  ", "太", "郎"], ["山", "\u3000", "太"], ["山", " ", "太", "郎"], [], ["々"]]
    rows = []
    for one in parts:
        raw, text = written(one)
        raw = raw[2:-2] if kind == "dbcs" else raw
        rows.append((raw.ljust(20, b"\x40"), text if trim == "right" else text + " " * (20 - len(raw))))
    (tmp_path / "in.dat").write_bytes(b"".join(raw for raw, _ in rows))
    path = job(tmp_path, trim, kind=kind)
    gaiji.convert(path)
    with (tmp_path / "out.csv").open(encoding="utf-8-sig", newline="") as file:
        assert [row[0] if row else "" for row in list(csv.reader(file))[1:]] == [text for _, text in rows]
    proof = gaiji.verify(path)
    assert proof.holds and proof.exit_code == 0
    from gaiji.run.reverse import reverse

    reverse(path, tmp_path / "back.dat")
    assert (tmp_path / "back.dat").read_bytes() == (tmp_path / "in.dat").read_bytes()
    changed = (tmp_path / "out.csv").read_text("utf-8-sig").replace("山田  太郎", "山田 太郎")
    (tmp_path / "out.csv").write_text(changed, "utf-8-sig")
    assert gaiji.verify(path).exit_code == 1

"""Marks that an earlier migration left in names: each is a finding, and what is right in a name is none."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from click.testing import CliRunner

import gaiji
from gaiji.cli import main
from gaiji.codes.program import LOST
from gaiji.errors import JobError

MAPPINGS = Path(__file__).parents[1] / "mappings"
LEFT = [
    "■",
    "�",
    "?",
    "？",
    "〓",
    "□",
    "・",
    "◎",
    "●",
    "¿",
    "＊",
    "〓〓",
    "&#57344;",
    "&#x9AD9;",
    "＆＃５７３４４；",
    "\\uE000",
    "\\x{E000}",
    "%uE000",
    "__",
    "＿",
    "…",
    "□󠄀",
    "[外字]",
    "（外字）",
    "【外字F040】",
    "＠",
    "▲",
    "△",
    "○",
    "×",
    "※",
    "{JEF:80A1}",
    "<U+E000>",
    "･",
    "＝",
    "*",
    "#",
    "▯",
]
RIGHT = [
    "山田太郎",
    "ジョン・スミス",
    "マリア＝ルイサ・ロペス",
    "Ｊ・スミス",
    "ｼﾞｮﾝ･ｽﾐｽ",
    "髙橋　花子",
    "山田〆太",
    "佐々木ヶ丘",
    "田中(旧姓佐藤)",
    "山田&花子",
    "O'Brien",
    "",
]
WRONG = ["・山田", "山田・太郎", "ジョン・太郎", "？", "山田？", "ジョン・"]


def names_of(charset: str, texts: list[str]) -> list[str]:
    """Those that a charset has."""
    known = gaiji.load_charset(charset)
    out = []
    for text in texts:
        try:
            known.encode(text)
        except gaiji.errors.GaijiError:
            continue
        out.append(text)
    return out


def made(folder: Path, charset: str, names: list[str], more: str = "") -> Path:
    """A job over records of fixed length, of an address (where marks are none) and a name."""
    known = gaiji.load_charset(charset)
    raws = [known.encode(name) for name in names]
    width = max(map(len, raws)) + 2
    width += width % 2
    blank = known.encode(" ")
    fill = [raw + blank * ((width - len(raw)) // len(blank)) for raw in raws]
    (folder / "in.dat").write_bytes(b"".join(raw + raw for raw in fill))
    job = folder / "job.toml"
    job.write_text(
        f'[source]\npath = "in.dat"\ncharset = "{charset}"\nformat = "fixed"\nrecord_length = {2 * width}\n'
        f'[output]\npath = "out/o.csv"\n{more}\n'
        f'[[field]]\nname = "address"\noffset = 0\nlength = {width}\nrole = "address"\n'
        f'[[field]]\nname = "name"\noffset = {width}\nlength = {width}\nrole = "name"\n',
        "utf-8",
    )
    return job


def written(folder: Path) -> list[str]:
    with (folder / "out/o.csv").open(encoding="utf-8", newline="") as file:
        return [row["name"] for row in csv.DictReader(file)]


DROP = '[policy]\nalready-lost = "drop-record"\nillegal = "drop-record"'
CHARSETS = [
    "unicode-utf8",
    "unicode-le",
    "windows-31j",
    "eucjp-ms",
    "fujitsu-jef-ebcdik",
    "ibm-939",
    "hitachi-keis83-ebcdik",
]


@pytest.mark.parametrize("charset", CHARSETS)
def test_every_mark_is_a_finding_and_what_is_right_is_none(tmp_path, charset):
    lost = names_of(charset, [*(f"山{mark}太郎" for mark in LEFT), *WRONG])
    right = names_of(charset, RIGHT)
    assert len(lost) > 15 and len(right) > 6
    job = made(
        tmp_path, charset, [name for pair in zip(lost, right * 9, strict=False) for name in pair] + lost, DROP
    )
    manifest = gaiji.convert(job)
    assert set(written(tmp_path)) <= set(right) and len(written(tmp_path)) == len(lost)
    assert manifest.exit_code == 3 and manifest.data["records"]["dropped"] == 2 * len(lost)
    assert set(manifest.data["flagged"]["already-lost"]["fields"]) == {"name"}
    assert gaiji.verify(job).holds


def test_the_text_stays_and_the_screen_says_so(tmp_path):
    names = ["山?太郎", "山・太郎", "山&#57344;太郎", "ジョン・スミス"]
    job = made(tmp_path, "windows-31j", names)
    done = CliRunner().invoke(main, ["convert", str(job)])
    assert done.exit_code == 3
    assert "already-lost: 3 in 3 records, 1 fields: name (3)" in done.output
    assert written(tmp_path) == names and gaiji.verify(job).holds


def test_a_town_may_add_marks_of_its_own(tmp_path):
    names = ["山※※太郎", "山囗太郎", "山(不明)太郎", "山田太郎", "(株)山田"]
    job = made(tmp_path, "windows-31j", names, '[review]\nlost = ["囗", "(不明)"]\n' + DROP)
    gaiji.convert(job)
    assert written(tmp_path) == ["山田太郎", "(株)山田"]
    for wrong in ('[""]', '[" "]', f'["{"x" * 41}"]', '["\\u0001"]'):
        with pytest.raises(JobError) as caught:
            gaiji.convert(made(tmp_path, "windows-31j", names, f"[review]\nlost = {wrong}"))
        assert caught.value.number == "E0570" and caught.value.key == "review.lost"


def test_what_a_policy_wrote_is_no_mark_and_hides_none(tmp_path):
    """The tag of a 外字 begins like a mark that an earlier run may have left."""
    tagged = '[policy]\nunmapped-gaiji = "tag"'
    job = made(tmp_path, "windows-31j", ["山太郎"], tagged)
    raw = (tmp_path / "in.dat").read_bytes().replace("太".encode("cp932"), b"\xf0\x40")
    (tmp_path / "in.dat").write_bytes(raw)
    assert set(gaiji.convert(job).data["flagged"]) == {"unmapped-gaiji"}
    job = made(tmp_path, "windows-31j", ["山太{JEF:80A1}"], tagged)
    raw = (tmp_path / "in.dat").read_bytes().replace("太".encode("cp932"), b"\xf0\x40")
    (tmp_path / "in.dat").write_bytes(raw)
    told = gaiji.convert(job).data["flagged"]
    assert told["already-lost"]["units"] == 1 and told["unmapped-gaiji"]["units"] == 2


def test_the_list_has_the_signs_of_the_kernel_first_and_each_row_says_why():
    with (MAPPINGS / "lost.tsv").open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream, delimiter="\t", quoting=csv.QUOTE_NONE))
    assert set(rows[0]["mark"]) == LOST
    assert all(row["note"] and row["sure"] in "01" and row["right"] in ("", "foreign") for row in rows)
    assert len({row["mark"] for row in rows}) == len(rows)

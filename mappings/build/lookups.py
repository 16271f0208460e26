"""Writes what a clerk looks a character up by into ``mappings/repertoire/``: 大漢和 numbers and surnames.

Owns the two files' form and the counts they must have. What a search does with them is in
``gaiji.review.evidence.search``.

    python mappings/build/lookups.py [--out DIRECTORY]

``daikanwa.tsv`` is the column 大漢和 of the MJ list (table mji of the pinned moji.db); ``surnames.tsv`` the
readings of surnames in the compiled IPADIC of the pinned package: entries of the kind
名詞,固有名詞,人名,姓 that are written with kanji.
"""

from __future__ import annotations

import argparse
import re
import sqlite3
import sys
from collections import defaultdict
from pathlib import Path

from repertoire import MJ_XLSX_SHA256, check_counts, publisher, write_toml, write_tsv
from sources import IPADIC, SourceError, moji_db, unpack

COUNTS = {"daikanwa": 49_500, "surnames": 9_163}
ENTRY = re.compile("名詞,固有名詞,人名,姓,\\*,\\*,([^,\0]+),([^,\0]+),".encode())
KANJI = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff\U00020000-\U0003ffff]")
KATAKANA = {code: code - 0x60 for code in range(ord("ァ"), ord("ヶ") + 1)}


def numbers(database: Path) -> list[dict[str, str]]:
    """Glyph name and its number in 大漢和辞典, as the list has it."""
    db = sqlite3.connect(f"{database.resolve().as_uri()}?mode=ro", uri=True)
    query = 'SELECT "MJ文字図形名", "大漢和" FROM mji WHERE "大漢和" IS NOT NULL ORDER BY 1'
    return [{"name": name, "number": str(number)} for name, number in db.execute(query)]


def surnames(dictionary: Path) -> list[dict[str, str]]:
    """Reading in hiragana, and the surnames of it that are written with kanji, joined by ``|``."""
    found: dict[str, set[str]] = defaultdict(set)
    for written, reading in ENTRY.findall(dictionary.read_bytes()):
        if KANJI.search(written.decode()):
            found[reading.decode().translate(KATAKANA)].add(written.decode())
    return [{"reading": reading, "surnames": "|".join(sorted(found[reading]))} for reading in sorted(found)]


def build(out: Path) -> None:
    """Write both lists and their .toml files into ``out``."""
    rows = {
        "daikanwa": numbers(moji_db()),
        "surnames": surnames(unpack(IPADIC) / "ipadic-1.0.0/ipadic/dicdir/sys.dic"),
    }
    check_counts("lookups", {name: len(found) for name, found in rows.items()}, COUNTS)
    digest = write_tsv(out / "daikanwa.tsv", ("name", "number"), rows["daikanwa"])
    source = publisher(
        "MJ文字情報一覧表", "006.02", MJ_XLSX_SHA256, "column 大漢和 of mji.00602.xlsx (table mji of moji.db)"
    )
    write_toml(out / "daikanwa.toml", "大漢和の番号", "006.02", len(rows["daikanwa"]), digest, source)
    digest = write_tsv(out / "surnames.tsv", ("reading", "surnames"), rows["surnames"])
    (out / "surnames.toml").write_text(
        f"""title = "姓の読み"
version = "{IPADIC.version}"
rows = {len(rows["surnames"])}
sha256 = "{digest}"

[[source]]
name = "{IPADIC.name}"
version = "{IPADIC.version}"
sha256 = "{IPADIC.sha256}"
licence = "{IPADIC.licence}"
what = "ipadic/dicdir/sys.dic: entries 名詞,固有名詞,人名,姓 written with kanji; readings in hiragana"
""",
        encoding="utf-8",
        newline="\n",
    )


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--out", type=Path, default=Path(__file__).parents[1] / "repertoire")
    try:
        build(parser.parse_args().out)
    except SourceError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()

"""Writes ``mappings/repertoire/``: the MJ list, 変体仮名 and the radicals, as text.

Owns the file format of the glyph lists and the counts they must have. Does not own what the lists
mean at run time (``gaiji/repertoire.py``) nor the packages (``mappings/build/sources.py``).

    python mappings/build/repertoire.py [MOJI_DB] [--out DIRECTORY]

MOJI_DB is ``dist/moji.db`` of the npm package ``@mandel59/mojidata`` 1.8.1. The same database gives
the same bytes. A database with other counts is refused: a new edition of the list is a new file.
"""

from __future__ import annotations

import argparse
import hashlib
import re
import sqlite3
import sys
from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path

from sources import MOJIDATA, SourceError, moji_db

MOJI_DB_SHA256 = "fb959e14abdd5b2fd6306513d1e7f477577f7555bc08d3b0ed081a7504526f3d"
# What the package's download.txt states for the publisher's own files.
MJ_XLSX_SHA256 = "f79075bf006b66c5e57a6df60503c5a01679cabbcea2f124eb3758593cf6fd3f"
MJIH_ZIP_SHA256 = "d4fbeb012d1519a5fd7256084587e7163fe4f89b1a9b789145cbbe1a548b9262"

# One row a glyph, sorted by name. docs/repertoire.md describes every column.
COLUMNS = (
    "name",
    "ucs",
    "default",
    "also",
    "unified",
    "koseki",
    "juki",
    "touki",
    "x0213",
    "x0213_class",
    "x0212",
    "strokes",
    "radicals",
    "readings",
    "note",
)

# The counts of MJ文字情報一覧表 Ver.006.02: a database that differs is another edition, or damaged.
MJ_COUNTS = {
    "rows": 58_862,
    "implemented": 52_607,
    "ivs": 11_382,
    "both": 5_146,
    "neither": 19,
    "koseki": 55_270,
    "juki": 19_563,
    "touki": 56_380,
    "x0213": 13_707,
    "compatibility": 89,
    "second ivs": 2,
}
HENTAIGANA_COUNTS = {"rows": 299, "encoded": 286}

Row = dict[str, str]


def code_points(text: str | None) -> str:
    """``"8FBB E0103"`` for a text of two characters, "" for none."""
    return " ".join(f"{ord(ch):04X}" for ch in text or "")


def grouped(db: sqlite3.Connection, query: str) -> dict[str, list[str]]:
    """The second column of a two-column query, listed by the first, in the order of the table."""
    groups: dict[str, list[str]] = defaultdict(list)
    for key, value in db.execute(query):
        groups[key].append(value)
    return groups


def mj_row(record: sqlite3.Row, second_ivs: Sequence[str]) -> Row:
    """The list's own row as one of ours, readings and radicals apart.

    Where the list implements a CJK compatibility ideograph and an IVS, the two have different
    bases. The IVS is the text and the row is no default: a compatibility ideograph turns silently
    into the unified one, another glyph, wherever software normalises (NFC). It stays in ``also``,
    with the standardised variation sequence, so that data holding it is still read.
    """
    plain, ivs = record["実装したUCS"], record["実装したMoji_JohoコレクションIVS"]
    text = ivs or plain or ""
    default = bool(plain) and text[0] == plain
    also = [plain, record["実装したSVS"]] if plain and not default else []
    unified = record["対応するUCS"] or ""
    return {
        "name": record["MJ文字図形名"],
        "ucs": code_points(text),
        "default": "1" if default else "0",
        "also": "|".join(code_points(t) for t in (*also, *second_ivs) if t),
        "unified": code_points(unified) if unified != text[:1] else "",
        "koseki": record["戸籍統一文字番号"] or "",
        "juki": record["住基ネット統一文字コード"] or "",
        "touki": record["登記統一文字番号"] or "",
        "x0213": record["X0213"] or "",
        "x0213_class": "" if record["X0213_包摂区分"] is None else str(record["X0213_包摂区分"]),
        "x0212": record["X0212"] or "",
        "strokes": str(record["総画数"]),
        "note": record["備考"] or "",
    }


def mj_rows(db: sqlite3.Connection) -> list[Row]:
    """All rows of MJ文字情報一覧表 (table ``mji`` and its side tables)."""
    name = '"MJ文字図形名"'
    readings = grouped(db, f'SELECT {name}, "読み" FROM mji_reading ORDER BY rowid')
    radicals = grouped(db, f"""SELECT {name}, "部首" || '.' || "内画数" FROM mji_rsindex ORDER BY rowid""")
    second = grouped(db, f'SELECT {name}, "重複実装したMoji_JohoコレクションIVS" FROM mji_duplicated_ivs')
    rows = []
    for record in db.execute(f"SELECT * FROM mji ORDER BY {name}"):
        row = mj_row(record, second.get(record[0], ()))
        row["readings"] = " ".join(readings.get(record[0], ()))
        row["radicals"] = " ".join(dict.fromkeys(radicals.get(record[0], ())))
        rows.append(row)
    return rows


def hentaigana_rows(db: sqlite3.Connection) -> list[Row]:
    """All rows of MJ文字情報一覧表 変体仮名編 (table ``mjih``): apart from, not inside, the main list."""
    sounds = grouped(db, 'SELECT "MJ文字図形名", "音価" FROM mjih_phonetic ORDER BY rowid')
    rows = []
    for record in db.execute('SELECT * FROM mjih ORDER BY "MJ文字図形名"'):
        note = [f"字母 {record['字母']}"] if record["字母"] else []
        note += [record["備考"]] if record["備考"] else []
        row = dict.fromkeys(COLUMNS, "")
        row |= {
            "name": record["MJ文字図形名"],
            "ucs": code_points(record["文字"]),
            "default": "1" if record["文字"] else "0",
            "koseki": record["戸籍統一文字番号"] or "",
            "readings": " ".join(sounds.get(record["MJ文字図形名"], ())),
            "note": "。".join(note),
        }
        rows.append(row)
    return rows


def radical_rows(db: sqlite3.Connection) -> list[Row]:
    """The 214 radicals, each with the characters that name it (氵 水 ⽔ …), the radical itself first.

    Unihan's kRSUnicode tells which of the characters that Unicode's EquivalentUnifiedIdeograph names
    is a radical with no further stroke (氵 85.0).
    """
    characters: dict[int, list[str]] = defaultdict(list)
    query = """SELECT radical_number, radical_CJKUI, radical_character FROM radicals
               ORDER BY radical_number, radical_simplified"""
    for number, ideograph, symbol in db.execute(query):
        characters[number] += [ch for ch in (ideograph, symbol) if ch]
    query = """SELECT DISTINCT value, UCS FROM unihan_each_kRSUnicode
               WHERE UCS IN (SELECT radical_CJKUI FROM radeqv) ORDER BY UCS"""
    for value, ideograph in db.execute(query):
        if match := re.fullmatch(r"(\d+)'*\.0", value):
            characters[int(match[1])].append(ideograph)
    # Unihan has 阝 under 170 alone; on the right side (⻏ CJK RADICAL CITY) it is 163.
    characters[163].append("阝")
    return [
        {"radical": str(number), "ucs": "|".join(code_points(ch) for ch in dict.fromkeys(forms))}
        for number, forms in sorted(characters.items())
    ]


def check_counts(what: str, found: dict[str, int], expected: dict[str, int]) -> None:
    """Stops the build when a count differs from the edition's."""
    wrong = [f"{key}: {found[key]} instead of {n}" for key, n in expected.items() if found[key] != n]
    if wrong:
        sys.exit(f"{what}: not the edition this script is for ({'; '.join(wrong)})")


def check_mj(db: sqlite3.Connection, rows: list[Row]) -> None:
    """Counts against the edition, from the list where ours cannot tell; texts and names unique."""
    both = """SELECT count(*) FROM mji
              WHERE "実装したUCS" IS NOT NULL AND "実装したMoji_JohoコレクションIVS" IS NOT NULL"""
    found = {key: sum(bool(row[key]) for row in rows) for key in ("koseki", "juki", "touki", "x0213")}
    found |= {
        "rows": len({row["name"] for row in rows}),
        "implemented": sum(row["default"] == "1" or bool(re.match(r"\w+\|", row["also"])) for row in rows),
        "ivs": sum(" " in row["ucs"] for row in rows),
        "both": db.execute(both).fetchone()[0],
        "neither": sum(not row["ucs"] for row in rows),
        "compatibility": sum("|" in row["also"] for row in rows),
        "second ivs": sum(bool(row["also"]) and "|" not in row["also"] for row in rows),
    }
    check_counts("MJ文字情報一覧表", found, MJ_COUNTS)
    texts = [text for row in rows for text in (row["ucs"], *row["also"].split("|")) if text]
    if len(texts) != len(set(texts)):
        sys.exit("MJ文字情報一覧表: one text stands for two glyphs")


def write_tsv(path: Path, columns: Iterable[str], rows: list[Row]) -> str:
    """Writes one list (UTF-8, LF) and returns its SHA-256."""
    columns = tuple(columns)
    lines = ["\t".join(columns)]
    for row in rows:
        values = [row[column] for column in columns]
        if any(re.search(r"[\t\r\n\"]", value) for value in values):
            sys.exit(f"{row[columns[0]]}: a value holds a tab, a line end or a quote")
        lines.append("\t".join(values))
    data = ("\n".join(lines) + "\n").encode("utf-8")
    path.write_bytes(data)
    return hashlib.sha256(data).hexdigest()


def write_toml(path: Path, title: str, version: str, rows: int, sha256: str, source: str) -> None:
    """Writes what the list is and where it comes from beside it."""
    path.write_text(
        f'title = "{title}"\nversion = "{version}"\nrows = {rows}\nsha256 = "{sha256}"\n{source}'
        f"""
[[source]]
name = "{MOJIDATA.name}"
version = "{MOJIDATA.version}"
sha256 = "{MOJIDATA.sha256}"
licence = "MIT (the package); the data in it keep their own licences"
what = "dist/moji.db, SHA-256 {MOJI_DB_SHA256}"
""",
        encoding="utf-8",
        newline="\n",
    )


def publisher(name: str, version: str, sha256: str, what: str) -> str:
    """The [[source]] of a list of 文字情報技術促進協議会 (IPA), which must stay under its licence."""
    return f"""
[[source]]
name = "{name}"
version = "{version}"
sha256 = "{sha256}"
licence = "CC BY-SA 2.1 JP, (c) 独立行政法人情報処理推進機構 (IPA)"
what = "{what}; columns selected and renamed, texts as code points; under the same licence here"
"""


def build(database: Path, out: Path) -> None:
    """Writes the three lists and their .toml files into ``out``."""
    digest = hashlib.sha256(database.read_bytes()).hexdigest()
    if digest != MOJI_DB_SHA256:
        sys.exit(f"{database}: SHA-256 {digest}, expected {MOJI_DB_SHA256} (mojidata 1.8.1)")
    db = sqlite3.connect(f"{database.resolve().as_uri()}?mode=ro", uri=True)
    db.row_factory = sqlite3.Row
    out.mkdir(parents=True, exist_ok=True)

    mj = mj_rows(db)
    check_mj(db, mj)
    digest = write_tsv(out / "mj-006.02.tsv", COLUMNS, mj)
    source = publisher("MJ文字情報一覧表", "006.02", MJ_XLSX_SHA256, "mji.00602.xlsx as table mji of moji.db")
    write_toml(out / "mj-006.02.toml", "MJ文字情報一覧表", "006.02", len(mj), digest, source)

    kana = hentaigana_rows(db)
    found = {"rows": len(kana), "encoded": sum(bool(row["ucs"]) for row in kana)}
    check_counts("変体仮名", found, HENTAIGANA_COUNTS)
    digest = write_tsv(out / "hentaigana-002.01.tsv", COLUMNS, kana)
    title = "MJ文字情報一覧表 変体仮名編"
    source = publisher(title, "002.01", MJIH_ZIP_SHA256, "MJIH00201-xlsx.zip as table mjih of moji.db")
    write_toml(out / "hentaigana-002.01.toml", title, "002.01", len(kana), digest, source)

    radicals = radical_rows(db)
    digest = write_tsv(out / "radicals.tsv", ("radical", "ucs"), radicals)
    source = """
[[source]]
name = "Unicode Character Database"
version = "17.0"
licence = "Unicode-3.0, (c) Unicode, Inc."
what = "CJKRadicals, EquivalentUnifiedIdeograph, kRSUnicode (tables radicals, radeqv, unihan_* of moji.db)"
"""
    write_toml(out / "radicals.toml", "康熙部首 1–214", "Unicode 17.0", len(radicals), digest, source)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("database", nargs="?", type=Path, help="moji.db (default: the pinned package)")
    parser.add_argument("--out", type=Path, default=Path(__file__).parents[1] / "repertoire")
    arguments = parser.parse_args()
    try:
        build(arguments.database or moji_db(), arguments.out)
    except SourceError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()

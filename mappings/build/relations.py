"""Writes what relates characters into ``mappings/repertoire/``: MJ縮退マップ, 異体字 lists, IDS, 常用漢字 and
人名用漢字.

Owns these four files' form and the counts they must have. What the relations mean at run time is in
``gaiji/relations.py``.

    python mappings/build/relations.py [MOJI_DB] [--out DIRECTORY]

MOJI_DB is ``dist/moji.db`` of the pinned npm package; the same database gives the same bytes.
"""

from __future__ import annotations

import argparse
import hashlib
import sqlite3
import sys
from pathlib import Path

from repertoire import (
    MJ_XLSX_SHA256,
    MOJI_DB_SHA256,
    check_counts,
    code_points,
    publisher,
    write_toml,
    write_tsv,
)
from sources import SourceError, moji_db

from gaiji.standard.published import RULES

SHRINK_ZIP_SHA256 = "f109f64aaf357d9d44b8eff39c1c633bc7e5b3f526efc812951732f4ca92014c"
VARIANT_TABLES = {
    "kdpv_koseki/variant": "koseki",
    "kdpv_joyo/variant": "joyo",
    "kdpv_jinmei1/variant": "jinmei",
    "kdpv_jinmei2/variant": "jinmei",
    "kdpv_hyogai/variant": "hyogai",
    "kdpv_jp/old-style": "old",
}
POLICIES = {"常用漢字": "joyo", "人名用漢字": "jinmei"}
COUNTS = {"shrink": 62_682, "variants": 20_296, "ids": 112_800, "kanji-lists": 2_994}


def shrink_rows(db: sqlite3.Connection) -> list[dict[str, str]]:
    """MJ縮退マップ: one row a link, by glyph, then in the order of ``RULES``."""
    order = {name: i for i, name in enumerate(RULES)}
    found = db.execute(
        'SELECT "MJ文字図形名", "縮退UCS", "縮退X0213", "表", "順位", "ホップ数" FROM mjsm'
    ).fetchall()
    found.sort(key=lambda r: (r[0], order[r[3]], r[4] or 0, r[5] or 0, r[1]))
    return [
        {
            "name": name,
            "ucs": code_points(ucs),
            "x0213": x0213,
            "table": RULES[table],
            "rank": str(rank or ""),
            "hops": str(hops or ""),
        }
        for name, ucs, x0213, table, rank, hops in found
    ]


def variant_rows(db: sqlite3.Connection) -> list[dict[str, str]]:
    """異体字: one row a pair, as the lists have them."""
    out = []
    for table, kind in VARIANT_TABLES.items():
        for subject, other in db.execute(f'SELECT subject, object FROM "{table}"'):
            out.append({"ucs": code_points(subject), "other": code_points(other), "kind": kind})
    return sorted(out, key=lambda r: (r["ucs"], r["other"], r["kind"]))


def ids_rows(db: sqlite3.Connection) -> list[dict[str, str]]:
    """IDS: one row a character and shape, with the sources (J Japan, G China …) that draw it so."""
    found = db.execute('SELECT "UCS", source, "IDS" FROM ids').fetchall()
    return [
        {"ucs": code_points(ucs), "sources": s, "ids": ids}
        for ucs, s, ids in sorted(found, key=lambda r: (ord(r[0][0]), r))
    ]


def list_rows(db: sqlite3.Connection) -> list[dict[str, str]]:
    """常用漢字 and 人名用漢字: one row a character and list, by the MJ list's 漢字施策."""
    query = 'SELECT DISTINCT "対応するUCS", "漢字施策" FROM mji WHERE "漢字施策" IS NOT NULL'
    return sorted(
        ({"ucs": code_points(ucs), "list": POLICIES[policy]} for ucs, policy in db.execute(query)),
        key=lambda r: (r["ucs"], r["list"]),
    )


def build(database: Path, out: Path) -> None:
    """Write the lists and their .toml files into ``out``."""
    digest = hashlib.sha256(database.read_bytes()).hexdigest()
    if digest != MOJI_DB_SHA256:
        sys.exit(f"{database}: SHA-256 {digest}, expected {MOJI_DB_SHA256} (mojidata 1.8.1)")
    db = sqlite3.connect(f"{database.resolve().as_uri()}?mode=ro", uri=True)
    shrink, variants, ids = shrink_rows(db), variant_rows(db), ids_rows(db)
    lists = list_rows(db)
    found = {"shrink": shrink, "variants": variants, "ids": ids, "kanji-lists": lists}
    check_counts("relations", {name: len(rows) for name, rows in found.items()}, COUNTS)
    digest = write_tsv(out / "shrink-1.2.0.tsv", ("name", "ucs", "x0213", "table", "rank", "hops"), shrink)
    source = publisher(
        "MJ縮退マップ", "1.2.0", SHRINK_ZIP_SHA256, "MJShrinkMapVer.1.2.0.zip as table mjsm of moji.db"
    )
    names = "".join(f'{short} = "{full}"\n' for full, short in RULES.items())
    write_toml(
        out / "shrink-1.2.0.toml",
        "MJ縮退マップ",
        "1.2.0",
        len(shrink),
        digest,
        f"\n[tables]\n{names}{source}",
    )
    digest = write_tsv(out / "variants.tsv", ("ucs", "other", "kind"), variants)
    source = """
[[source]]
name = "Kanji Database Project, 異体字データ"
version = "as in the package"
licence = "MIT, (c) 2014-2018 CJKVI Database"
what = "tables kdpv_* of moji.db: 戸籍統一文字, 常用漢字表, 人名用漢字, 表外漢字字体表, 旧字体"
"""
    write_toml(out / "variants.toml", "異体字", "mojidata 1.8.1", len(variants), digest, source)
    digest = write_tsv(out / "ids.tsv", ("ucs", "sources", "ids"), ids)
    source = """
[[source]]
name = "BabelStone IDS, Mojidata IDS"
version = "Unicode 17.0"
licence = "not copyrighted; MIT-0"
what = "table ids of moji.db"
"""
    write_toml(
        out / "ids.toml", "Ideographic Description Sequences", "Unicode 17.0", len(ids), digest, source
    )
    digest = write_tsv(out / "kanji-lists.tsv", ("ucs", "list"), lists)
    source = publisher(
        "MJ文字情報一覧表",
        "006.02",
        MJ_XLSX_SHA256,
        "column 漢字施策 of mji.00602.xlsx (table mji of moji.db)",
    )
    write_toml(out / "kanji-lists.toml", "常用漢字, 人名用漢字", "006.02", len(lists), digest, source)


def main() -> None:
    """Command line."""
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

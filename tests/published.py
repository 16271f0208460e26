"""The official lists in the forms in which they are published, made of the toolkit's own lists.

Owns the headings of mji.00602.xlsx and the members of MJShrinkMap.1.2.0.json, as their publisher has them; used by
tests/test_editions.py. Shares no code with ``gaiji.standard.published``.
"""

from __future__ import annotations

import csv
import io
import json
import re
import zipfile
from collections.abc import Callable, Iterable
from pathlib import Path

LISTS = Path(__file__).parents[1] / "mappings" / "repertoire"
HEADINGS = (  # noqa: SIM905
    "図形 font MJ文字図形名 対応するUCS 実装したUCS 実装したMoji_JohoコレクションIVS 実装したSVS 戸籍統一文字番号 "
    "住基ネット統一文字コード 入管正字コード 入管外字コード 漢字施策 対応する互換漢字 X0213 X0213_包摂連番 X0213_包摂区分 X0212 "
    "MJ文字図形バージョン 登記統一文字番号(参考) 部首1(参考) 内画数1(参考) 部首2(参考) 内画数2(参考) 部首3(参考) 内画数3(参考) "
    "部首4(参考) 内画数4(参考) 総画数(参考) 読み(参考) 大漢和 日本語漢字辞典 新大字典 大字源 大漢語林 更新履歴 備考"
).split()
HEADINGS = [heading.replace("_包", " 包") for heading in HEADINGS]
KINDS = {
    "jis-ucs": ("JIS包摂規準・UCS統合規則", {}),
    "moj582-1": ("法務省告示582号別表第四", {"表": "一"}),
    "moj582-2": ("法務省告示582号別表第四", {"表": "二"}),
    "koseki": ("法務省戸籍法関連通達・通知", {"種別": "戸籍統一文字情報 親字・正字"}),
    "min2842": (
        "法務省戸籍法関連通達・通知",
        {"種別": "民一2842号通達別表 誤字俗字・正字一覧表", "付記": "無印"},
    ),
    "min2842-zokuji": (
        "法務省戸籍法関連通達・通知",
        {"種別": "民一2842号通達別表 誤字俗字・正字一覧表", "付記": "俗字"},
    ),
    "min2842-betsuji": (
        "法務省戸籍法関連通達・通知",
        {"種別": "民一2842号通達別表 誤字俗字・正字一覧表", "付記": "別字"},
    ),
    "min5202": ("法務省戸籍法関連通達・通知", {"種別": "民二5202号通知別表 正字・俗字等対照表"}),
    "analogy": ("読み・字形による類推", {}),
    "dictionary": ("辞書類等による関連字", {}),
}
Row = dict[str, str]


def own_rows(name: str) -> list[Row]:
    """A list of the toolkit, as rows."""
    with (LISTS / name).open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream, delimiter="\t", quoting=csv.QUOTE_NONE))


def mj_rows(
    change: Callable[[Row], Iterable[Row]] | None = None, version: str = "006.03", most: int = 1 << 20
) -> list[list[str]]:
    """The rows of MJ文字情報一覧表 with its header; ``change`` gets each row as published, by heading, and gives
    what stands in its place; ``most``: only so many of the first glyphs."""
    rows = [list(HEADINGS)]
    for own in own_rows("mj-006.02.tsv")[:most]:
        row = _published(own)
        row["更新履歴"] = (
            "Ver.002.01 新規;Ver.006.02 更新" if own["name"] != "MJ000001" else f"Ver.{version} 更新"
        )
        for one in change(row) if change else (row,):
            rows.append([one.get(heading, "") for heading in HEADINGS])
    return rows


def _published(own: Row) -> Row:
    """One glyph as the list is published."""
    texts = [own["ucs"], *filter(None, own["also"].split("|"))]
    sequences = [text.replace(" ", "_") for text in texts if " " in text and not text.endswith(" FE00")]
    sequences = [one for one in sequences if not re.search("_FE0[0-9A-F]$", one)]
    svs = [text.replace(" ", "_") for text in texts if re.search(" FE0[0-9A-F]$", text)]
    plain = [text for text in texts if " " not in text and text]
    base = own["ucs"].partition(" ")[0]
    implemented = plain[0] if plain else base if own["default"] == "1" else ""
    matching = own["unified"] or base
    row = {
        "MJ文字図形名": own["name"],
        "対応するUCS": f"U+{matching}" if matching else "",
        "実装したUCS": f"U+{implemented}" if implemented else "",
        "実装したMoji_JohoコレクションIVS": ";".join(sequences),
        "実装したSVS": "".join(svs),
        "戸籍統一文字番号": own["koseki"],
        "住基ネット統一文字コード": own["juki"],
        "X0213": own["x0213"],
        "X0213 包摂区分": own["x0213_class"],
        "X0212": own["x0212"],
        "MJ文字図形バージョン": "1",
        "登記統一文字番号(参考)": own["touki"],
        "総画数(参考)": own["strokes"],
        "読み(参考)": "・".join(own["readings"].split()),
        "備考": own["note"],
    }
    for number, radical in enumerate(own["radicals"].split(), 1):
        row[f"部首{number}(参考)"], row[f"内画数{number}(参考)"] = radical.split(".")
    return row


def as_csv(rows: list[list[str]]) -> bytes:
    """The list as CSV in UTF-8."""
    out = io.StringIO(newline="")
    csv.writer(out).writerows(rows)
    return out.getvalue().encode()


def as_strict_xlsx(rows: list[list[str]], title: str = "一覧表") -> bytes:
    """The rows as a workbook in ISO/IEC 29500 strict, as the list is published: written by xlsxwriter with its
    namespaces replaced."""
    import xlsxwriter

    raw = io.BytesIO()
    with xlsxwriter.Workbook(raw, {"strings_to_numbers": False}) as book:
        sheet = book.add_worksheet(title)
        for number, row in enumerate(rows):
            sheet.write_row(number, 0, row)
    out = io.BytesIO()
    with zipfile.ZipFile(raw) as archive, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made:
        for info in archive.infolist():
            part = archive.read(info).decode()
            part = part.replace(
                "http://schemas.openxmlformats.org/spreadsheetml/2006/main",
                "http://purl.oclc.org/ooxml/spreadsheetml/main",
            ).replace(
                "http://schemas.openxmlformats.org/officeDocument/2006/",
                "http://purl.oclc.org/ooxml/officeDocument/",
            )
            made.writestr(info.filename, part)
    return out.getvalue()


def shrink_map(
    change: Callable[[list[dict[str, object]]], None] | None = None, version: str = "1.3.0"
) -> bytes:
    """MJ縮退マップ as JSON; ``change`` may alter its content."""
    items: dict[str, dict[str, object]] = {
        own["name"]: {"MJ文字図形名": own["name"]} for own in own_rows("mj-006.02.tsv")
    }
    for link in own_rows("shrink-1.2.0.tsv"):
        member, told = KINDS[link["table"]]
        more: dict[str, object] = dict(told)
        if link["rank"]:
            more["順位"] = f"第{link['rank']}順位"
        if link["hops"]:
            more["ホップ数"] = int(link["hops"])
        said = items[link["name"]].setdefault(member, [])
        assert isinstance(said, list)
        said.append(more | {"JIS X 0213": link["x0213"], "UCS": f"U+{link['ucs']}"})
    content = list(items.values())
    if change:
        change(content)
    meta = {"dct:title": "MJ縮退マップ", "dct:issued": "2018-01-26", "owl:versionInfo": version}
    return json.dumps({"meta": meta, "content": content}, ensure_ascii=False).encode()

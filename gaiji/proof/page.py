"""The one-page report of a verification, in Japanese, to be printed and signed.

Owns the page's text and look; every figure is ``verify.json``'s. Text from the data is escaped.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from gaiji.errors.messages import mark, tr

CLASS_NAMES = {
    "identical": mark("同一（1バイトも違わない）"),
    "form": mark("シフト・余白・符号の書き方だけが違う"),
    "one-way": mark("復号専用（別のコードと同じ文字になる）"),
    "flagged": mark("確認待ち・原本で欠落（指定の置換文字）"),
    "changed": mark("変化あり（許されない）"),
    "empty": mark("空欄（原本は全桁ゼロ値または空白）"),
}
REASONS = {
    "unmapped-gaiji": mark("外字（未同定）"),
    "unmapped-extension": mark("拡張文字（表になし）"),
    "illegal": mark("範囲外のコード"),
    "broken-shift": mark("シフト符号の不整合"),
    "already-lost": mark("原本で欠落"),
    "ambiguous": mark("候補が複数"),
    "no-unicode": mark("符号位置なし"),
    "not-in-standard": mark("MJ・GJにない漢字"),
    "overflow": mark("項目長超過"),
    "bad-number": mark("数値として読めない"),
    "bad-value": mark("出力項目の値にできない"),
    "shrink-none": mark("縮退先なし"),
    "shrink-many": mark("縮退先が複数"),
    "shrink-lookalike": mark("縮退先が類字・別字のみ"),
    "one-source": mark("出典が一つの文字"),
}
MADE = {
    "copy": mark("そのまま"),
    "constant": mark("固定値"),
    "join": mark("結合"),
    "split": mark("分割"),
    "date": mark("日付"),
    "codes": mark("コード変換"),
}
KIND_NAMES = {
    "not-split": mark("分割できない"),
    "no-date": mark("日付でない"),
    "not-in-table": mark("変換表にない"),
    "missing": mark("必須だが空"),
    "too-long": mark("長すぎる"),
}
OWNER_NAMES = {
    "descriptors": mark("レコード記述語"),
    "line-ends": mark("改行"),
    "byte-order-mark": mark("バイト順の印"),
    "end-mark": mark("ファイルの終わりの印"),
    "delimiters": mark("区切り"),
    "quotes": mark("引用符"),
    "header": mark("見出し"),
    "text": mark("文字の項目"),
    "numbers": mark("数値の項目"),
    "raw": mark("読まずに写した項目"),
    "padding": mark("項目の外の余白"),
    "filler": mark("FILLER"),
    "skipped": mark("対象外のレコード"),
    "quarantined": mark("隔離したレコード"),
    "uncovered": mark("どの項目にも属さないもの"),
}
PLACE_NAMES = {
    "uncovered": mark("どの項目にも属さないバイトがある"),
    "short-record": mark("最後の項目の前で終わる"),
}
GRADES = {
    "standard": "規格・変換表の発行元",
    "two": "独立した出典が二つ",
    "one": "出典が一つ",
    "inferred": "推定",
    "site": "団体の対応表",
}
STYLE = (
    "body{font-family:sans-serif;font-size:10pt;max-width:190mm;margin:8mm auto;color:#000}h1{font-size:15pt;margin:0}"  # noqa: E501
    "h2{font-size:11pt;margin:4mm 0 1mm}table{border-collapse:collapse;width:100%}td,th{border:1px solid #666;padding:1px 4px;"  # noqa: E501
    "text-align:left;font-weight:normal}th{background:#eee}td.n{text-align:right}.v{border:2px solid #000;padding:2mm;"  # noqa: E501
    "font-size:12pt;margin:2mm 0}code{font-size:8pt;word-break:break-all}.sign td{height:14mm;vertical-align:top}"  # noqa: E501
    "@page{size:A4;margin:8mm}@media print{body{font-size:7.5pt;margin:0;line-height:1.1}h1{font-size:12pt}"
    "h2{font-size:8.5pt;margin:1.2mm 0 .3mm}p{margin:.6mm 0}.v{font-size:10pt;margin:1mm 0;padding:1mm}td,th{padding:0 3px}"  # noqa: E501
    "code{font-size:6.5pt}.sign td{height:10mm}tr{break-inside:avoid}}"
)
SHOWN = 12


def page(data: Mapping[str, Any]) -> str:
    """The HTML page for the data of verify.json."""
    verdict = (
        tr("変化した文字はありません。件数・バイト数・ハッシュ値もすべて一致しました。")
        if data["holds"]
        else (
            tr(
                "不合格：変化 {changed:,} 項目、不一致の検査 {checks} 件。",
                changed=data["cells"]["changed"],
                checks=sum(not c["holds"] for c in data["checks"]),
            )
        )
    )
    parts = [
        (
            f"<h1>{tr('文字コード変換 検証報告書')}</h1><p>"
            + tr(
                "{site}　ジョブ：{path}　検証：{started}～{finished}",
                site=escape(data["site"]),
                path=escape(data["job"]["path"]),
                started=escape(data["started"]),
                finished=escape(data["finished"]),
            )
            + f"</p><div class=v>{verdict}</div>"
        ),
        _files(data),
        _records(data),
        _owners(data),
        _classes(data),
        _columns(data),
        _grades(data),
        _examples(data),
        _checks(data["checks"]),
        _versions(data),
        signatures(),
    ]
    head = (
        f"<!doctype html><html lang=ja><meta charset=utf-8><title>{tr('検証報告書')}</title><style>"
        f"{STYLE}</style>"
    )
    return f"{head}<body>{''.join(parts)}</body></html>\n"


def table(head: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """A table of HTML; numbers stand right, texts are escaped."""
    cells = "".join(f"<th>{escape(h)}</th>" for h in head)
    body = "".join(f"<tr>{''.join(_cell(v) for v in row)}</tr>" for row in rows)
    return f"<table><tr>{cells}</tr>{body}</table>"


def _cell(value: object) -> str:
    return f"<td class=n>{value:,}</td>" if isinstance(value, int) else f"<td>{escape(str(value))}</td>"


def _files(data: Mapping[str, Any]) -> str:
    files = [(tr("入力"), data["input"])]
    files += [(tr("出力"), one) for one in data.get("outputs") or [data["output"]]]
    rows = [
        f"<tr><td>{label}</td><td>{escape(one['path'])}</td><td class=n>{one['bytes']:,}</td>"
        f"<td><code>{one['sha256']}</code></td></tr>"
        for label, one in files
    ]
    tables = [
        (
            f"<tr><td>{tr('対応表')}</td><td>{escape(t['id'])} {escape(t['edition'])}</td><td></td><td>"
            f"<code>{t['sha256']}</code></td></tr>"
        )
        for t in data["tables"]
    ]
    head = f"<tr><th>{tr('種別')}</th><th>{tr('名前')}</th><th>{tr('バイト')}</th><th>SHA-256</th></tr>"
    return f"<h2>{tr('対象')}</h2><table>{head}{''.join(rows + tables)}</table>"


def _records(data: Mapping[str, Any]) -> str:
    r = data["records"]
    return f"<h2>{tr('件数')}</h2>" + table(
        (tr("読込"), tr("照合"), tr("除外（方針）"), tr("隔離"), tr("読めない出力"), tr("欠けた出力")),
        [(r["read"], r["compared"], r["dropped"], r["quarantined"], r["damaged"], r["missing"])],
    )


def _owners(data: Mapping[str, Any]) -> str:
    """Whose each byte of the input is, and what no field takes."""
    owners = data["bytes"]["owners"]
    rows = [(tr(OWNER_NAMES[owner]), size) for owner, size in owners.items()]
    rows.append((tr("合計"), sum(owners.values())))
    told = "".join(
        "<p><b>"
        + tr(
            "{what}：{records:,}件（最初はレコード{record}、{offset}バイト目）",
            what=tr(PLACE_NAMES[reason]),
            records=found["records"],
            record=found["first"]["record"],
            offset=found["first"]["offset"],
        )
        + "</b></p>"
        for reason, found in data["flagged_bytes"].items()
    )
    return f"<h2>{tr('入力のバイトの内訳')}</h2>" + table((tr("内訳"), tr("バイト")), rows) + told


def _classes(data: Mapping[str, Any]) -> str:
    rows = [(name, *field["cells"].values()) for name, field in data["fields"].items()]
    rows.append((tr("合計"), *data["cells"].values()))
    return f"<h2>{tr('項目ごとの結果')}</h2>" + table(
        (tr("項目"), *(tr(CLASS_NAMES[c]) for c in data["cells"])), rows
    )


def _columns(data: Mapping[str, Any]) -> str:
    """Columns that the output has in place of the fields: what each is made of and was found to be."""
    columns = data.get("columns", {})
    rows = []
    for name, column in columns.items():
        parts = " ".join(tr(MADE[part]) for part in column["made"].split())
        cells = column.get("cells")
        proved = (
            [cells[kind] for kind in ("identical", "flagged", "changed")]
            if cells
            else [tr("項目に同じ"), "", ""]
        )
        told = "、".join(f"{tr(KIND_NAMES[kind])} {count:,}" for kind, count in column["flagged"].items())
        rows.append((name, parts, "、".join(column["of"]), *proved, told))
    if not rows:
        return ""
    head = (
        tr("出力項目"),
        tr("作り方"),
        tr("元の項目"),
        tr("規則どおり"),
        tr("値にできない"),
        tr("変化あり"),
        tr("指摘"),
    )
    text = f"<h2>{tr('出力項目ごとの結果')}</h2>" + table(head, rows)
    left = "、".join(data.get("left_out", ()))
    return text + (f"<p><b>{tr('出力にない項目：{names}', names=escape(left))}</b></p>" if left else "")


def _grades(data: Mapping[str, Any]) -> str:
    """What the characters of names rest on, and how many people's names rest on one source."""
    found = dict(data.get("grades", {}))
    if not found:
        return ""
    people = found.pop("records")
    return (
        f"<h2>{tr('氏名の文字の根拠')}</h2>"
        + table([GRADES[grade] for grade in found], [list(found.values())])
        + (
            f"<p>{tr('出典が一つだけの文字を氏名に含む人：')}<b>{tr('{people:,}人', people=people)}</b>"
            f"{tr('（変換時の集計）。')}</p>"
        )
    )


def _examples(data: Mapping[str, Any]) -> str:
    out = []
    if data["changed"]:
        rows = [
            (c["record"], c["field"], c["position"] + 1, c["code"], c.get("expected", ""), c.get("found", ""))
            for c in data["changed"][:SHOWN]
        ]
        head = (
            tr("レコード"),
            tr("項目"),
            tr("文字目"),
            tr("元のコード"),
            tr("あるべき文字"),
            tr("出力の文字"),
        )
        out.append(f"<h2>{tr('変化した箇所')}</h2>" + table(head, rows) + _more(data["changed"]))
    if data["one_way"]:
        rows = [
            (o["code"], o["glyph"], o["encodes_to"], o["row"], o["field"], o["count"])
            for o in _top(data["one_way"])
        ]
        head = (tr("コード"), tr("文字"), tr("戻るコード"), tr("対応表の行"), tr("項目"), tr("回数"))
        out.append(f"<h2>{tr('復号専用の行')}</h2>" + table(head, rows) + _more(data["one_way"]))
    if data["flagged"]:
        waiting = [
            (f["code"], tr(REASONS[f["reason"]]), f["policy"], f["field"], f["count"])
            for f in _top(data["flagged"])
        ]
        out.append(
            f"<h2>{tr('確認待ち')}</h2>"
            + table((tr("コード"), tr("理由"), tr("置換方針"), tr("項目"), tr("回数")), waiting)
            + _more(data["flagged"])
        )
    return "".join(out)


def _top(rows: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    return sorted(rows, key=lambda row: -row["count"])[:SHOWN]


def _more(rows: Sequence[object]) -> str:
    return (
        f"<p>{tr('ほか {count:,} 行は verify.json にあります。', count=len(rows) - SHOWN)}</p>"
        if len(rows) > SHOWN
        else ""
    )


def _checks(checks: Sequence[Mapping[str, Any]]) -> str:
    wrong = [
        (c["check"], c["found"] if isinstance(c["found"], int) else str(c["found"]), str(c["expected"]))
        for c in checks
        if not c["holds"]
    ]
    text = f"<h2>{tr('保存則の再検査')}</h2><p>{tr('変換時の集計とは別に数え直しました。')}"
    text += (
        tr("{count} 項目中 {count2} 項目が一致。", count=len(checks), count2=len(checks) - len(wrong))
        + "</p>"
    )
    return text + (table((tr("検査"), tr("今回"), tr("変換時")), wrong) if wrong else "")


def _versions(data: Mapping[str, Any]) -> str:
    then = data["converted"]
    return (
        f"<h2>{tr('版')}</h2><p>"
        + tr(
            "変換 gaiji {version}（{finished}）、検証 gaiji {version2}（{kernel}）、文字集合 "
            "{repertoire}、入力コード {name}、異体字セレクタ {form}",
            version=escape(then["gaiji"]["version"]),
            finished=escape(then["finished"]),
            version2=escape(data["gaiji"]["version"]),
            kernel=data["gaiji"]["kernel"],
            repertoire=escape(data["repertoire"]),
            name=escape(data["charset"]["name"]),
            form=escape(data["form"]),
        )
        + "</p>"
    )


def signatures() -> str:
    """Where the people sign who answer for it."""
    people = (tr("作業者（署名・日付）"), tr("確認者（署名・日付）"), tr("責任者（署名・日付）"))
    cells = "".join(f"<td>{person}</td>" for person in people)
    return f"<h2>{tr('確認')}</h2><table class=sign><tr>{cells}</tr></table>"

"""The one-page report of a verification, in Japanese, to be printed and signed.

Owns the page's text and look; every figure is ``verify.json``'s. Text from the data is escaped.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

CLASS_NAMES = {
    "identical": "同一（1バイトも違わない）",
    "form": "シフト・余白・符号の書き方だけが違う",
    "one-way": "復号専用（別のコードと同じ文字になる）",
    "flagged": "確認待ち・原本で欠落（指定の置換文字）",
    "changed": "変化あり（許されない）",
}
REASONS = {
    "unmapped-gaiji": "外字（未同定）",
    "unmapped-extension": "拡張文字（表になし）",
    "illegal": "範囲外のコード",
    "broken-shift": "シフト符号の不整合",
    "already-lost": "原本で欠落",
    "ambiguous": "候補が複数",
    "no-unicode": "符号位置なし",
    "overflow": "項目長超過",
    "shrink-none": "縮退先なし",
    "shrink-many": "縮退先が複数",
    "shrink-lookalike": "縮退先が類字・別字のみ",
    "one-source": "出典が一つの文字",
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
    "@page{size:A4;margin:8mm}@media print{body{font-size:8pt;margin:0;line-height:1.15}h1{font-size:12pt}"
    "h2{font-size:9pt;margin:2mm 0 .5mm}p{margin:1mm 0}.v{font-size:10pt;margin:1mm 0;padding:1mm}td,th{padding:0 3px}"  # noqa: E501
    "code{font-size:6.5pt}.sign td{height:11mm}tr{break-inside:avoid}}"
)
SHOWN = 12
SIGNATURES = (
    "<h2>確認</h2><table class=sign><tr><td>作業者（署名・日付）</td><td>確認者（署名・日付）</td>"
    "<td>責任者（署名・日付）</td></tr></table>"
)


def page(data: Mapping[str, Any]) -> str:
    """The HTML page for the data of verify.json."""
    verdict = (
        "変化した文字はありません。件数・バイト数・ハッシュ値もすべて一致しました。"
        if data["holds"]
        else (
            f"不合格：変化 {data['cells']['changed']:,} 項目、不一致の検査 "
            f"{sum(not c['holds'] for c in data['checks'])} 件。"
        )
    )
    parts = [
        f"<h1>文字コード変換 検証報告書</h1><p>{escape(data['site'])}　ジョブ：{escape(data['job']['path'])}　"  # noqa: E501
        f"検証：{escape(data['started'])}～{escape(data['finished'])}</p><div class=v>{verdict}</div>",
        _files(data),
        _records(data),
        _classes(data),
        _grades(data),
        _examples(data),
        _checks(data["checks"]),
        _versions(data),
        SIGNATURES,
    ]
    head = f"<!doctype html><html lang=ja><meta charset=utf-8><title>検証報告書</title><style>{STYLE}</style>"
    return f"{head}<body>{''.join(parts)}</body></html>\n"


def _table(head: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    cells = "".join(f"<th>{escape(h)}</th>" for h in head)
    body = "".join(f"<tr>{''.join(_cell(v) for v in row)}</tr>" for row in rows)
    return f"<table><tr>{cells}</tr>{body}</table>"


def _cell(value: object) -> str:
    return f"<td class=n>{value:,}</td>" if isinstance(value, int) else f"<td>{escape(str(value))}</td>"


def _files(data: Mapping[str, Any]) -> str:
    rows = [
        f"<tr><td>{label}</td><td>{escape(data[key]['path'])}</td><td class=n>{data[key]['bytes']:,}</td>"
        f"<td><code>{data[key]['sha256']}</code></td></tr>"
        for label, key in (("入力", "input"), ("出力", "output"))
    ]
    tables = [
        (
            f"<tr><td>対応表</td><td>{escape(t['id'])} "
            f"{escape(t['edition'])}</td><td></td><td><code>{t['sha256']}</code></td></tr>"
        )
        for t in data["tables"]
    ]
    head = "<tr><th>種別</th><th>名前</th><th>バイト</th><th>SHA-256</th></tr>"
    return f"<h2>対象</h2><table>{head}{''.join(rows + tables)}</table>"


def _records(data: Mapping[str, Any]) -> str:
    r = data["records"]
    return "<h2>件数</h2>" + _table(
        ("読込", "照合", "除外（方針）", "隔離", "読めない出力", "欠けた出力"),
        [(r["read"], r["compared"], r["dropped"], r["quarantined"], r["damaged"], r["missing"])],
    )


def _classes(data: Mapping[str, Any]) -> str:
    rows = [(name, *field["cells"].values()) for name, field in data["fields"].items()]
    rows.append(("合計", *data["cells"].values()))
    return "<h2>項目ごとの結果</h2>" + _table(("項目", *(CLASS_NAMES[c] for c in data["cells"])), rows)


def _grades(data: Mapping[str, Any]) -> str:
    """What the characters of names rest on, and how many people's names rest on one source."""
    found = dict(data.get("grades", {}))
    if not found:
        return ""
    people = found.pop("records")
    return (
        "<h2>氏名の文字の根拠</h2>"
        + _table([GRADES[grade] for grade in found], [list(found.values())])
        + f"<p>出典が一つだけの文字を氏名に含む人：<b>{people:,}人</b>（変換時の集計）。</p>"
    )


def _examples(data: Mapping[str, Any]) -> str:
    out = []
    if data["changed"]:
        rows = [
            (c["record"], c["field"], c["position"] + 1, c["code"], c.get("expected", ""), c.get("found", ""))
            for c in data["changed"][:SHOWN]
        ]
        head = ("レコード", "項目", "文字目", "元のコード", "あるべき文字", "出力の文字")
        out.append("<h2>変化した箇所</h2>" + _table(head, rows) + _more(data["changed"]))
    if data["one_way"]:
        rows = [
            (o["code"], o["glyph"], o["encodes_to"], o["row"], o["field"], o["count"])
            for o in _top(data["one_way"])
        ]
        head = ("コード", "文字", "戻るコード", "対応表の行", "項目", "回数")
        out.append("<h2>復号専用の行</h2>" + _table(head, rows) + _more(data["one_way"]))
    if data["flagged"]:
        waiting = [
            (f["code"], REASONS[f["reason"]], f["policy"], f["field"], f["count"])
            for f in _top(data["flagged"])
        ]
        out.append(
            "<h2>確認待ち</h2>"
            + _table(("コード", "理由", "置換方針", "項目", "回数"), waiting)
            + _more(data["flagged"])
        )
    return "".join(out)


def _top(rows: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    return sorted(rows, key=lambda row: -row["count"])[:SHOWN]


def _more(rows: Sequence[object]) -> str:
    return f"<p>ほか {len(rows) - SHOWN:,} 行は verify.json にあります。</p>" if len(rows) > SHOWN else ""


def _checks(checks: Sequence[Mapping[str, Any]]) -> str:
    wrong = [
        (c["check"], c["found"] if isinstance(c["found"], int) else str(c["found"]), str(c["expected"]))
        for c in checks
        if not c["holds"]
    ]
    text = "<h2>保存則の再検査</h2><p>変換時の集計とは別に数え直しました。"
    text += f"{len(checks)} 項目中 {len(checks) - len(wrong)} 項目が一致。</p>"
    return text + (_table(("検査", "今回", "変換時"), wrong) if wrong else "")


def _versions(data: Mapping[str, Any]) -> str:
    then = data["converted"]
    return (
        f"<h2>版</h2><p>変換 gaiji {escape(then['gaiji']['version'])}（{escape(then['finished'])}）、"
        f"検証 gaiji {escape(data['gaiji']['version'])}（{data['gaiji']['kernel']}）、文字集合 {escape(data['repertoire'])}、"  # noqa: E501
        f"入力コード {escape(data['charset']['name'])}、異体字セレクタ {escape(data['form'])}</p>"
    )

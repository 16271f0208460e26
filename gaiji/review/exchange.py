"""Exports of the review queue for clerks.

Owns the columns of a 同定表 and the safety of what a spreadsheet opens. Reads the queue, decides nothing.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable
from io import StringIO
from pathlib import Path

from gaiji.review.queue import Item
from gaiji.sinks import BOM, AtomicFile

COLUMNS = (
    "旧コード体系", "旧コード", "理由", "使用件数", "使用項目", "用例", "候補",
    "同定先", "同定区分", "根拠", "判定者", "判定日", "備考",
)  # fmt: skip
REASONS = {
    "unmapped-gaiji": "外字（対応表なし）",
    "unmapped-extension": "拡張文字（対応表なし）",
    "illegal": "不正なコード",
    "broken-shift": "シフトまたは文字の欠け",
    "already-lost": "過去の移行で失われた文字",
    "ambiguous": "候補が複数",
    "no-unicode": "Unicodeにない文字",
    "overflow": "出力項目の桁あふれ",
    "shrink-none": "縮退先なし",
    "shrink-many": "縮退先が複数",
}


def export_csv(items: Iterable[Item], path: Path) -> int:
    """Write one row for each item as CSV with a BOM, as Excel reads it; returns the rows written."""
    text = StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    rows = 0
    for found in items:
        writer.writerow([safe_cell(cell) for cell in _row(found)])
        rows += 1
    file = AtomicFile(path)
    try:
        file.write(BOM + text.getvalue().encode("utf-8"))
        file.commit()
    finally:
        file.discard()
    return rows


def _row(found: Item) -> list[str]:
    fields = "、".join(f"{name}({count})" for (name, _), count in found.counts.items())
    samples = "／".join(f"{s.record_key}: {s.text}" if s.text else s.record_key for s in found.samples)
    return [
        found.system, found.code, REASONS.get(found.reason, found.reason), str(found.total), fields, samples,
        found.candidates.replace("|", "、"), "", "", "", "", "", "",
    ]  # fmt: skip


def safe_cell(cell: str) -> str:
    """A cell that a spreadsheet cannot take for a formula (OWASP, CSV injection)."""
    return "'" + cell if cell[:1] in ("=", "+", "-", "@", "\t", "\r") else cell

"""The Japanese words for the reasons, states and verdicts of the queue, as clerks read them.

Owns the words only; what a state means is in ``decisions``.
"""

from __future__ import annotations

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
    "one-source": "出典が一つの文字",
    "shrink-lookalike": "縮退先が類字・別字のみ",
}
STATES = {
    "open": "未判定",
    "proposed": "確認待ち",
    "confirmed": "確定",
    "deferred": "保留",
    "rejected": "対象外",
}
VERDICTS = {
    "near-certain": "字形がほぼ確実",
    "likely": "字形の候補あり",
    "not-in-repertoire": "MJ・GJにない可能性",
}

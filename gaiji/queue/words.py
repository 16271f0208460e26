"""The Japanese words for the reasons, states and verdicts of the queue, as clerks read them.

Owns the words only; what a state means is in ``decisions``.
"""

from __future__ import annotations

from gaiji.errors.messages import mark

REASONS = {
    "unmapped-gaiji": mark("外字（対応表なし）"),
    "unmapped-extension": mark("拡張文字（対応表なし）"),
    "illegal": mark("不正なコード"),
    "broken-shift": mark("シフトまたは文字の欠け"),
    "already-lost": mark("過去の移行で失われた文字"),
    "ambiguous": mark("候補が複数"),
    "no-unicode": mark("Unicodeにない文字"),
    "not-in-standard": mark("MJ・GJにない漢字"),
    "overflow": mark("出力項目の桁あふれ"),
    "bad-number": mark("数値として読めない"),
    "bad-value": mark("出力項目の値にできない"),
    "shrink-none": mark("縮退先なし"),
    "shrink-many": mark("縮退先が複数"),
    "one-source": mark("出典が一つの文字"),
    "shrink-lookalike": mark("縮退先が類字・別字のみ"),
}
STATES = {
    "open": mark("未判定"),
    "proposed": mark("確認待ち"),
    "confirmed": mark("確定"),
    "contested": mark("意見が分かれた"),
    "inquiry": mark("該当なし（追加要求・照会中）"),
    "deferred": mark("保留"),
    "rejected": mark("対象外"),
}
ACTS = {
    "decide": mark("判定"),
    "confirm": mark("確認"),
    "contest": mark("異なる判定"),
    "defer": mark("保留"),
    "reject": mark("対象外"),
    "reopen": mark("未判定に戻す"),
    "undo": mark("取り消し"),
    "comment": mark("コメント"),
    "answer": mark("箇所の回答"),
    "confirm-answer": mark("箇所の確認"),
    "places": mark("箇所の一覧"),
    "bond": mark("同一人の回答"),
    "confirm-bond": mark("同一人の確認"),
    "no-bond": mark("同一人の回答の取り消し"),
}
"""Acts of the log."""
VERDICTS = {
    "near-certain": mark("字形がほぼ確実"),
    "likely": mark("字形の候補あり"),
    "not-in-repertoire": mark("MJ・GJにない可能性"),
}

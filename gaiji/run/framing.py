"""How the keys of ``[source]`` become a framing: how records lie in the input.

Owns what the keys mean together with charset and layout, and their checks. Cuts nothing: ``gaiji.records``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gaiji.codes.charset import Charset
from gaiji.errors import JobError, nearest
from gaiji.layout.layout import Layout
from gaiji.messages import fault, tr
from gaiji.records.batch import Framing
from gaiji.records.forms import FORMS, form_of


def check_framing(source: Mapping[str, Any], path: str) -> None:
    """JobError for keys that name no form, or forms that cannot be together."""
    for key in ("rdw", "bdw"):
        if form_of(source[key]) is None:
            raise JobError(
                fault("E0446", "names no form of descriptors"),
                path=path,
                key=f"source.{key}",
                next=nearest(source[key], tuple(FORMS)),
            )
    if source["spanned"] and form_of(source["rdw"]).size == 2:  # type: ignore[union-attr]
        raise JobError(
            fault("E0447", "needs descriptors of four bytes: two have no room for the mark of a segment"),
            path=path,
            key="source.spanned",
            next=tr("correct rdw, or leave spanned out"),
        )


def framing_of(source: Mapping[str, Any], charset: Charset, layout: Layout | None) -> Framing:
    """How the input is cut into records; ``layout`` where there is one before a record has been read."""
    kind, length, longest = charset.kind, source["record_length"], 0
    if layout is not None and source["format"] == "vb":
        longest = max((field.offset + field.length for field in layout.fields), default=0)
        longest = longest if length else layout.record_length
    if not length and source["format"] == "fixed" and layout is not None:
        length = layout.record_length
    lead = bytearray(256)
    if kind.led:
        for area in charset.ranges:
            for byte in area.lead:
                lead[byte] = 1
    rdw, bdw = form_of(source["rdw"]), form_of(source["bdw"])
    assert rdw is not None and bdw is not None
    return Framing(
        source["format"],
        length,
        source["newline"],
        source["blocked"],
        source["delimiter"],
        source["quote"],
        source["header"],
        2 if kind.wide else 1,
        kind.wide and not kind.little,
        bytes(lead),
        rdw=rdw.name,
        bdw=bdw.name if source["bdw"] else "",
        spanned=source["spanned"],
        longest=longest,
    )

"""What a proof found of single codes: rows that only decode, and flagged ones.

Owns how the groups of ``totals`` are told: by field, code and the records of the first ones.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from gaiji.codes.code import JOINED
from gaiji.codes.tables import DECODE_ONLY
from gaiji.model import Reason
from gaiji.proof.prover import Prover
from gaiji.proof.totals import FLAGGED, ONE_WAY, Totals
from gaiji.standard.codepoints import unpack
from gaiji.standard.forms import texts_in


def one_way(prover: Prover, totals: Totals) -> list[dict[str, Any]]:
    """Codes whose text belongs to another code: the row, the table, and the code that it encodes to."""
    out = []
    for (number, what, code, size), (count, records) in sorted(totals.groups.items()):
        if what != ONE_WAY:
            continue
        charset = prover.charset_at(number)
        entry = charset.entry_of(code, size)
        row = entry.row if entry else None
        text = row.text if row else unpack(code) if size == JOINED else chr(code)
        out.append(
            {
                "field": prover.columns[number],
                "code": prover.code(number, code, size),
                "count": count,
                "row": f"{Path(entry.table.path).name}:{entry.row.line}" if entry else "",
                "decode_only": bool(row and row.flag == DECODE_ONLY),
                "glyph": row.glyph if row else "",
                "encodes_to": _encodes_to(prover, number, row.glyph if row else "", text),
                "records": records,
            }
        )
    return out


def _encodes_to(prover: Prover, number: int, glyph: str, text: str) -> str:
    """The code that the text of a one-way row becomes, "" when it has none."""
    spec, charset = prover.fields.fields[number], prover.charset_at(number)
    form = prover.fields.form
    written = texts_in(charset.repertoire, form).get(glyph, text) if glyph else text
    row = charset.encoding(prover.mode(spec), form).get(written)
    return prover.code(number, row.code, row.size) if row else ""


def flagged(prover: Prover, totals: Totals) -> list[dict[str, Any]]:
    """Codes that stand flagged in the output, by reason and the policy that says as what."""
    out = []
    for (number, what, code, size), (count, records) in sorted(totals.groups.items()):
        if what & 0xFF == FLAGGED and what != FLAGGED:
            reason = Reason(what >> 8)
            out.append(
                {
                    "field": prover.columns[number],
                    "code": prover.code(number, code, size),
                    "reason": reason.label,
                    "policy": prover.fields.policy[reason],
                    "count": count,
                    "records": records,
                }
            )
    return out

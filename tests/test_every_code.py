"""Every code of every charset through the kernel: the text is the table's, the glyph is the table's."""

from __future__ import annotations

import pytest

import gaiji
from gaiji.codes.spec import charset_names
from gaiji.model import Reason


@pytest.mark.parametrize("name", [n for n in charset_names() if not n.startswith("unicode")])
def test_every_code_decodes_to_its_row(name):
    charset = gaiji.load_charset(name, options={"dash": "source"})
    kind = charset.spec.kind
    sizes = sorted({size for size, _ in charset.entries})
    for size in sizes:
        units = [u for u in charset.units("needed") if u.size == size]
        shifts = {s[0] for s in (*charset.spec.shift_in, *charset.spec.shift_out) if len(s) == 1}
        type = {1: "sbcs", 2: "dbcs"}[size] if kind == "shifted" else ""
        if kind == "shifted" and size == 1:
            units = [u for u in units if u.code not in shifts]
        width = None if kind == "decimal" else size
        data = b"".join(
            str(u.code).zfill(u.size).encode() if width is None else u.code.to_bytes(size, "big")
            for u in units
        )
        out = charset.decode(data, type=type, role="other")
        kept = (None, Reason.AMBIGUOUS)
        assert out.text == "".join(u.text if u.reason in kept else "〓" for u in units)
        assert len(out.findings) == sum(u.reason is not None for u in units)
        assert out.glyphs == tuple(None if u.reason else charset.glyph_of(u.code, u.size) for u in units)

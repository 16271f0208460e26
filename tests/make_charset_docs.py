"""Writes the counts of rows into docs/charsets/*.md, between two marks; ``test_evidence`` holds them equal."""

from __future__ import annotations

from pathlib import Path

from gaiji.codes.evidence import counts_markdown

DOCS = Path(__file__).parents[1] / "docs" / "charsets"
BEGIN, END = "<!-- counts: gaiji charset count {} -->\n", "<!-- end of counts -->\n"
FAMILIES = ("euc", "fujitsu", "hitachi", "ibm", "nec", "official", "unisys", "windows")


def documents() -> dict[Path, str]:
    """Page → its text with the counts of today."""
    out = {}
    for family in FAMILIES:
        path = DOCS / f"{family}.md"
        begin = BEGIN.format(family)
        before, _, rest = path.read_text("utf-8").partition(begin)
        _, mark, after = rest.partition(END)
        assert mark, f"{path}: no marks for the counts"
        out[path] = before + begin + counts_markdown((f"{family}/",)) + END + after
    return out


if __name__ == "__main__":
    for path, text in documents().items():
        path.write_text(text, "utf-8")

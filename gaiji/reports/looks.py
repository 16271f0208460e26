"""The looks that reports share: a page for people and print, and bars that need no script.

Owns the style sheet and how a page is put together; what stands on one is each report's.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

STYLE = (
    "body{font-family:'IPAmjMincho','IPAmj明朝','Yu Mincho',serif;margin:1.5em}table{border-collapse:collapse;font-size:10.5pt}"  # noqa: E501
    "th,td{border:1px solid #888;padding:.25em .5em;vertical-align:middle}th{background:#e7e6e6}tr{break-inside:avoid}"  # noqa: E501
    "svg{display:block}@page{size:A4 landscape;margin:10mm}"
)


def bars(values: Sequence[tuple[str, float]], *, share: bool = False, side: int = 400) -> str:
    """A bar chart that needs no script; with ``share`` the bars are of 100 %."""
    most = 1.0 if share else max([1.0, *(value for _, value in values)])
    lines = []
    for number, (title, value) in enumerate(values):
        y, label = 22 * number, f"{value:.4%}" if share else f"{value:,}"
        lines.append(
            f'<text x="0" y="{y + 15}">{escape(title)}</text>'
            f'<rect x="190" y="{y + 3}" width="{side * value / most:.1f}" height="15" fill="#4472c4"/>'
            f'<text x="{196 + side * value / most:.1f}" y="{y + 15}">{label}</text>'
        )
    size = f'width="{side + 290}" height="{22 * len(values) + 6}"'
    return f'<svg {size} font-size="13" role="img">{"".join(lines)}</svg>'


def html_page(title: str, body: str, styles: str = STYLE, *, heading: bool = True) -> bytes:
    """A page that loads nothing from outside. ``title`` is text for HTML."""
    head = f"<h1>{title}</h1>" if heading else ""
    return (
        f'<!doctype html>\n<html lang="ja"><head><meta charset="utf-8"><title>{title}</title>'
        f"<style>{styles}</style></head>\n"
        f"<body>{head}{body}</body></html>\n"
    ).encode()

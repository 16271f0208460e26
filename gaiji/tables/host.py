"""The host's own pictures beside the glyphs that a charset's tables give its codes.

Owns when a picture looks like the glyph of its row, and the page and CSV of those that do not. Measuring is
``gaiji.shape``'s, reading pictures ``gaiji.shape.drawn``'s; nothing is decided here: the CSV is a code
chart, in which a person ticks what differs.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import NamedTuple

from gaiji.codes.charset import Charset, load_charset
from gaiji.codes.code import read_code
from gaiji.disk.apart import Place, keep_apart
from gaiji.errors import ShapeError, UsageError
from gaiji.errors.messages import mark, tr
from gaiji.model import Picture
from gaiji.run.places import charset_places, picture_places
from gaiji.shape import Answer, Index, as_ink, load_index
from gaiji.shape.drawn import parse_dots, read_pictures
from gaiji.shape.find import IndexBar
from gaiji.shape.pictures import Gallery, open_gallery
from gaiji.tables.chart import cell_of, chart_csv, check_codes, write_together
from gaiji.tables.chart_page import Cell, image, whole
from gaiji.tables.importing import refuse_existing

CLOSE = 0.2
"""Share of the best glyph's score from which the row's own glyph may be what the picture shows."""
SIDE, CANDIDATES, SHOWN = 64, 16, 4
ALIKE, UNCLEAR, UNLIKE, SEVERAL, NO_ROW, SIGN, NO_GLYPH, UNREADABLE = (
    "alike", "unclear", "unlike", "several", "no-row", "sign", "no-glyph", "unreadable",
)  # fmt: skip
WORDS = {
    ALIKE: mark("一致"),
    UNCLEAR: mark("はっきりしない"),
    UNLIKE: mark("不一致"),
    SEVERAL: mark("候補が複数"),
    NO_ROW: mark("対応なし"),
    SIGN: mark("字形名のない文字（比べない）"),
    NO_GLYPH: mark("フォントに字形がない（比べない）"),
    UNREADABLE: mark("絵を読めない"),
}
LISTED = (UNLIKE, UNCLEAR, SEVERAL, NO_ROW, NO_GLYPH, UNREADABLE)
"""What the page and the CSV show, in this order."""
JUDGED, NEAREST = "判定", "似た字形"
STYLE = (
    "td,th{padding:1mm 2mm;vertical-align:middle;font:9pt sans-serif;text-align:left}"
    f"img{{width:{SIDE}px;height:{SIDE}px}}td span{{display:inline-block;font-size:6pt;margin-right:2mm}}"
)


class Seen(NamedTuple):
    """One code of the host: its row, its picture, how they compare, and the glyphs nearest to the picture."""

    cell: Cell
    picture: Picture
    state: str
    nearest: tuple[tuple[str, float], ...]
    why: str = ""


@dataclass(frozen=True)
class Comparison:
    """What was found: codes by state (``WORDS``), mapped codes without a picture, files that could not be
    read, what was written, and why the page shows no glyphs of ours ("": it does)."""

    counts: Mapping[str, int]
    without: int
    left: tuple[str, ...]
    paths: tuple[Path, ...]
    missing: str

    @property
    def listed(self) -> int:
        """Codes that somebody has to look at."""
        return sum(self.counts.get(state, 0) for state in LISTED)


def compare_pictures(
    charset: str,
    pictures: str | Path,
    output: str | Path,
    *,
    tables: Sequence[str | Path] = (),
    fonts: Sequence[str | Path] = (),
    dots: str = "",
    options: Mapping[str, str] | None = None,
) -> Comparison:
    """Compare the host's pictures (``read_pictures``) with the glyphs of their codes' rows.

    Writes ``OUTPUT.html`` (the host's picture, ours, the nearest glyphs) and ``OUTPUT.csv`` (a chart to
    tick, with two more columns) of the codes that do not plainly look alike. ``dots``: the size of a raw
    matrix; ``options``: the charset's. PictureError for pictures that cannot be read, ShapeError without
    a font of MJ glyphs, UsageError for a charset whose codes are no bytes and for files that are there.
    """
    loaded = load_charset(charset, list(tables), options=options)
    check_codes(loaded)
    base = Path(output)
    paths = tuple(base.with_name(f"{base.name}{suffix}") for suffix in (".html", ".csv"))
    reads = [*(Place("site table", Path(t)) for t in tables), *(Place("font", Path(f)) for f in fonts)]
    reads += [*picture_places(pictures), *charset_places(charset)]
    keep_apart([Place("comparison", path) for path in paths], reads)
    for path in paths:
        refuse_existing(path)
    drawn = read_pictures(pictures, loaded, dots=parse_dots(dots), host=True)
    index = load_index([Path(font) for font in fonts] or None, progress=IndexBar())
    seen = _seen(loaded, index, drawn.pictures)
    listed = sorted((one for one in seen if one.state in LISTED), key=lambda one: LISTED.index(one.state))
    counts = Counter(one.state for one in seen)
    without = sum(1 for key, e in loaded.entries.items() if key[0] > 1 and e.row.names) - sum(
        bool(one.cell.drawn) for one in seen
    )
    gallery = open_gallery(fonts)
    told = [(tr(WORDS[one.state]), " ".join(f"{n}:{s:.2f}" for n, s in one.nearest)) for one in listed]
    sheet = chart_csv([one.cell for one in listed], (JUDGED, NEAREST), told)
    write_together(paths, (_page(loaded, listed, counts, gallery), sheet))
    return Comparison(dict(counts), without, drawn.left, paths, gallery.missing)


def _seen(charset: Charset, index: Index, pictures: Mapping[str, Sequence[Picture]]) -> list[Seen]:
    """Every code that has a picture, with how it compares, in the order of the codes."""
    out: dict[str, Seen] = {}
    ask: list[tuple[str, Cell, Picture]] = []
    for written, some in sorted(pictures.items(), key=lambda one: (len(one[0]), one[0])):
        try:
            code, size = read_code(charset.kind.form, written)
            cell = cell_of(charset, code, size)
            for picture in some:
                as_ink(picture, written)
        except (ShapeError, UsageError) as error:
            cell = Cell(f"0x{written}", "", "", "", "", "", "", "")
            out[written] = Seen(cell, some[0], UNREADABLE, (), str(error.what))
            continue
        ask.append((written, cell, some[0]))
    answers = index.query_many([pictures[written] for written, _, _ in ask], limit=CANDIDATES)
    drawable = frozenset(index.gallery.names)
    for (written, cell, picture), answer in zip(ask, answers, strict=True):
        nearest = tuple((match.glyph, match.score) for match in answer.matches[:SHOWN])
        out[written] = Seen(cell, picture, state_of(charset, cell, answer, drawable), nearest)
    return [out[written] for written in pictures]


def state_of(charset: Charset, cell: Cell, answer: Answer, drawable: frozenset[str]) -> str:
    """How a picture compares with the glyphs that its row names (or that its text may be)."""
    if not cell.text and not cell.glyph:
        return NO_ROW
    named = [name for name in cell.glyph.split("|") if name]
    names = set(named) or {glyph.name for glyph in charset.repertoire.by_text(cell.text)}
    if not names:
        return SIGN
    if not names & drawable:
        return NO_GLYPH
    scores = {match.glyph: match.score for match in answer.matches}
    best = answer.matches[0].glyph
    ours = max(scores.get(name, 0.0) for name in names)
    if best not in names:
        return UNLIKE if ours < CLOSE * scores[best] else UNCLEAR
    if answer.verdict == "not-in-repertoire":
        return UNCLEAR
    return SEVERAL if "|" in cell.glyph else ALIKE


def _page(charset: Charset, listed: Sequence[Seen], counts: Mapping[str, int], gallery: Gallery) -> bytes:
    title = tr("実機の字形との比較 {name}", name=charset.name)
    rows = "".join(
        f"<tr><td>{tr(word)}</td><td>{counts[state]}</td></tr>"
        for state, word in WORDS.items()
        if counts.get(state)
    )
    guide = tr(
        "実機の絵が表の字形に見えないコードです。判断は人がします。違うときは、CSVの「相違」に×を付け、"
        "「実機の文字」に文字図形名か文字を書いて、gaiji charset sheet --import で取り込んでください。"
    )
    headings = ("コード", "実機", "表", "判定", "絵に近い字形")
    head = "".join(f"<th>{escape(tr(one))}</th>" for one in headings)
    body = "".join(_row(one, gallery) for one in listed)
    return whole(
        title, STYLE, f"<table>{rows}</table><p>{escape(guide)}</p><table><tr>{head}</tr>{body}</table>"
    )


def _row(one: Seen, gallery: Gallery) -> str:
    cell = one.cell
    names = [name for name in cell.glyph.split("|") if name] or ([cell.drawn] if cell.drawn else [])
    ours = "".join(_glyph(name, name, gallery) for name in names) or escape(cell.text)
    near = "".join(_glyph(name, f"{name} {score:.2f}", gallery) for name, score in one.nearest)
    state = escape(" ".join(filter(None, (tr(WORDS[one.state]), one.why))))
    host = image(one.picture, cell.code, SIDE)
    code = escape(cell.code.removeprefix("0x"))
    return f"<tr><td>{code}</td><td>{host}</td><td>{ours}</td><td>{state}</td><td>{near}</td></tr>\n"


def _glyph(name: str, about: str, gallery: Gallery) -> str:
    picture = gallery.glyph(name, SIDE)
    return f"<span>{image(picture, name) if picture else ''}<br>{escape(about)}</span>"

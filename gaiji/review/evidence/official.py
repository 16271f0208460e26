"""What the MJ list and the public tables of relations say of a glyph, and of two glyphs together.

Owns reading them for a person: whether they put two glyphs under one 字体, and what they have of one. Each
line names its table; where no table says anything, neither does this. The text of the official
文字包摂ガイドライン is in no package: a clerk cites it by number.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from gaiji.errors.messages import mark, tr
from gaiji.model import Glyph
from gaiji.shrinking.evidence import shrink_links
from gaiji.standard import standing
from gaiji.standard.characters import points
from gaiji.standard.editions import SHRINK, current_edition
from gaiji.standard.errata import erratum
from gaiji.standard.relations import KINDS, direct, read_rows
from gaiji.standard.repertoire import load_repertoire

NOTICES = standing.NOTICES | {"koseki": mark("戸籍統一文字情報 親字・正字")}
"""Tables of the MJ縮退マップ that are notices on names in 戸籍; what they lead to is the 正字 or 親字."""
OTHERS = {
    "jis-ucs": mark("JIS包摂規準・UCS統合規則"),
    "moj582-1": mark("法務省告示582号 別表第四 一"),
    "moj582-2": mark("法務省告示582号 別表第四 二（類字）"),
    "analogy": mark("読み・字形による類推"),
    "dictionary": mark("辞書類等による関連字"),
}
TABLES = NOTICES | OTHERS
JIS_PRINTED, JIS_UNIFIED = "0", "2"
"""X0213包摂区分 of the MJ list: the form that JIS X 0213 prints, and those that it unifies with it."""


@dataclass(frozen=True)
class Saying:
    """One line of a table on two glyphs: ``one`` 字体 (True), two (False), or it says only how they are
    related (None)."""

    one: bool | None
    text: str


@dataclass(frozen=True)
class Sayings:
    """All that the tables say of two glyphs, with what follows from it in one sentence."""

    lines: tuple[Saying, ...]

    @property
    def verdict(self) -> str:
        """In Japanese: one 字体, two, that the tables differ, or that they say nothing."""
        said = {line.one for line in self.lines if line.one is not None}
        if said == {True}:
            return tr("公開の表では、一つの字体です。")
        if said == {False}:
            return tr("公開の表では、別の字体です。")
        if said:
            return tr("表によって扱いが違います。")
        return tr("一つの字体かどうかは、公開の表に書かれていません。")


def one_form(first: str, second: str) -> Sayings:
    """What the tables say of two glyphs (by name); nothing for a glyph that the repertoire lacks."""
    repertoire = load_repertoire()
    a, b = repertoire.get(first), repertoire.get(second)
    if a is None or b is None or a.name == b.name:
        return Sayings(())
    return Sayings((*_numbers(a, b), *_jis(a, b), *_notices(a, b), *_variants(a, b)))


def _numbers(a: Glyph, b: Glyph) -> Iterator[Saying]:
    """戸籍統一文字番号: the list gives no two glyphs the same."""
    if a.koseki and b.koseki:
        yield Saying(
            None, tr("戸籍統一文字番号が違う（{number} と {other}）", number=a.koseki, other=b.koseki)
        )


def _jis(a: Glyph, b: Glyph) -> Iterator[Saying]:
    """包摂規準 of JIS X 0213, as the MJ list applies it."""
    if not (a.x0213 and b.x0213):
        return
    classes = {a.x0213_class, b.x0213_class}
    if a.x0213 != b.x0213:
        yield Saying(
            False, tr("JIS X 0213 の面区点が違う（{place} と {other}）", place=a.x0213, other=b.x0213)
        )
    elif classes <= {JIS_PRINTED, JIS_UNIFIED}:
        yield Saying(
            True,
            tr(
                "JIS X 0213 の同じ面区点（{place}、包摂区分 {ours}・{theirs}）",
                place=a.x0213,
                ours=a.x0213_class,
                theirs=b.x0213_class,
            ),
        )


def _notices(a: Glyph, b: Glyph) -> Iterator[Saying]:
    """Notices that lead one of the two to the other."""
    links = shrink_links(current_edition(SHRINK))
    for one, other in ((a, b), (b, a)):
        for link in links.get(one.name, ()):
            if link.table not in NOTICES or link.text not in _means(other):
                continue
            said = tr(
                "{table}：{name} → {other}", table=tr(NOTICES[link.table]), name=one.name, other=other.name
            )
            yield Saying(None if link.table == "koseki" else False, said)


def _means(glyph: Glyph) -> tuple[str, ...]:
    """The texts that mean this glyph and no other."""
    texts = (glyph.text, glyph.base if glyph.default else "")
    return tuple(text for text in texts if text)


def _variants(a: Glyph, b: Glyph) -> Iterator[Saying]:
    """Lists of 異体字 and 旧字体 that join the two characters."""
    if a.base and b.base and a.base != b.base:
        kind = direct(a.base, b.base)
        if kind:
            yield Saying(False, tr("{a} と {b}：{kind}の関係", a=a.base, b=b.base, kind=KINDS[kind]))
    elif a.base and a.base == b.base:
        yield Saying(None, tr("同じ符号位置（U+{point}）の字形", point=points(a.base)))


# -- one glyph ------------------------------------------------------------------------------------------


def facts(name: str) -> list[tuple[str, str]]:
    """What the MJ list and the tables have of a glyph: (what it is, value), both in Japanese; nothing for a
    glyph that the repertoire lacks."""
    repertoire = load_repertoire()
    glyph = repertoire.get(name)
    if glyph is None:
        return []
    jis = f"{glyph.x0213}" + (tr("（包摂区分 {number}）", number=glyph.x0213_class) if glyph.x0213 else "")
    found = [
        (tr("読み"), "、".join(glyph.readings)),
        (tr("総画数"), str(glyph.strokes or "")),
        (tr("部首"), "、".join(_radical(one) for one in glyph.radicals)),
        (tr("符号位置"), " ".join(f"U+{point}" for point in points(glyph.text).split())),
        (tr("戸籍統一文字番号"), glyph.koseki),
        (tr("住基ネット統一文字"), glyph.juki),
        (tr("登記統一文字番号"), glyph.touki),
        (tr("大漢和"), daikanwa().get(glyph.name, "")),
        ("JIS X 0213", jis),
        ("JIS X 0212", glyph.x0212),
        (tr("正字・俗字・誤字"), "／".join(map(str, standing.standings(glyph.name)))),
        (tr("通達・告示"), "／".join(_links(glyph, NOTICES))),
        (tr("縮退"), "／".join(_shrunk(glyph))),
        (tr("一覧表の備考"), repertoire.note(glyph.name)),
        (tr("正誤"), erratum(glyph.name)),
    ]
    return [(what, value) for what, value in found if value]


def _radical(number: str) -> str:
    """``162.13`` as the radical's number, its character and the strokes besides it."""
    radical, _, rest = number.partition(".")
    return tr("{number}（{form}）{rest}画", number=radical, form=_radicals().get(radical, ""), rest=rest)


def _links(glyph: Glyph, tables: dict[str, str]) -> Iterator[str]:
    """What the map's tables lead a glyph to, each by its table."""
    for link in shrink_links(current_edition(SHRINK)).get(glyph.name, ()):
        if link.table in tables and link.text not in _means(glyph):
            yield f"{tr(tables[link.table])} → {link.text}"


def _shrunk(glyph: Glyph) -> Iterator[str]:
    """What becomes of a glyph in JIS X 0213, by the MJ縮退マップ; that a rule says so decides nothing."""
    links = shrink_links(current_edition(SHRINK)).get(glyph.name, ())
    targets: dict[str, list[str]] = {}
    for link in links:
        targets.setdefault(link.text, []).append(tr(TABLES[link.table]))
    for text, tables in targets.items():
        yield f"{text}（{'、'.join(dict.fromkeys(tables))}）"
    if not targets:
        yield tr("縮退先がない")


@lru_cache(maxsize=1)
def _radicals() -> dict[str, str]:
    """Number of a radical → its character."""
    return {number: chr(int(forms.split("|")[0], 16)) for number, forms in read_rows("radicals.tsv")}


@lru_cache(maxsize=1)
def daikanwa() -> dict[str, str]:
    """Glyph name → its number in 大漢和辞典, as the MJ list has it."""
    return {row[0]: row[1] for row in read_rows("daikanwa.tsv")}

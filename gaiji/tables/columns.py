"""Which column of a town's table says what, recognised by the cells' content.

Owns the recognition, the headings that decide between equals, and what a person is shown to confirm. A choice
that neither content nor headings settle is refused, never made.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest

import regex

from gaiji.codes.charset import Charset
from gaiji.codes.code import Form
from gaiji.errors import UsageError, nearest
from gaiji.errors.messages import fault, tr
from gaiji.tables.cells import (
    character_in,
    code_in,
    is_empty,
    is_marked,
    is_private,
    name_in,
    plain,
    points_in,
)
from gaiji.tables.sheet import Sheet

HEADINGS = {
    "code": (
        "外字コード", "コード", "旧コード", "変換前コード", "変換前", "元コード", "ベンダコード",
        "文字コード", "内部コード", "ホストコード", "jef", "jefコード", "keis", "keisコード", "jips",
        "jipsコード", "シフトjis", "sjis", "sjisコード", "code",
    ),
    "ucs": (
        "unicode", "ucs", "ユニコード", "変換後コード", "変換後", "unicodeコード",
        "unicodeコードポイント", "コードポイント", "ucs符号位置", "符号位置", "実装したucs", "utf-16",
        "utf16",
    ),
    "glyph": (
        "mj文字図形名", "mj名", "mj", "mjコード", "mj番号", "mj文字", "文字図形名", "mj/gj",
        "行政事務標準文字", "同定先", "gj文字図形名", "gj名", "glyph",
    ),
    "character": ("文字", "漢字", "字形", "変換後文字", "標準文字", "表示文字"),
    "note": ("備考", "備考欄", "注", "注記", "メモ", "摘要", "コメント", "note", "remarks"),
    "evidence": ("根拠", "evidence"),
    "decided_by": ("判定者", "decided_by"),
    "decided_at": ("判定日", "decided_at"),
    "replaces": ("置換元", "replaces"),
    "flag": ("向き", "flag"),
}  # fmt: skip
"""Role → headings, compared in NFKC, small letters and without blanks."""
BY_CONTENT = ("code", "ucs", "glyph", "character")
OWN = ("evidence", "decided_by", "decided_at", "replaces", "flag")
"""Columns of a site table beside what towns' tables have; a sheet with all of them
was exported."""
KNOWN = ("code", "ucs", "flag")
"""Columns of a product's own table that are there even when they are empty."""
LIKE_DATA = regex.compile(r"[0-9A-F]{4}|\d{3}")
"""What no heading holds that is not one of the known."""
MOST = 0.5
"""Share of a column's cells that must be of a kind."""


@dataclass(frozen=True)
class Plan:
    """How a sheet is read: the row of its headings (0: none), role → columns from 0, and the
    headings.

    ``above`` and ``headed`` are rows that hold no data: titles, and the headings wherever they come again.
    """

    sheet: Sheet
    columns: Mapping[str, tuple[int, ...]]
    headings: tuple[str, ...]
    above: frozenset[int]
    headed: frozenset[int]

    @property
    def own(self) -> bool:
        """Whether the sheet was a site table before."""
        return all(role in self.columns for role in OWN)

    def cell(self, cells: Sequence[str], role: str) -> str:
        """The cell of a role in a row, several columns joined, "" where there is none."""
        found = [cells[at] for at in self.columns.get(role, ()) if at < len(cells)]
        return " ".join(filter(None, found)) if len(found) > 1 else "".join(found)

    def data(self) -> list[tuple[int, tuple[str, ...]]]:
        """The rows below the headings that hold anything."""
        apart = self.above | self.headed
        return [(n, cells) for n, cells in self.sheet.rows if any(cells) and n not in apart]


def plan_sheet(
    sheet: Sheet, charset: Charset, named: Mapping[str, Sequence[str]] | None = None
) -> Plan | None:
    """How a sheet is read; None when it holds no table of codes. ``named``: role → columns as
    ``parse_columns`` gives them, instead of recognition. UsageError where two columns could be the same."""
    if sheet.roles:
        if named:
            raise UsageError(
                fault("E0671", "is {what}, whose columns are known", what=sheet.how),
                next=tr("leave out --columns; --yes takes them"),
            )
        used = [
            at for at, role in enumerate(sheet.roles) if role in KNOWN or any(c[at] for _, c in sheet.rows)
        ]
        columns = {sheet.roles[at]: (at,) for at in used}
        return Plan(sheet, columns, sheet.roles, frozenset(), frozenset())
    width = max((len(cells) for _, cells in sheet.rows), default=0)
    head = _head(sheet, charset, width)
    headings = tuple(_heading(sheet, head, at) for at in range(width))
    found = _named(headings, named) if named else _recognised(sheet, head, headings, charset)
    if found is None or "code" not in found or not found.keys() & {"ucs", "glyph", "character"}:
        return None
    above, headed = _apart(sheet, head, found, charset)
    return Plan(sheet, found, headings, above, headed)


def parse_columns(text: str) -> dict[str, tuple[str, ...]]:
    """``code=B,ucs=Unicode,note=E+F`` → role → columns by letter, number or heading; UsageError for no such
    role."""
    out: dict[str, tuple[str, ...]] = {}
    for part in filter(None, text.split(",")):
        role, equals, which = part.partition("=")
        role = role.strip()
        if role not in HEADINGS:
            raise UsageError(
                fault("E0588", "--columns has no role {role!r}", role=role[:40]), next=nearest(role, HEADINGS)
            )
        if not equals or not which.strip():
            raise UsageError(
                fault("E0589", "--columns gives {role} no column", role=role),
                next=tr("write {role}=B, {role}=2 or the column's heading", role=role),
            )
        out[role] = tuple(one.strip() for one in which.split("+"))
    if "code" not in out or not out.keys() & {"ucs", "glyph", "character"}:
        raise UsageError(
            fault("E0590", "--columns names no code, or nothing that it becomes"),
            next=tr("write code=…, and glyph=…, ucs=… or character=…"),
        )
    return out


def letter(column: int) -> str:
    """A column's letter in a spreadsheet, from 0: A, B, … AA."""
    out = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        out = chr(65 + rest) + out
    return out


# -- headings ----------------------------------------------------------------------------------------------


def _key(heading: str) -> str:
    return "".join(unicodedata.normalize("NFKC", heading).casefold().split())


def _role_of(heading: str) -> str:
    key = _key(heading)
    return next((role for role, known in HEADINGS.items() if key and key in known), "")


def _head(sheet: Sheet, charset: Charset, width: int) -> int:
    """The row of the headings: the last of those with most of them before any cell that is data, else the
    last row with text above the data; 0 where there is none."""
    form = charset.kind.form
    best, most, last = 0, 1, 0
    for number, cells in sheet.rows:
        if any(name_in(c) or (points_in(c) and is_marked(c)) for c in cells):
            break
        known = sum(bool(_role_of(cell)) for cell in cells)
        if known >= max(most, 2):
            best, most = number, known
        elif any(_user(code_in(cell, form), charset) for cell in cells):
            break
        if sum(map(bool, cells)) > 1:
            last = 0 if any(LIKE_DATA.search(plain(cell)) for cell in cells) else number
    return best or last


def _heading(sheet: Sheet, head: int, at: int) -> str:
    cells = next((cells for number, cells in sheet.rows if number == head), ())
    return " ".join(cells[at].split()) if at < len(cells) else ""


def _apart(
    sheet: Sheet, head: int, columns: Mapping[str, tuple[int, ...]], charset: Charset
) -> tuple[frozenset[int], frozenset[int]]:
    """Rows above the headings that are no data, and the headings with their repetitions."""
    heads = next((cells for number, cells in sheet.rows if number == head), ())
    headed = frozenset(number for number, cells in sheet.rows if any(cells) and cells == heads)

    def speaks(cells: Sequence[str]) -> bool:
        named = {role: cells[at] for role, places in columns.items() for at in places if at < len(cells)}
        return (
            code_in(named.get("code", ""), charset.kind.form) is not None
            or name_in(named.get("glyph", "")) is not None
            or points_in(named.get("ucs", "")) is not None
        )

    above = frozenset(n for n, cells in sheet.rows if n < head and not speaks(cells))
    return above, headed


# -- content -----------------------------------------------------------------------------------------------


def _user(code: tuple[int, int] | None, charset: Charset) -> bool:
    return code is not None and area_of(charset, *code) == "user"


def area_of(charset: Charset, code: int, size: int) -> str:
    """What a code belongs to: ``user``, ``extension`` or ``standard``, "" outside every range.

    Numbers without ranges: ``standard`` what has a row, else ``user``. Of Unicode, ``user`` is private use of
    any plane."""
    form = charset.kind.form
    if form is Form.UNICODE:
        return "user" if size in (2, 3) and is_private(chr(code)) else "standard"
    if form is Form.NUMBER:
        if size != charset.digits:
            return ""
        return "standard" if (size, code) in charset.entries else "user"
    lead, trail, prefix = code >> 8 & 0xFF, code & 0xFF, code >> 16
    kinds = {
        area.kind
        for area in charset.ranges
        if area.size == size
        and trail in area.trail
        and (size == 1 or lead in area.lead)
        and (size < 3 or prefix == area.prefix)
    }
    return next((kind for kind in ("user", "extension", "standard") if kind in kinds), "")


def _recognised(
    sheet: Sheet, head: int, headings: Sequence[str], charset: Charset
) -> dict[str, tuple[int, ...]]:
    """Role → columns, as the cells and then the headings say."""
    rows = [cells for number, cells in sheet.rows if number > head and any(cells)]
    table = [
        [cell for cell in column if cell and not is_empty(cell)]
        for column in zip_longest(*rows, fillvalue="")
    ]
    form, roles = charset.kind.form, [_role_of(heading) for heading in headings]
    table += [[] for _ in range(len(headings) - len(table))]
    if all(roles.count(role) == 1 for role in HEADINGS):  # as ``gaiji.tables.exporting`` writes it
        return {role: (roles.index(role),) for role in HEADINGS}
    left = set(range(len(headings)))

    def share(at: int, holds: Callable[[str], bool]) -> float:
        return sum(map(holds, table[at])) / len(table[at]) if table[at] else 0.0

    def choose(role: str, holds: Callable[[str], bool], *, unheaded: bool = True) -> int | None:
        some = {at for at in left if roles[at] in ("", *BY_CONTENT) and share(at, holds) >= MOST}
        some = {at for at in some if roles[at] == role} or (some if unheaded else set())
        some = {at for at in some if roles[at] in ("", role)} or some
        if len(some) > 1:
            raise _several(sheet, role, sorted(some), headings)
        left.difference_update(some)
        return next(iter(some), None)

    def is_code(cell: str) -> bool:
        return code_in(cell, form) is not None

    def is_user(cell: str) -> bool:
        return _user(code_in(cell, form), charset)

    def is_points(cell: str) -> bool:
        text = points_in(cell) or character_in(cell)
        return text is not None and not is_private(text)

    def marked(cell: str) -> bool:
        return is_points(cell) and is_marked(cell)

    found: dict[str, int | None] = {"glyph": choose("glyph", lambda cell: name_in(cell) is not None)}
    found["code"] = choose("code", is_user)
    if found["code"] is None:
        found["code"] = choose("code", is_code, unheaded=False)
    found["ucs"] = choose("ucs", marked)
    if found["ucs"] is None:
        found["ucs"] = choose("ucs", is_points, unheaded=False)
    found["character"] = choose("character", lambda cell: character_in(cell) is not None, unheaded=False)
    out: dict[str, tuple[int, ...]] = {role: (at,) for role, at in found.items() if at is not None}
    for role in ("note", *OWN):
        some = [at for at in sorted(left) if roles[at] == role]
        if len(some) > 1 and role != "note":
            raise _several(sheet, role, some, headings)
        out |= {role: tuple(some)} if some else {}
    return {role: out[role] for role in HEADINGS if role in out}


def _several(sheet: Sheet, role: str, some: Sequence[int], headings: Sequence[str]) -> UsageError:
    shown = ", ".join(f"{letter(at)} {headings[at]}".strip() for at in some)
    return UsageError(
        fault("E0591", "columns {shown} may each be the {role}", shown=shown, role=role),
        where=sheet.name,
        next=tr("name the columns: --columns code=A,ucs=B,glyph=C,note=D"),
    )


def _named(headings: Sequence[str], named: Mapping[str, Sequence[str]]) -> dict[str, tuple[int, ...]] | None:
    """The columns that a person named, by heading, letter or number; None where the sheet lacks one."""
    keys = {_key(heading): at for at, heading in reversed(list(enumerate(headings))) if heading}
    letters = {letter(at).casefold(): at for at in range(len(headings))}
    out: dict[str, tuple[int, ...]] = {}
    for role, which in named.items():
        places = []
        for one in which:
            at = keys.get(_key(one), letters.get(one.casefold()))
            if at is None and one.isdecimal() and 1 <= int(one) <= len(headings):
                at = int(one) - 1
            if at is None:
                return None
            places.append(at)
        out[role] = tuple(places)
    return out

"""The rows of a 同定表 that came back: what each decides, or every cell of it that cannot be taken.

Owns the checks of the 同定表, all of a sheet before anything is written; what a cell means is ``cells``', and
who carries it out is ``exchange``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache

from gaiji.errors.messages import tr
from gaiji.queue.accounts import same_person
from gaiji.queue.decisions import ANOTHER, KINDS, NAMELESS, NOWHERE, PLACES, STANDS, UNREADABLE, Decision
from gaiji.queue.items import Item
from gaiji.queue.words import REASONS, STATES
from gaiji.review.sheets.cells import (
    ERRORS,
    beside_glyph,
    is_sign,
    made_of,
    named_glyphs,
    one_of,
    read_day,
    read_number,
)
from gaiji.review.sheets.refusals import Refusal
from gaiji.review.sheets.sheet import EDITED, PUT, cells_of, decided_cells
from gaiji.standard.repertoire import Repertoire

FILLED = ("根拠", "判定者", "判定日", "確認者", "表の版", "備考")
"""Columns in which one joined cell may speak for the rows beside it; a glyph is decided row by row."""
_DAY, _TARGET, _KIND = (EDITED.index(name) for name in ("判定日", "同定先", "同定区分"))
_NOT_DECIDED = (EDITED.index("確認者"), EDITED.index("表の版"))


@dataclass(frozen=True)
class Said:
    """What a row says anew of an item: a decision, that it is put off or left out (``put``: the state, with
    who says so and why), a second person's name; nothing of these where it stands as it was."""

    item: Item
    made: Decision | None = None
    confirm: str = ""
    put: str = ""
    person: str = ""
    note: str = ""


class RowChecks:
    """Turns the rows of a sheet into what they say, collecting every cell that is wrong."""

    def __init__(
        self,
        items: Mapping[int, Item],
        decisions: Mapping[int, Decision],
        notes: Mapping[int, str],
        repertoire: Repertoire,
    ) -> None:
        self.items = items
        self.decisions = decisions
        self.notes = notes
        self.repertoire = repertoire
        self.refusals: list[Refusal] = []
        self._plain = cache(self._compared)  # most cells are empty, or those of another row
        self.rewritten: set[int] = set()
        """Rows in which a spreadsheet made another text of a code."""

    def all(self, table: Iterable[tuple[int, dict[str, str]]]) -> list[Said]:
        """What each row says that can be taken."""
        said: list[tuple[int, Said]] = []
        for number, row in table:
            found = self._item(number, row)
            one = self._row(number, row, found) if found is not None else None
            if one is not None:
                said.append((number, one))
        self._disagreements(said)
        return [one for _, one in said]

    def _refuse(self, number: int, column: str, why: str, right: str) -> None:
        self.refusals.append(Refusal(number, column, why, right))

    # -- which item ----------------------------------------------------------------------------------

    def _item(self, number: int, row: Mapping[str, str]) -> Item | None:
        """The item of a row whose fixed columns are as they were written."""
        named = read_number(row["管理番号"])
        found = self.items.get(named[0]) if named else None
        if named is None or found is None:
            self._refuse(number, "管理番号", *self._no_number(row["管理番号"]))
            return None
        right = {
            "旧コード体系": found.system,
            "旧コード": found.code,
            "理由": REASONS.get(found.reason, found.reason),
        }
        wrong = [name for name, cell in right.items() if row[name] not in (cell, tr(cell))]
        for column in list(wrong):
            if made_of(row[column], right[column]):
                self.rewritten.add(number)
                wrong.remove(column)
                continue
            why, next_ = (
                tr("変更できない列が変わっています"),
                tr("「{right}」に戻してください", right=right[column]),
            )
            self._refuse(number, column, why, next_)
        if wrong:
            return None
        return found

    @staticmethod
    def _is_stale(row: Mapping[str, str], found: Item) -> bool:
        """Whether the item was changed since the sheet was written."""
        named = read_number(row["管理番号"])
        return named is not None and named[1] != found.version

    def _refuse_stale(self, number: int, row: Mapping[str, str], found: Item) -> None:
        now = "、".join(
            cell for cell in decided_cells(self.decisions.get(found.id))[:4] if cell
        ) or STATES.get(found.state, found.state)
        mine = "、".join(row[c] for c in EDITED[:4] if row[c])
        self._refuse(
            number,
            "管理番号",
            tr("書き出した後にほかの人が変更しました（現在：{now}／この表：{mine}）", now=now, mine=mine),
            tr("表を書き出し直してください"),
        )

    @staticmethod
    def _no_number(cell: str) -> tuple[str, str]:
        """Why a 管理番号 is none, and what to do."""
        right = tr("書き出した表の番号のままにしてください")
        if not cell:
            return tr("空欄です"), right
        if read_day(cell) or "月" in cell:
            why = tr("表計算ソフトが番号を日付に変えています")
            return why, tr("表を書き出し直してください（新しい番号は日付に変わりません）")
        return tr("この番号の文字は同定表にありません"), right

    # -- what it says --------------------------------------------------------------------------------

    def _row(self, number: int, row: Mapping[str, str], found: Item) -> Said | None:
        old = self.decisions.get(found.id) if found.state in STANDS else None
        before = cells_of(found, old, self.notes)
        cells = [self._plain(name, row[name]) for name in EDITED]
        now = [self._plain(name, cell) for name, cell in zip(EDITED, before, strict=True)]
        if cells == now or (self._is_stale(row, found) and _says_the_same(cells, now)):
            return Said(found)
        if self._is_stale(row, found):
            self._refuse_stale(number, row, found)
            return None
        wrong = [name for name in EDITED if ERRORS.fullmatch(row[name])]
        for name in wrong:
            why = tr("数式の誤り（{cell}）です", cell=row[name])
            self._refuse(number, name, why, tr("値を書いてください"))
        if wrong:
            return None
        words = dict(zip(EDITED, cells, strict=True))
        put = next((state for state, word in PUT.items() if words["同定区分"] in (word, tr(word))), "")
        if put:
            return self._put(number, words, found, put, old)
        changed = any(
            one != other
            for place, (one, other) in enumerate(zip(cells, before, strict=True))
            if place not in _NOT_DECIDED
        )
        made = self._decision(number, words, found) if changed else None
        if changed and made is None:
            return None
        return self._confirmed(number, words, found, old, made)

    def _compared(self, name: str, cell: str) -> str:
        """A cell as it is compared: dates in one form, one name for a glyph."""
        if name == "判定日":
            return read_day(cell) or cell
        if name == "同定区分":
            return one_of(cell, (*KINDS, *map(tr, KINDS), *PUT.values(), *map(tr, PUT.values())))
        names = named_glyphs(cell) if name == "同定先" else []
        if len(names) == 1 and self._is_cell_of(names[0], cell):
            return names[0]
        return cell

    def _is_cell_of(self, name: str, cell: str) -> bool:
        """Whether a cell is a glyph's name, alone or as the cell of a candidate has it."""
        glyph = self.repertoire.get(name)
        return glyph is not None and beside_glyph(cell) in ("", glyph.text, glyph.base)

    def _put(
        self, number: int, words: Mapping[str, str], found: Item, put: str, old: Decision | None
    ) -> Said | None:
        """A row that puts its item off or leaves it out."""
        wrong = len(self.refusals)
        kind = words["同定区分"]
        if old is not None:
            why = tr("判定のある文字を{kind}にはできません", kind=kind)
            self._refuse(number, "同定区分", why, tr("画面で「未判定に戻す」を押してからにしてください"))
        if words["同定先"]:
            self._refuse(
                number,
                "同定先",
                tr("{kind}なのに書いてあります", kind=kind),
                tr("空欄にするか、別の区分を選んでください"),
            )
        if words["確認者"]:
            self._refuse(number, "確認者", tr("確認を待つ判定がありません"), tr("空欄にしてください"))
        if not words["判定者"]:
            self._refuse(number, "判定者", tr("空欄です"), tr("判定した人の名前を書いてください"))
        self._day(number, words["判定日"])
        if len(self.refusals) > wrong:
            return None
        note = " ".join(part for part in (words["根拠"], words["備考"]) if part)
        return Said(found, put=put, person=words["判定者"], note=note)

    def _confirmed(
        self, number: int, words: Mapping[str, str], found: Item, old: Decision | None, made: Decision | None
    ) -> Said | None:
        """A row whose decision stands or is made, with the second person where that is named anew."""
        confirm, before = words["確認者"], old.confirmed_by if old else ""
        judge = made.decided_by if made else (old.decided_by if old else "")
        if confirm and confirm != before:
            if same_person(confirm, judge):
                self._refuse(
                    number,
                    "確認者",
                    tr("判定者と同じ人は確認できません"),
                    tr("別の人の名前を書くか、空欄にしてください"),
                )
                return None
            if old is None and made is None:
                self._refuse(number, "確認者", tr("確認を待つ判定がありません"), tr("空欄にしてください"))
                return None
        again = confirm if confirm and (made is not None or confirm != before) else ""
        return Said(found, made, again)

    def _decision(self, number: int, words: Mapping[str, str], found: Item) -> Decision | None:
        """The decision of a row; None where any cell of it is wrong, each of which is refused."""
        wrong = len(self.refusals)
        kind, judge = words["同定区分"], words["判定者"]
        kind = next((one for one in KINDS if kind in (one, tr(one))), kind)
        if kind not in KINDS:
            self._refuse(
                number,
                "同定区分",
                tr("「{kind}」は区分にありません", kind=kind[:20]) if kind else tr("空欄です"),
                tr("{kinds} から選んでください", kinds=tr("・").join((*KINDS, *PUT.values()))),
            )
        elif found.reason in PLACES and kind != UNREADABLE:
            self._refuse(
                number,
                "同定区分",
                tr("同じコードでも人によって違う文字です"),
                tr("箇所表（gaiji review places）で、一人ずつ答えてください"),
            )
        if not judge:
            self._refuse(number, "判定者", tr("空欄です"), tr("判定した人の名前を書いてください"))
        if kind in (ANOTHER, NOWHERE) and not words["根拠"]:
            self._refuse(
                number, "根拠", tr("{kind}なのに空欄です", kind=kind), tr("何を見て決めたかを書いてください")
            )
        day = self._day(number, words["判定日"])
        glyph, sign = self._target(number, words["同定先"], kind)
        if len(self.refusals) > wrong or day is None:
            return None
        return Decision(
            kind=kind,
            glyph=glyph,
            text=sign,
            evidence=words["根拠"],
            note=words["備考"],
            decided_by=judge,
            decided_at=day,
            repertoire=self.repertoire.version,
        )

    def _day(self, number: int, cell: str) -> str | None:
        """判定日, today for an empty cell; None when refused."""
        day = read_day(cell)
        if day is None:
            self._refuse(
                number,
                "判定日",
                tr("「{value}」は日付ではありません", value=cell[:20]),
                tr("2026-11-02 か 令和8年11月2日 のように書いてください"),
            )
        return day or (date.today().isoformat() if day == "" else None)

    def _target(self, number: int, target: str, kind: str) -> tuple[str, str]:
        """The glyph name or the sign that 同定先 means; neither where it is refused or none is named."""
        if kind in NAMELESS:
            if target:
                self._refuse(
                    number,
                    "同定先",
                    tr("{kind}なのに書いてあります", kind=kind),
                    tr("空欄にするか、別の区分を選んでください"),
                )
            return "", ""
        if not target:
            self._refuse(number, "同定先", tr("空欄です"), tr("MJ または GJ の文字図形名を書いてください"))
            return "", ""
        named = self.repertoire.get(target)
        if named is not None:
            return named.name, ""
        found = self.repertoire.by_text(target)
        if len(found) == 1 and target in (found[0].text, found[0].base):
            return found[0].name, ""
        if not found and is_sign(target):
            return "", target
        self._refuse(number, "同定先", *self._no_target(target, [g.name for g in found[:5]]))
        return "", ""

    def _no_target(self, target: str, forms: Sequence[str]) -> tuple[str, str]:
        """Why a 同定先 is none, and what to do."""
        names = named_glyphs(target)
        known = [name for name in names if name in self.repertoire]
        if forms:
            return (
                tr("「{target}」には複数の字形があります", target=target),
                tr("{names} などの名前で書いてください", names="、".join(forms)),
            )
        if len(known) > 1:
            return (
                tr("文字図形名が二つ以上あります（{names}）", names="、".join(known[:5])),
                tr("一つだけ書いてください"),
            )
        if known:
            glyph = self.repertoire[known[0]]
            return (
                tr("{name}は「{text}」です。ほかの文字が書いてあります", name=glyph.name, text=glyph.text),
                tr("{name}だけを書くか、正しい名前に直してください", name=glyph.name),
            )
        return (
            tr("「{target}」は {version} にありません", target=target[:20], version=self.repertoire.version),
            tr("MJ026191 のような文字図形名で書いてください"),
        )

    def _disagreements(self, said: Sequence[tuple[int, Said]]) -> None:
        """Two rows for one item that decide differently: both are shown, neither is taken."""
        first: dict[int, tuple[int, Said]] = {}
        for number, one in said:
            if one.made is None and not one.put:
                continue
            other = first.setdefault(one.item.id, (number, one))
            if other[1] is one:
                continue
            shown = tr(
                "{other}行目 {decided_by}：{glyph}／{number}行目 {decided_by2}：{glyph2}",
                other=other[0],
                decided_by=_who(other[1]),
                glyph=_what(other[1]),
                number=number,
                decided_by2=_who(one),
                glyph2=_what(one),
            )
            for row in (other[0], number):
                self._refuse(
                    row,
                    "同定先",
                    tr("同じ文字の判定が二つあります（{shown}）", shown=shown),
                    tr("どちらかの行を消してください"),
                )


def _says_the_same(cells: Sequence[str], now: Sequence[str]) -> bool:
    """Whether a row of an earlier sheet says what stands now: it was taken already. The list's edition is
    the program's to write, and so is a day that nobody wrote."""
    pairs = zip(EDITED, cells, now, strict=True)
    return all(
        mine == theirs or (name == "判定日" and not mine) for name, mine, theirs in pairs if name != "表の版"
    )


def _who(said: Said) -> str:
    return said.made.decided_by if said.made else said.person


def _what(said: Said) -> str:
    made = said.made
    return (made.glyph or made.text or made.kind) if made else tr(STATES[said.put])

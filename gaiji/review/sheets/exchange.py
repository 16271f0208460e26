"""The 同定表 out to clerks (CSV, XLSX, HTML) and back in.

Owns the safety of what a spreadsheet opens, and the checks of what comes back: a sheet is checked whole
before anything is written. Decisions are made by ``gaiji.queue.decisions``; the columns are
``gaiji.review.sheets.sheet``'s.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from io import BytesIO, StringIO
from pathlib import Path
from typing import Any

from gaiji.disk.apart import Place, keep_apart
from gaiji.disk.files import read_whole, write_whole
from gaiji.errors import GaijiError, MissingExtra, QueueError, UsageError
from gaiji.messages import fault, tr
from gaiji.output.lines import BOM
from gaiji.output.tabular import safe_cell
from gaiji.queue.decisions import KINDS, UNREADABLE, Decision, Decisions
from gaiji.queue.items import Item
from gaiji.queue.queue import Queue
from gaiji.queue.words import REASONS, STATES
from gaiji.review.sheets.page import page
from gaiji.review.sheets.sheet import COLUMNS, EDITED, KEYS, Sheet, decided_cells, make_sheet
from gaiji.review.sheets.workbook import workbook
from gaiji.run.places import decisions_beside, queue_reads
from gaiji.shape.pictures import Gallery, open_gallery
from gaiji.standard.repertoire import Repertoire, load_repertoire

MAX_BYTES = 64 * 1024 * 1024


@dataclass(frozen=True)
class Refusal:
    """A row that cannot be taken: its number in the sheet, the column, why, and what to write instead."""

    row: int
    column: str
    why: str
    right: str

    def __str__(self) -> str:
        return tr(
            "{row}行目 {column}：{why}。{right}",
            row=self.row,
            column=self.column,
            why=self.why,
            right=self.right,
        )


class Refused(QueueError):
    """A sheet with wrong rows; nothing was taken. ``refusals`` lists them."""

    def __init__(self, path: Path, refusals: Sequence[Refusal]) -> None:
        self.refusals = tuple(refusals)
        super().__init__(
            fault("E0235", "{count}件の誤りがあり、何も取り込みませんでした", count=len(refusals)),
            where=str(path),
            next=tr("直して、もう一度取り込んでください"),
        )


@dataclass(frozen=True)
class Imported:
    """What a sheet held: rows decided anew, rows confirmed, rows left as they were."""

    decided: int
    confirmed: int
    unchanged: int


@dataclass(frozen=True)
class Exported:
    """What was written: the number of rows, and in words what could not be shown."""

    rows: int
    notes: tuple[str, ...]


# -- out ---------------------------------------------------------------------------------------------


def export(queue: Queue, path: Path, format: str = "csv", *, fonts: Sequence[str | Path] = ()) -> Exported:
    """Write the queue as ``csv``, ``xlsx`` or ``html``. ``fonts`` draw the candidates, else those that are
    installed.
    """
    reads = [*queue_reads(queue), *decisions_beside(queue), *(Place("font", Path(font)) for font in fonts)]
    keep_apart([Place("sheet", path)], reads)
    sheet = make_sheet(queue, open_gallery(fonts) if format != "csv" else Gallery([]))
    data = {"csv": _csv, "xlsx": workbook, "html": page}[format](sheet)
    write_whole(path, data)
    return Exported(len(sheet.rows), sheet.notes if format != "csv" else ())


def _csv(sheet: Sheet) -> bytes:
    text = StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    writer.writerows([safe_cell(cell) for cell in row.cells] for row in sheet.rows)
    return BOM + text.getvalue().encode("utf-8")


# -- in ----------------------------------------------------------------------------------------------


def import_sheet(queue: Queue, path: Path, *, confirm: str = "one-person", dry_run: bool = False) -> Imported:
    """Take the decisions of a CSV or XLSX sheet; Refused (with every wrong row) leaves the queue
    untouched."""
    table = _read(path)
    acts = Decisions(queue, confirm=confirm)
    reader = _SheetReader({found.id: found for found in queue.items()}, acts.all(), load_repertoire())
    plans = reader.plan(table)
    if reader.refusals:
        raise Refused(path, reader.refusals)
    decided = [plan for plan in plans if plan.made is not None]
    confirmed = [plan for plan in plans if plan.confirm]
    if not dry_run:
        _carry_out(queue, acts, plans, path)
    return Imported(
        len(decided), len(confirmed), len(plans) - len({p.item.id for p in (*decided, *confirmed)})
    )


@dataclass(frozen=True)
class _Plan:
    item: Item
    made: Decision | None
    confirm: str


def _carry_out(queue: Queue, acts: Decisions, plans: Sequence[_Plan], path: Path) -> None:
    """All plans in one transaction: another clerk's change in the meantime takes none of them."""
    try:
        with queue.writing() as connection:
            for plan in plans:
                version = plan.item.version
                if plan.made is not None:
                    acts.decide_in(connection, plan.item.id, plan.made, version=version)
                    version += 1
                if plan.confirm:
                    acts.confirm_in(connection, plan.item.id, plan.confirm, version=version)
    except UsageError as error:
        raise QueueError(error.what, where=f"{path} {error.where}", next=error.next) from error


class _SheetReader:
    """Turns the rows of a sheet into plans, collecting what is wrong."""

    def __init__(
        self, items: Mapping[int, Item], decisions: Mapping[int, Decision], repertoire: Repertoire
    ) -> None:
        self.items = items
        self.decisions = decisions
        self.repertoire = repertoire
        self.refusals: list[Refusal] = []

    def plan(self, table: Iterable[tuple[int, dict[str, str]]]) -> list[_Plan]:
        """One plan for each row that can be taken."""
        plans: list[tuple[int, _Plan]] = []
        for number, row in table:
            found = self._item(number, row)
            if found is not None:
                plan = self._row(number, row, found)
                if plan is not None:
                    plans.append((number, plan))
        self._disagreements(plans)
        return [plan for _, plan in plans]

    def _refuse(self, number: int, column: str, why: str, right: str) -> None:
        self.refusals.append(Refusal(number, column, why, right))

    def _item(self, number: int, row: Mapping[str, str]) -> Item | None:
        """The item of a row whose fixed columns are as they were written."""
        left, _, version = row["管理番号"].partition("-")
        found = self.items.get(int(left)) if left.isdecimal() and version.isdecimal() else None
        if found is None:
            self._refuse(
                number,
                "管理番号",
                tr("この番号の文字はキューにありません"),
                tr("書き出した表の番号のままにしてください"),
            )
            return None
        for column, right in (
            ("旧コード体系", found.system),
            ("旧コード", found.code),
            ("理由", REASONS.get(found.reason, found.reason)),
        ):
            if row[column] != right:
                self._refuse(
                    number,
                    column,
                    tr("変更できない列が変わっています"),
                    tr("「{right}」に戻してください", right=right),
                )
                return None
        if int(version) != found.version:
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
            return None
        return found

    def _row(self, number: int, row: Mapping[str, str], found: Item) -> _Plan | None:
        old = self.decisions.get(found.id)
        cells = [row[c] for c in EDITED]
        before = decided_cells(old)
        if cells == before:
            return _Plan(found, None, "")
        before_confirm, confirm = before[5], row["確認者"]
        changed = [c for i, c in enumerate(cells) if i not in (5, 6)] != [
            c for i, c in enumerate(before) if i not in (5, 6)
        ]
        made = self._decision(number, row) if changed else None
        if changed and made is None:
            return None
        if confirm == before_confirm and not changed:
            return _Plan(found, None, "")
        judge = made.decided_by if made else (old.decided_by if old else "")
        if confirm and confirm != before_confirm:
            if confirm == judge:
                self._refuse(
                    number,
                    "確認者",
                    tr("判定者と同じ人は確認できません"),
                    tr("別の人の名前を書くか、空欄にしてください"),
                )
                return None
            if old is None and not changed:
                self._refuse(number, "確認者", tr("確認を待つ判定がありません"), tr("空欄にしてください"))
                return None
        return _Plan(found, made, confirm if confirm and (changed or confirm != before_confirm) else "")

    def _decision(self, number: int, row: Mapping[str, str]) -> Decision | None:
        kind, target, judge = row["同定区分"], row["同定先"], row["判定者"]
        if kind not in KINDS:
            self._refuse(
                number,
                "同定区分",
                tr("「{kind}」は区分にありません", kind=kind) if kind else tr("空欄です"),
                tr("{kinds} から選んでください", kinds=tr("・").join(KINDS)),
            )
            return None
        if not judge:
            self._refuse(number, "判定者", tr("空欄です"), tr("判定した人の名前を書いてください"))
            return None
        day = _day(row["判定日"])
        if day is None:
            self._refuse(
                number,
                "判定日",
                tr("「{value}」は日付ではありません", value=row["判定日"][:20]),
                tr("2026-11-02 のように書いてください"),
            )
            return None
        glyph = self._glyph(number, target, kind)
        if glyph is None:
            return None
        return Decision(
            kind=kind,
            glyph=glyph,
            evidence=row["根拠"],
            note=row["備考"],
            decided_by=judge,
            decided_at=day,
            repertoire=self.repertoire.version,
        )

    def _glyph(self, number: int, target: str, kind: str) -> str | None:
        """The glyph name that 同定先 means; None when refused, "" for 判読不能."""
        if kind == UNREADABLE:
            if target:
                self._refuse(
                    number,
                    "同定先",
                    tr("判読不能なのに書いてあります"),
                    tr("空欄にするか、別の区分を選んでください"),
                )
                return None
            return ""
        if not target:
            self._refuse(number, "同定先", tr("空欄です"), tr("MJ または GJ の名前を書いてください"))
            return None
        named = self.repertoire.get(target)
        if named is not None:
            return named.name
        found = self.repertoire.by_text(target)
        if len(found) == 1 and target in (found[0].text, found[0].base):
            return found[0].name
        if found:
            names = "、".join(g.name for g in found[:5])
            self._refuse(
                number,
                "同定先",
                tr("「{target}」には複数の字形があります", target=target),
                tr("{names} などの名前で書いてください", names=names),
            )
        else:
            self._refuse(
                number,
                "同定先",
                tr(
                    "「{target}」は {version} にありません",
                    target=target[:20],
                    version=self.repertoire.version,
                ),
                tr("MJ026191 のような名前で書いてください"),
            )
        return None

    def _disagreements(self, plans: Sequence[tuple[int, _Plan]]) -> None:
        """Two rows for one item that decide differently: both are shown, neither is taken."""
        first: dict[int, tuple[int, _Plan]] = {}
        for number, plan in plans:
            if plan.made is None:
                continue
            other = first.setdefault(plan.item.id, (number, plan))
            if other[1] is plan or other[1].made is None:
                continue
            a, b = other[1].made, plan.made
            shown = tr(
                "{other}行目 {decided_by}：{glyph}／{number}行目 {decided_by2}：{glyph2}",
                other=other[0],
                decided_by=a.decided_by,
                glyph=a.glyph or a.kind,
                number=number,
                decided_by2=b.decided_by,
                glyph2=b.glyph or b.kind,
            )
            for row in (other[0], number):
                self._refuse(
                    row,
                    "同定先",
                    tr("同じ文字の判定が二つあります（{shown}）", shown=shown),
                    tr("どちらかの行を消してください"),
                )


def _read(path: Path) -> list[tuple[int, dict[str, str]]]:
    """The rows of a sheet with their numbers (the header is 1); GaijiError for a file that is no sheet."""
    raw = read_whole(path, MAX_BYTES, fault("E0236", "is too big to be a 同定表"))
    rows = _read_xlsx(path, raw) if raw[:2] == b"PK" else _read_csv(path, raw)
    header = [str(cell).strip() for cell in rows[0]] if rows else []
    missing = [name for name in (*KEYS, *EDITED) if name not in header]
    if missing:
        raise GaijiError(
            fault("E0237", "列がありません：{missing}", missing="、".join(missing)),
            where=str(path),
            next=tr("gaiji review export で書き出した表を使ってください"),
        )
    at = {name: header.index(name) for name in (*KEYS, *EDITED)}
    out = []
    for number, cells in enumerate(rows[1:], 2):
        if any(cells):
            row = {name: cells[i] if i < len(cells) else "" for name, i in at.items()}
            out.append((number, {name: _unsafe(cell.strip()) for name, cell in row.items()}))
    return out


def _unsafe(cell: str) -> str:
    return cell[1:] if cell[:1] == "'" and cell[1:2] in ("=", "+", "-", "@") else cell


def _read_csv(path: Path, raw: bytes) -> list[list[str]]:
    for codec in ("utf-8-sig", "cp932"):  # Excel saves the one or the other
        try:
            return list(csv.reader(StringIO(raw.decode(codec), newline="")))
        except UnicodeDecodeError:
            continue
        except csv.Error as error:
            raise GaijiError(
                fault("E0238", "CSVとして読めません：{error}", error=error),
                where=str(path),
                next=tr("Excelで「CSV UTF-8」として保存してください"),
            ) from error
    raise GaijiError(
        fault("E0239", "文字コードが分かりません"),
        where=str(path),
        next=tr("Excelで「CSV UTF-8」として保存してください"),
    )


def _read_xlsx(path: Path, raw: bytes) -> list[list[str]]:
    import zipfile

    try:
        from openpyxl import load_workbook
    except ImportError as error:
        raise MissingExtra(tr("reading XLSX"), "xlsx") from error
    try:
        with zipfile.ZipFile(BytesIO(raw)) as archive:
            if sum(info.file_size for info in archive.infolist()) > 8 * MAX_BYTES:
                raise GaijiError(
                    fault("E0240", "unpacks to more than a 同定表 can hold"),
                    where=str(path),
                    next=tr("check the path"),
                )
        book = load_workbook(BytesIO(raw), read_only=True, data_only=True)
        sheet = book["同定表"] if "同定表" in book.sheetnames else book.worksheets[0]
        return [[_text(value) for value in row] for row in sheet.iter_rows(values_only=True)]
    except GaijiError:
        raise
    except Exception as error:  # openpyxl lets many kinds out of a broken file
        raise GaijiError(
            fault("E0241", "XLSXとして読めません（{kind}）", kind=type(error).__name__),
            where=str(path),
            next=tr("Excelで開けるか確かめてください"),
        ) from error


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, (datetime, date)):
        return value.strftime("%Y-%m-%d")
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def _day(cell: str) -> str | None:
    """A date as YYYY-MM-DD; today for an empty cell, None for what is no date.

    Five digits are a spreadsheet's serial day: a date typed into a cell of another format is saved so.
    """
    if not cell:
        return date.today().isoformat()
    if len(cell) == 5 and cell.isascii() and cell.isdigit():
        return (date(1899, 12, 30) + timedelta(days=int(cell))).isoformat()
    for form in ("%Y-%m-%d", "%Y/%m/%d", "%Y.%m.%d", "%Y年%m月%d日"):
        try:
            return datetime.strptime(cell, form).date().isoformat()
        except ValueError:
            continue
    return None

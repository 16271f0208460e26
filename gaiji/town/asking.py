"""The questions of who is whom as a sheet, and the sheet back with what a clerk answered.

Owns columns, looks and checks of the sheet. Which pairs are asked about is ``matched``'s, what is kept of the
answers ``gaiji.queue.bonds``'s.
"""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Mapping, Sequence
from io import BytesIO, StringIO
from pathlib import Path

import polars as pl

from gaiji.disk.apart import Place, keep_apart
from gaiji.disk.files import write_whole
from gaiji.errors import GaijiError, UsageError
from gaiji.errors.messages import fault, mark, tr
from gaiji.output.cells import kept_cell
from gaiji.output.lines import BOM
from gaiji.output.workbooks import landscape, new_workbook
from gaiji.queue.accounts import signed_in
from gaiji.queue.bonds import ANSWERS, SAME, Bond, Bonds
from gaiji.queue.decisions import Decisions
from gaiji.queue.queue import open_queue
from gaiji.tables.grid import read_sheets
from gaiji.town.masks import ANY, MASKED
from gaiji.town.places import places_of
from gaiji.town.project import Town
from gaiji.town.queued import has_queue
from gaiji.town.telling import MORE
from gaiji.town.told import Identity

ID, ANSWER, WHY, WHO = mark("管理番号"), mark("回答"), mark("根拠"), mark("回答者")
TAIL = (ANSWER, WHY, WHO)
ABOUT = {
    "name": mark("氏名"),
    "kana": mark("フリガナ"),
    "birth": mark("生年月日"),
    "sex": mark("性別"),
    "address": mark("住所"),
}
AGREES, DIFFERS = mark("一致"), mark("相違")
WORDS = {
    "name": mark("氏名"),
    "kana": mark("フリガナ"),
    "birth": mark("生年月日"),
    "sex": mark("性別"),
    "place": mark("住所"),
}
ANSWERED = (mark("一方"), mark("他方"), ANSWER, WHY, WHO, mark("回答日時"), mark("確認者"), mark("有効"))


def number_of(row: Mapping[str, object]) -> str:
    """The 管理番号 of a question: the same as long as both records say what they say."""
    whole = f"{row['one']}\t{row['other']}\t{row['basis']}"
    return "P" + hashlib.sha256(whole.encode()).hexdigest()[:12].upper()


def write_questions(town: Town, identity: Identity, path: str | Path) -> int:
    """Write what is asked as .csv or .xlsx, the questions about one record together; how many rows.
    UsageError for another suffix, or a file that the town reads or has made."""
    rows = [_cells(row) for row in identity.asked.iter_rows(named=True)]
    return _write(town, path, _heads(), rows)


def write_answers(town: Town, bonds: Sequence[Bond], path: str | Path) -> int:
    """Write what was answered as .csv or .xlsx: two records, answer, why, who, when, whether it stands."""
    rows = [
        [
            b.one,
            b.other,
            tr(ANSWERS[b.answer]),
            b.evidence,
            b.person,
            b.at,
            b.confirmed_by,
            "✓" if b.stands else "",
        ]
        for b in bonds
    ]
    return _write(town, path, [tr(name) for name in ANSWERED], rows)


def _write(town: Town, path: str | Path, heads: Sequence[str], rows: Sequence[Sequence[str]]) -> int:
    path = Path(path)
    if path.suffix.lower() not in (".csv", ".xlsx"):
        raise UsageError(
            fault("E0825", "is no .csv or .xlsx file"), where=str(path), next=tr("give another name")
        )
    keep_apart([Place("sheet", path)], places_of(town))
    made = _csv(heads, rows) if path.suffix.lower() == ".csv" else _xlsx(heads, rows)
    write_whole(path, made, own=True)
    return len(rows)


def take_answers(
    town: Town, identity: Identity, path: str | Path, *, confirm: str = "one-person", user: str = ""
) -> tuple[int, list[str]]:
    """Take what a clerk wrote into a sheet: how many answers, and what is wrong with the others, a line each.
    ``user``: who has signed in, in a queue with accounts. GaijiError where the file is no such sheet."""
    asked = {number_of(row): row for row in identity.asked.iter_rows(named=True)}
    said, wrong = [], []
    for number, cells in _read(Path(path)):
        id_, answer, why, who = (cells.get(tr(name), "").strip() for name in (ID, ANSWER, WHY, WHO))
        if not (answer or why or who):
            continue
        where = tr("row {row}", row=number)
        word = next((key for key, text in ANSWERS.items() if answer in (key, text, tr(text))), "")
        if id_ not in asked:
            wrong.append(tr("{where}: {id} is not asked now: write the sheet anew", where=where, id=id_))
        elif not word:
            wrong.append(
                tr("{where}: {answer!r} is neither 同一人 nor 別人", where=where, answer=answer[:20])
            )
        elif not why or not who:
            wrong.append(tr("{where}: who answers, and on what evidence, is missing", where=where))
        else:
            row = asked[id_]
            said.append((where, Bond(row["one"], row["other"], row["basis"], word, why, who, "")))
    wrong += _twice([one for _, one in said])
    return (0, wrong) if wrong else (_keep(town, said, wrong, confirm, user), wrong)


def _twice(said: Sequence[Bond]) -> list[str]:
    """A record is no two people."""
    same = [one.other for one in said if one.answer == SAME]
    return [
        tr("{record} is said to be two people: keep one 同一人", record=record)
        for record in sorted({one for one in same if same.count(one) > 1})
    ]


def _keep(town: Town, said: Sequence[tuple[str, Bond]], wrong: list[str], confirm: str, user: str) -> int:
    queue = open_queue(town.queue)
    try:
        bonds = Bonds(Decisions(queue, confirm=confirm, signed=bool(user), only=user))
        with queue.writing() as connection:
            for where, one in said:
                try:
                    bonds.answer_in(connection, one)
                except UsageError as error:
                    wrong.append(f"{where}: {error}")
    finally:
        queue.close()
    return len(said) - len(wrong)


def every_answer(town: Town) -> list[Bond]:
    """All answers, those that wait for a second person too; none where there is no queue yet."""
    if not has_queue(town):
        return []
    queue = open_queue(town.queue)
    try:
        return Bonds(Decisions(queue)).all()
    finally:
        queue.close()


def who_acts(town: Town, user: str, password: str) -> str:
    """Who signs in. UsageError for a wrong name or password."""
    queue = open_queue(town.queue)
    try:
        return signed_in(queue, user, password)
    finally:
        queue.close()


def take_back(town: Town, one: str, other: str, person: str, *, user: str = "") -> None:
    """Take an answer back: the two are asked about again. UsageError where none was given."""
    queue = open_queue(town.queue)
    try:
        Bonds(Decisions(queue, signed=bool(user), only=user)).take_back(one, other, person)
    finally:
        queue.close()


# -- cells ---------------------------------------------------------------------------------------------


def _heads() -> list[str]:
    sides = [f"{tr(name)} {side}" for name in ABOUT.values() for side in ("A", "B")]
    return [tr(ID), "A", "B", *sides, tr(AGREES), tr(DIFFERS), *map(tr, TAIL)]


def _cells(row: Mapping[str, str]) -> list[str]:
    said = [_shown(str(row[f"{name}_{side}"] or "")) for name in ("name", *MORE) for side in ("one", "other")]
    return [
        number_of(row),
        row["one"],
        row["other"],
        *said,
        _told(row["agrees"]),
        _told(row["differs"]),
        "",
        "",
        "",
    ]


def _shown(text: str) -> str:
    """A name with 〓 for codes that nobody knows."""
    return pl.Series([text]).str.replace_all(MASKED, ANY)[0]  # type: ignore[no-any-return]


def _told(words: str) -> str:
    """The fields that agree or differ, in Japanese."""
    return "・".join(dict.fromkeys(tr(WORDS[word.partition(":")[0]]) for word in words.split()))


def _csv(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> bytes:
    text = StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(heads)
    writer.writerows([kept_cell(cell) for cell in row] for row in rows)
    return BOM + text.getvalue().encode()


def _xlsx(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> bytes:
    out = BytesIO()
    book = new_workbook(out)
    page = book.add_worksheet(tr("同一人の確認"))
    text = book.add_format({"border": 1, "valign": "vcenter", "num_format": "@"})
    head = book.add_format({"bold": True, "bg_color": "#E7E6E6", "border": 1})
    for column, name in enumerate(heads):
        page.set_column(column, column, 16)
        page.write_string(0, column, name, head)
    for at, row in enumerate(rows, 1):
        for column, cell in enumerate(row):
            page.write_string(at, column, cell, text)
    if tr(ANSWER) in heads and rows:
        column = heads.index(tr(ANSWER))
        page.data_validation(
            1, column, len(rows), column, {"validate": "list", "source": [*map(tr, ANSWERS.values())]}
        )
    page.freeze_panes(1, 1)
    landscape(page, head=0)
    book.close()
    return out.getvalue()


def _read(path: Path) -> list[tuple[int, Mapping[str, str]]]:
    """The rows below the head, by column."""
    for sheet in read_sheets(path):
        for at, (_, cells) in enumerate(sheet.rows):
            heads = [cell.strip() for cell in cells]
            if tr(ID) in heads and tr(ANSWER) in heads:
                return [(row, dict(zip(heads, below, strict=False))) for row, below in sheet.rows[at + 1 :]]
    raise GaijiError(
        fault("E0826", "is no sheet of people"),
        where=str(path),
        next=tr("give the .csv or .xlsx that gaiji identity --output wrote"),
    )

"""The 箇所表: one row for each place of a record that no table can settle, out as CSV and back in.

Owns its columns and the checks of what comes back: checked whole before anything is written. Answers are
given by ``gaiji.queue.places``.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from io import StringIO
from pathlib import Path

from gaiji.disk.apart import Place as OnDisk
from gaiji.disk.apart import keep_apart
from gaiji.disk.files import write_whole
from gaiji.errors import GaijiError, QueueError
from gaiji.errors.messages import tr
from gaiji.output.cells import kept_cell
from gaiji.output.lines import BOM
from gaiji.queue.accounts import same_person
from gaiji.queue.decisions import PLACES, Decisions
from gaiji.queue.places import ANSWERS, Place, Places, check_answer
from gaiji.queue.queue import Queue
from gaiji.queue.words import REASONS
from gaiji.review.sheets.cells import ERRORS, made_of, number_cell, one_of, read_number
from gaiji.review.sheets.reading import Came
from gaiji.review.sheets.refusals import Imported, Refusal, joined_cells, refused, with_joined
from gaiji.run.places import decisions_beside, queue_reads

NUMBER, KEY, FIELD, NOW, ANSWER = "箇所番号", "記録のキー", "項目", "いまの文字", "回答"
FIXED = (NUMBER, "旧コード", "理由", KEY, FIELD, "位置", NOW, "用例")
FILLED = ("根拠", "回答者", "備考", "確認者")
"""Columns in which one joined cell may speak for the rows beside it."""
EDITED = (ANSWER, "復元した文字", "根拠", "回答者", "備考", "確認者")
COLUMNS = (*FIXED, *EDITED)


def export_places(queue: Queue, path: Path) -> int:
    """Write every place of a queue as CSV; returns how many."""
    keep_apart([OnDisk("sheet", path)], [*queue_reads(queue), *decisions_beside(queue)])
    text = StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    count, places = 0, Places(Decisions(queue))
    for found in queue.items():
        if found.reason not in PLACES:
            continue
        for one in places.of(found.id):
            fixed = (
                number_cell(one.id, one.version),
                found.code,
                tr(REASONS[found.reason]),
                one.record_key,
                one.field,
            )
            more = (str(one.position + 1), one.old, one.text)
            writer.writerow([kept_cell(cell) for cell in (*fixed, *more, *_answered(one))])
            count += 1
    write_whole(path, BOM + text.getvalue().encode("utf-8"))
    return count


def _answered(one: Place) -> tuple[str, ...]:
    """The edited cells of a place."""
    answer = tr(ANSWERS[one.answer]) if one.answer else ""
    return answer, one.new, one.evidence, one.person, one.note, one.confirmed_by


@dataclass(frozen=True)
class _Said:
    """One row that says something new."""

    place: Place
    person: str
    answer: str
    more: Mapping[str, str]


def import_places(
    queue: Queue,
    path: Path,
    came: Came,
    *,
    confirm: str = "one-person",
    dry_run: bool = False,
    user: str = "",
) -> Imported:
    """Take the answers of a 箇所表; Refused (with every wrong cell) leaves the queue untouched."""
    places = Places(Decisions(queue, confirm=confirm, signed=bool(user), only=user))
    joined, refusals = joined_cells(came, FILLED)
    table = with_joined(came, joined)
    said = [one for number, row in table if (one := _row(places, number, row, refusals)) is not None]
    if refusals:
        raise refused(path, came, refusals)
    if not dry_run:
        try:
            with queue.writing() as connection:
                for one in said:
                    version = one.place.version
                    places.answer_in(
                        connection, one.place.id, one.person, one.answer, one.more, version=version
                    )
        except GaijiError as error:
            raise QueueError(error.what, where=f"{path} {error.where}", next=error.next) from error
    second = sum(bool(one.place.answer) and not same_person(one.place.person, one.person) for one in said)
    return Imported(len(said) - second, second, len(table) - len(said))


def _row(places: Places, number: int, row: Mapping[str, str], refusals: list[Refusal]) -> _Said | None:
    """What a row says anew, None for one that says nothing or is refused."""
    named = read_number(row[NUMBER])
    found = places.place(named[0]) if named else None
    if named is None or found is None:
        right = tr("書き出した表の番号のままにしてください")
        refusals.append(Refusal(number, NUMBER, tr("この番号の箇所は箇所表にありません"), right))
        return None
    words = {**row, ANSWER: one_of(row[ANSWER], [*map(tr, ANSWERS.values()), *ANSWERS])}
    if tuple(words[name] for name in EDITED) == _answered(found):
        return None
    if named[1] != found.version:
        right = tr("表を書き出し直してください")
        refusals.append(Refusal(number, NUMBER, tr("書き出した後にほかの人が回答しました"), right))
        return None
    wrong = _wrong(number, words, found)
    refusals += wrong
    if wrong:
        return None
    answer = next(
        (name for name, word in ANSWERS.items() if words[ANSWER] in (name, tr(word))), words[ANSWER]
    )
    person = row["確認者"] if row["確認者"] != found.confirmed_by else row["回答者"]
    try:
        check_answer(person, answer, row["復元した文字"], row["根拠"])
    except GaijiError as error:
        refusals.append(Refusal(number, ANSWER, str(error.what), error.next))
        return None
    more = {"new": row["復元した文字"], "evidence": row["根拠"], "note": row["備考"]}
    return _Said(found, person, answer, more)


def _wrong(number: int, row: Mapping[str, str], found: Place) -> list[Refusal]:
    """Every cell of a row that is not as it was written, or holds the mistake of a formula."""
    out = []
    for column, right in ((KEY, found.record_key), (FIELD, found.field), (NOW, found.old)):
        if row[column] != right.strip() and not made_of(row[column], right):
            back = tr("「{right}」に戻してください", right=right)
            out.append(Refusal(number, column, tr("変更できない列が変わっています"), back))
    for column in EDITED:
        if ERRORS.fullmatch(row[column]):
            why = tr("数式の誤り（{cell}）です", cell=row[column])
            out.append(Refusal(number, column, why, tr("値を書いてください")))
    return out

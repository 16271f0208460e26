"""What a sheet that came back was good for: what was taken of it, or every cell that cannot be.

Owns the words for both; the checks are ``rows``' and ``places``'.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from gaiji.errors import QueueError
from gaiji.errors.messages import fault, tr
from gaiji.review.sheets.reading import Area, Came


@dataclass(frozen=True)
class Refusal:
    """A cell that cannot be taken: its row in the sheet, the column, why, and what to write instead."""

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
    """A sheet with wrong cells; nothing was taken. ``refusals`` lists them, ``came`` is the sheet."""

    refusals: tuple[Refusal, ...] = ()
    came: Came


def refused(path: Path, came: Came, refusals: Sequence[Refusal]) -> Refused:
    """The error for a sheet with these wrong cells, in the order of the sheet."""
    error = Refused(
        fault("E0235", "{count}件の誤りがあり、何も取り込みませんでした", count=len(refusals)),
        where=str(path),
        next=tr("直して、もう一度取り込んでください"),
    )
    error.refusals = tuple(sorted(refusals, key=lambda one: (one.row, came.columns.get(one.column, 0))))
    error.came = came
    return error


@dataclass(frozen=True)
class Imported:
    """What a sheet held: rows decided anew, rows confirmed, rows left as they were, rows put off or left out;
    ``notes``: what a spreadsheet had changed in it, in words."""

    decided: int
    confirmed: int
    unchanged: int
    put: int = 0
    notes: tuple[str, ...] = ()


def joined_cells(came: Came, filled: Sequence[str]) -> tuple[dict[tuple[int, str], str], list[Refusal]]:
    """What joined cells say: in a column of ``filled``, below each other, the first row's text for each row;
    anything else is refused, for a spreadsheet keeps one cell of them and drops the others."""
    texts = dict(came.rows)
    out: dict[tuple[int, str], str] = {}
    refusals: list[Refusal] = []
    told: set[Area] = set()
    for (row, column), area in came.joined.items():
        if column in filled and area[1] == area[3] and area[0] in texts:
            out[row, column] = texts[area[0]][column]
        elif area not in told:
            told.add(area)
            why = tr("セルが結合されています（{first}〜{last}行目）", first=area[0], last=area[2])
            refusals.append(Refusal(row, column, why, tr("結合を解いて、一行ずつ書いてください")))
    return out, refusals


def with_joined(came: Came, cells: Mapping[tuple[int, str], str]) -> list[tuple[int, dict[str, str]]]:
    """The rows with what joined cells say in each of them."""
    return [
        (number, {name: cells.get((number, name), cell) for name, cell in row.items()})
        for number, row in came.rows
    ]

"""What a code's row rests on: its grade, its note, and the disputes about it.

Owns ``mappings/disputes.tsv`` at run time, the counts of rows by grade, and how both are told. Does not
own the rows
(``gaiji.codes.tables``) nor which of them is in force (``gaiji.codes.charset``).
"""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Sequence
from functools import lru_cache

from gaiji.codes.code import write_code
from gaiji.codes.tables import ENCODE_ONLY, GRADES, Row, Table, load_table, table_ids
from gaiji.disk.datafiles import mappings_dir
from gaiji.model.plain import dataclass


@dataclass(frozen=True)
class Dispute:
    """Two sources that disagree about a code: what each says, what was chosen, and why."""

    table: str
    code: str
    said: tuple[tuple[str, str], ...]
    chosen: str
    why: str

    def __str__(self) -> str:
        said = "; ".join(f"{source}: {ucs or 'nothing'}" for ucs, source in self.said if source)
        return f"dispute ({self.table}): {said}; {self.why}"


@lru_cache(maxsize=1)
def _disputes() -> dict[tuple[str, str], tuple[Dispute, ...]]:
    found: dict[tuple[str, str], list[Dispute]] = {}
    with (mappings_dir() / "disputes.tsv").open(encoding="utf-8", newline="") as stream:
        for row in csv.DictReader(stream, delimiter="\t", quoting=csv.QUOTE_NONE):
            said = ((row["ucs_a"], row["source_a"]), (row["ucs_b"], row["source_b"]))
            one = Dispute(row["table"], row["code"], said, row["chosen"], row["why"])
            found.setdefault((row["table"], row["code"]), []).append(one)
    return {key: tuple(some) for key, some in found.items()}


def disputes_of(table: str, code: str) -> tuple[Dispute, ...]:
    """The disputes about a code (upper-case hex) of a shipped table."""
    return _disputes().get((table, code), ())


@dataclass(frozen=True)
class Fact:
    """A row of a shipped table for a code, with the disputes about it."""

    table: str
    row: Row
    disputes: tuple[Dispute, ...]

    def __str__(self) -> str:
        shown = self.row.text or "no character"
        note = f"; {self.row.note}" if self.row.note else ""
        return f"{self.table}: {shown}, grade {self.row.grade}{note}"


@lru_cache(maxsize=1)
def _tables_of() -> dict[str, tuple[str, ...]]:
    """Code system in lower case → the ids of its tables."""
    found: dict[str, list[str]] = {}
    for table_id in table_ids():
        found.setdefault(load_table(table_id).system.lower(), []).append(table_id)
    return {system: tuple(ids) for system, ids in found.items()}


@lru_cache(maxsize=8)
def _by_code(system: str) -> dict[str, tuple[Fact, ...]]:
    found: dict[str, list[Fact]] = {}
    for table_id in _tables_of().get(system, ()):
        table = load_table(table_id)
        for row in table.rows:
            if row.flag != ENCODE_ONLY:
                code = write_code(table.form, row.code, row.size)
                found.setdefault(code, []).append(Fact(table_id, row, disputes_of(table_id, code)))
    return {code: tuple(facts) for code, facts in found.items()}


def facts(system: str, code: str) -> tuple[Fact, ...]:
    """What the shipped tables of a code system (``JEF``) have for a code (``41A1``), in the order of their
    ids."""
    return _by_code(system.lower()).get(code.upper(), ())


def note_of(system: str, code: str) -> str:
    """The notes of the shipped rows for a code that say what a person should know, in one line."""
    found = [fact.row for fact in facts(system, code)]
    return "／".join(dict.fromkeys(row.note for row in found if row.note and not row.sure))


@dataclass(frozen=True)
class Counted:
    """The rows of a table that decode, by what they say and what they rest on."""

    table: str
    rows: int
    mapped: int
    ambiguous: int
    near: int
    described: int
    grades: tuple[int, ...]
    """In the order of ``GRADES`` without ``site``."""


def counted(table: Table) -> Counted:
    """Count a table's rows: mapped; ambiguous (several forms); near (one candidate or a sign that is not
    quite it);
    described (a note and no character). The last three are findings."""
    rows = [row for row in table.rows if row.flag != ENCODE_ONLY]
    several = sum(len(row.names) > 1 for row in rows if not row.sure)
    described = sum(not row.text and not row.glyph for row in rows)
    mapped = sum(row.sure for row in rows)
    by_grade = Counter(row.grade for row in rows)
    grades = tuple(by_grade[grade] for grade in GRADES[:-1])
    near = len(rows) - mapped - several - described
    return Counted(table.id, len(rows), mapped, several, near, described, grades)


def counts_markdown(prefixes: Sequence[str]) -> str:
    """The counts of all shipped tables whose ids begin so, as a table of ``docs/charsets/*.md``."""
    head = ("table", "rows", "mapped", "ambiguous", "near", "described only", *GRADES[:-1])
    lines = [f"| {' | '.join(head)} |", f"|{'---|' * len(head)}"]
    for table_id in table_ids():
        if table_id.startswith(tuple(prefixes)):
            one = counted(load_table(table_id))
            cells = (one.rows, one.mapped, one.ambiguous, one.near, one.described, *one.grades)
            lines.append(f"| {table_id} | {' | '.join(f'{cell:,}' for cell in cells)} |")
    return "\n".join(lines) + "\n"

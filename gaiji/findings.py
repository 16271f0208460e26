"""Groups a batch's findings for people: what, where, how often, with a few occurrences.

Owns grouping, samples and how much personal data a sample holds. Does not decide policies (``gaiji.job``)
nor keep a queue (``gaiji.review``).
"""

from __future__ import annotations

from array import array
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from gaiji.columns import Fields
from gaiji.framing import Batch
from gaiji.job import Job
from gaiji.model import Field, Reason
from gaiji.program import K
from gaiji.sinks import Column

REVIEWED_ROLES = frozenset({"name", "kana", "address"})
"""Fields whose findings go to the review queue; those of others are counted in the manifest."""
NAMES = ("row", "offset", "position", "code", "size", "reason")
Failure = tuple[Field, Reason, str, int, int]
"""The field, reason, code, record number and byte offset of a finding whose policy is ``fail``."""


@dataclass(frozen=True)
class Hit:
    """A group of equal findings in one field of one batch, with its first occurrences.

    ``records``: those of the batch that have the finding here and in no earlier reviewed field, so that the
    sum over fields is the number of people affected. ``samples``: (record number, key, position, text).
    """

    field: Field
    code: str
    reason: Reason
    count: int
    samples: tuple[tuple[int, str, int, str], ...]
    records: int = 0


class Findings:
    """Reads the kernel's findings for one job."""

    def __init__(self, fields: Fields, job: Job) -> None:
        self.fields = fields
        self.charset = fields.charset
        self.job = job
        self.policy = job.policy

    def group(
        self, batch: Batch, found: Sequence[tuple[Field, array[int]]], columns: Sequence[Column]
    ) -> tuple[list[Hit], list[int], Failure | None]:
        """Group a batch's findings; which rows are dropped; the first that makes the run fail."""
        import polars as pl

        from gaiji.arrow import int64_series

        hits: list[Hit] = []
        drop: set[int] = set()
        seen: dict[tuple[str, Reason], set[int]] = {}
        failed: list[Failure] = []
        by_name = {c.name: c for c in columns}
        for spec, findings in found:
            flat = int64_series("f", findings)
            frame = pl.DataFrame(
                {
                    name: flat.gather_every(K["FINDING"], i)
                    for i, name in enumerate(("row", "offset", "position", "code", "size", "reason"))
                }
            )
            wanted = self.job.review["samples"]
            groups = frame.group_by("code", "size", "reason", maintain_order=True).agg(
                pl.len().alias("count"),
                pl.col("row", "offset", "position").head(max(wanted, 1)),
                pl.col("row").unique().alias("rows"),
            )
            for code, size, reason_id, count, rows, offsets, positions, every in groups.iter_rows():
                reason = Reason(reason_id)
                text = self.code_hex(code, size)
                how = self.policy[reason]
                if how == "drop-record":
                    drop.update(frame.filter(pl.col("reason") == reason_id)["row"].to_list())
                elif how == "fail":
                    failed.append(
                        (
                            spec,
                            reason,
                            text,
                            batch.record_number(rows[0]),
                            self._file_offset(batch, spec, rows[0], offsets[0]),
                        )
                    )
                samples = (
                    tuple(
                        (
                            batch.record_number(row),
                            self._key_of(batch, by_name, row),
                            position,
                            self._marked(by_name[spec.name], row, position),
                        )
                        for row, position in zip(rows[:wanted], positions[:wanted], strict=True)
                    )
                    if spec.role in REVIEWED_ROLES
                    else ()
                )
                fresh = 0
                if spec.role in REVIEWED_ROLES:
                    before = seen.setdefault((text, reason), set())
                    fresh = -len(before)
                    before.update(every)
                    fresh += len(before)
                hits.append(Hit(spec, text, reason, count, samples, fresh))
        return hits, sorted(drop), min(failed, key=lambda f: f[3]) if failed else None

    def code_hex(self, code: int, size: int) -> str:
        """A source code as the queue names it."""
        if self.charset.spec.kind == "decimal" and size > 1:
            return f"{code:0{size}d}"
        if self.charset.spec.kind.startswith("utf") and size > 1:
            return f"{code:04X}"
        return f"{code:0{2 * size}X}" if size else ""

    def _file_offset(self, batch: Batch, spec: Field, row: int, offset: int) -> int:
        starts, _, at, _ = self.fields.place(batch, spec)
        return int(batch.file_offset + starts[row] + at + offset)

    def _key_of(self, batch: Batch, columns: Mapping[str, Column], row: int) -> str:
        key = self.job.review["key"]
        return _cell(columns[key], row)[:200] if key else str(batch.record_number(row))

    def _marked(self, column: Column, row: int, position: int) -> str:
        """The field's text with the finding between 【 and 】, no more than the context allows."""
        context = self.job.review["context"]
        if context == "none":
            return ""
        text = _cell(column, row)
        parts = _characters(text)
        if context == "glyph-only":
            return parts[position] if position < len(parts) else ""
        if position >= len(parts):
            return text + "【】"
        return "".join(parts[:position]) + "【" + parts[position] + "】" + "".join(parts[position + 1 :])


def _cell(column: Column, row: int) -> str:
    return bytes(column.data[column.offsets[row] : column.offsets[row + 1]]).decode("utf-8", "replace")


def _characters(text: str) -> list[str]:
    """Text cut where the source's characters were, as far as the text shows: tags and selectors stay
    whole."""
    import regex

    found: list[str] = regex.findall(
        r"\{[A-Z0-9-]+:[0-9A-F]+\}|.[\U000E0100-\U000E01EF\u3099\u309A]*", text, regex.DOTALL
    )
    return found

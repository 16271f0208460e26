"""Groups a batch's findings for people: what, where, how often, with a few occurrences.

Owns grouping, samples and how much personal data a sample holds. Does not decide policies (``gaiji.run.job``)
nor keep a queue (``gaiji.queue``);
reasons are set below, in ``gaiji.codes.program`` and the kernel.
"""

from __future__ import annotations

from array import array
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from gaiji.columns.decode import Decoder
from gaiji.columns.individual import number_holds
from gaiji.columns.numeric import NUMERIC
from gaiji.kernel.decode import CONSTANTS as DECODE
from gaiji.model import ROLES, Column, Field, Reason
from gaiji.model.plain import dataclass
from gaiji.records.batch import Batch
from gaiji.standard.characters import coded
from gaiji.standard.individual import hidden, holds

if TYPE_CHECKING:
    import polars as pl

REVIEWED_ROLES = frozenset({"name", "kana", "address"})
"""Fields all of whose findings go to the review queue."""
CODE_REASONS = frozenset(
    {
        Reason.UNMAPPED_GAIJI,
        Reason.UNMAPPED_EXTENSION,
        Reason.AMBIGUOUS,
        Reason.NO_UNICODE,
        Reason.NOT_IN_STANDARD,
    }
)
"""What is about a code, which means the same in every field: it goes to the queue from any of them."""
NAMES = ("row", "offset", "position", "code", "size", "reason")
Failure = tuple[Field, Reason, str, int, int]
"""The field, reason, code, record number and byte offset of a finding whose policy is ``fail``."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a reason was met first: record number from 1, field, byte offset in the input."""

    record: int
    field: str
    offset: int


Reasons = dict[Reason, tuple[int, Place]]
"""For each reason: how many records have such a finding, and the first of them."""


def reviewed(role: str, reason: Reason, roles: Collection[str]) -> bool:
    """Whether a finding waits for a person, where ``roles`` are those that the job lets into the queue.

    What is wrong in a number is no question of characters: it is told and counted, and does not go there.
    """
    return (
        role in roles
        and reason is not Reason.BAD_NUMBER
        and (role in REVIEWED_ROLES or reason in CODE_REASONS)
    )


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


class Grouping:
    """Reads the kernel's findings: what they are, whom they concern, what the policies make of them.

    ``policy``: what happens to each reason; ``samples``: how many occurrences a group keeps; ``key``: the
    column that tells records apart ("": their number); ``context``: how much text a sample holds, one of
    ``field``, ``glyph-only``, ``none``; ``roles``: the fields whose findings may go to the queue.
    """

    def __init__(
        self,
        decoder: Decoder,
        *,
        policy: Mapping[Reason, str],
        samples: int,
        key: str,
        context: str,
        roles: Collection[str] = ROLES,
    ) -> None:
        self.decoder = decoder
        self.charset = decoder.charset
        self.policy = policy
        self.samples = samples
        self.key = key
        self.context = context
        self.roles = roles
        roles_of = {spec.name: spec.role for spec in decoder.fields}
        if context != "field" and roles_of.get(key) in ("name", "kana"):
            self.key = ""  # a key that is a name would be one in the queue

    def group(
        self, batch: Batch, found: Sequence[tuple[Field, array[int]]], columns: Sequence[Column]
    ) -> tuple[list[Hit], list[int], Failure | None, Reasons]:
        """Group a batch's findings; which rows are dropped; the first that makes the run fail; the records of
        each reason."""
        hits: list[Hit] = []
        drop: set[int] = set()
        seen: dict[tuple[str, Reason], set[int]] = {}
        failed: list[Failure] = []
        rows: dict[Reason, set[int]] = {}
        first: dict[Reason, list[Failure]] = {}
        by_name = {c.name: c for c in columns}
        for spec, findings in found:
            frame = _frame(findings)
            drop.update(self._dropped(frame))
            number = spec.type in NUMERIC or spec.type == "float"
            groups = self._numbers(batch, spec, frame) if number else self._groups(frame)
            for group in groups.iter_rows(named=True):
                reason = Reason(group["reason"])
                code = group["hex"] if number else self.code_hex(spec, group["code"], group["size"])
                told = group["byte"] if number else code
                place = self._failure(batch, spec, reason, told, group)
                first.setdefault(reason, []).append(place)
                rows.setdefault(reason, set()).update(group["rows"])
                if self.policy[reason] == "fail":
                    failed.append(place)
                hit = Hit(spec, code, reason, group["count"], ())
                if reviewed(spec.role, reason, self.roles):
                    fresh = _fresh(seen.setdefault((code, reason), set()), group["rows"])
                    hit = replace(hit, samples=self._samples(batch, spec, by_name, group), records=fresh)
                hits.append(hit)
        reasons = {reason: (len(some), _earliest(first[reason])) for reason, some in rows.items()}
        return hits, sorted(drop), min(failed, key=lambda f: f[3]) if failed else None, reasons

    def _groups(self, frame: pl.DataFrame) -> pl.DataFrame:
        """Equal findings together: how many, the first of them, and every row that has one."""
        import polars as pl

        return frame.group_by("code", "size", "reason", maintain_order=True).agg(
            pl.len().alias("count"),
            pl.col("row", "offset", "position").head(max(self.samples, 1)),
            pl.col("row").unique().alias("rows"),
        )

    def each(self, batch: Batch, found: Sequence[tuple[Field, array[int]]]) -> pl.DataFrame:
        """A batch's findings one by one, in the order of the fields: ``row``, ``field``, ``position``,
        ``code`` and ``reason`` as the queue and the manifest name them."""
        import polars as pl

        schema = {"row": pl.Int64, "field": pl.String, "position": pl.Int64}
        schema |= {"code": pl.String, "reason": pl.String}
        parts = [pl.DataFrame(schema=schema)]
        for spec, findings in found:
            frame = _frame(findings)
            if spec.type in NUMERIC or spec.type == "float":
                frame = self._raws(batch, spec, frame)
            else:
                known = {
                    (c, s): self.code_hex(spec, c, s) for c, s in frame["code", "size"].unique().iter_rows()
                }
                hexes = [known[place] for place in frame["code", "size"].iter_rows()]
                frame = frame.with_columns(pl.Series("hex", hexes, dtype=pl.String))
            labels = {int(reason): reason.label for reason in Reason}
            reasons = pl.col("reason").replace_strict(labels, return_dtype=pl.String)
            named = pl.lit(spec.name).alias("field")
            parts.append(frame.select("row", named, "position", pl.col("hex").alias("code"), reasons))
        return pl.concat(parts)

    def _numbers(self, batch: Batch, spec: Field, frame: pl.DataFrame) -> pl.DataFrame:
        """What is wrong in numbers, by reason and by ``hex``."""
        import polars as pl

        return (
            self._raws(batch, spec, frame)
            .group_by("hex", "reason", maintain_order=True)
            .agg(
                pl.len().alias("count"),
                pl.col("byte").first(),
                pl.col("row", "offset", "position").head(max(self.samples, 1)),
                pl.col("row").unique().alias("rows"),
            )
        )

    def _raws(self, batch: Batch, spec: Field, frame: pl.DataFrame) -> pl.DataFrame:
        """Findings of numbers with ``hex``: the bytes of the whole field where the context lets them be told
        and they hold no 個人番号, else the byte that is wrong (``byte``), as errors do."""
        import polars as pl

        starts, ends, offset, length = self.decoder.place(batch, spec)
        raws, wrong = [], []
        for row, at in zip(frame["row"], frame["offset"], strict=True):
            begin = min(starts[row] + offset, ends[row])
            stop = ends[row] if length < 0 else min(begin + length, ends[row])
            raw = bytes(batch.src[begin:stop])
            wrong.append(raw[at : at + 1].hex().upper())
            whole = self.context == "field" and not number_holds(raw, spec.type, spec.order)
            raws.append(raw.hex().upper() if whole else wrong[-1])
        return frame.with_columns(
            pl.Series("hex", raws, dtype=pl.String), pl.Series("byte", wrong, dtype=pl.String)
        )

    def _dropped(self, frame: pl.DataFrame) -> list[int]:
        """Rows that the policies drop."""
        reasons = [int(reason) for reason, how in self.policy.items() if how == "drop-record"]
        return frame.filter(frame["reason"].is_in(reasons))["row"].to_list() if reasons else []

    def _failure(
        self, batch: Batch, spec: Field, reason: Reason, code: str, group: Mapping[str, Any]
    ) -> Failure:
        row = group["row"][0]
        starts, _, at, _ = self.decoder.place(batch, spec)
        offset = int(batch.file_offset + starts[row] + at + group["offset"][0])
        return spec, reason, code, batch.record_number(row), offset

    def _samples(
        self, batch: Batch, spec: Field, columns: Mapping[str, Column], group: Mapping[str, Any]
    ) -> tuple[tuple[int, str, int, str], ...]:
        places = zip(group["row"][: self.samples], group["position"][: self.samples], strict=True)
        return tuple(
            (
                batch.record_number(row),
                self._key_of(batch, columns, row),
                position,
                self._marked(columns[spec.name], row, position),
            )
            for row, position in places
        )

    def code_hex(self, spec: Field, code: int, size: int) -> str:
        """A source code of a field as the queue names it."""
        return self.decoder.charset_of(spec).code(code, size)

    def _key_of(self, batch: Batch, columns: Mapping[str, Column], row: int) -> str:
        told = _cell(columns[self.key], row)[:200] if self.key else ""
        return told if self.key and not holds(told) else str(batch.record_number(row))

    def _marked(self, column: Column, row: int, position: int) -> str:
        """The field's text with the finding between 【 and 】, no more than the context allows."""
        if self.context == "none":
            return ""
        text = _cell(column, row)
        parts = coded(text)
        if self.context == "glyph-only":
            return parts[position] if position < len(parts) else ""
        if position >= len(parts):
            return hidden(text) + "【】"
        before, after = "".join(parts[:position]), "".join(parts[position + 1 :])
        return f"{hidden(before)}【{parts[position]}】{hidden(after)}"


def _earliest(places: Sequence[Failure]) -> Place:
    """The first of some findings in the input; of one record the first field's."""
    spec, _, _, record, offset = min(places, key=lambda f: f[3])
    return Place(record, spec.name, offset)


def _frame(findings: array[int]) -> pl.DataFrame:
    """The kernel's findings of one field as a table of ``NAMES``."""
    import polars as pl

    from gaiji.kernel.arrow import int64_series

    flat = int64_series("f", findings)
    return pl.DataFrame({name: flat.gather_every(DECODE["FINDING"], i) for i, name in enumerate(NAMES)})


def _fresh(before: set[int], rows: Sequence[int]) -> int:
    """How many of these rows are not yet among those before, which they join."""
    count = len(before)
    before.update(rows)
    return len(before) - count


def _cell(column: Column, row: int) -> str:
    return bytes(column.data[column.offsets[row] : column.offsets[row + 1]]).decode("utf-8", "replace")

"""Where each byte of a record went: its code, text and glyph, and the layer, file and line that decided it.

Owns finding one record of a job's input and the telling of its bytes; decodes with the charset's stream
decoder, one byte at a time, so that every byte has its place.
"""

from __future__ import annotations

from array import array
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from gaiji.codes.by_glyph import pieces
from gaiji.codes.code import read_code
from gaiji.codes.stream import StreamDecoder
from gaiji.columns.decode import TEXTS
from gaiji.errors import UsageError
from gaiji.errors.messages import fault, tr
from gaiji.model import Decoded, Field, Reason
from gaiji.records.batch import Batch
from gaiji.records.quarantine import quarantine_paths
from gaiji.run.corrections import correct
from gaiji.run.job import Job
from gaiji.run.plan import Plan
from gaiji.run.stages import decode
from gaiji.run.target import form_of

Part = dict[str, Any]


def explain(
    job: Job | str | Path, record: int, *, field: str = "", overrides: Mapping[str, Any] | None = None
) -> list[Part]:
    """The parts of a record's fields, in order; ``record`` counts from 1, ``field`` names one field only.

    Each part has: ``field``, ``offset`` (in the field), ``bytes`` (hex), ``kind`` (character, shift, number,
    raw or padding), ``text``, ``glyph``, ``reason`` (of a finding), ``grade`` and ``note`` of the row that
    decided, ``layer``, ``file`` and ``line``; ``correction`` where somebody restored what stood there.
    Raises UsageError for a record or field that is not there. The result holds personal data.
    """
    plan = Plan.of(job, overrides)
    if plan.parts:
        plan, batch, row = _find_typed(plan, record)
    else:
        batch, row = _find(plan, record)
    if field and field not in {f.name for f in plan.fields}:
        plan.layout.field(field)  # raises with the nearest name
    parts: list[Part] = []
    kind = {"type": plan.job.type} if plan.number >= 0 else {}
    state, last = 0, plan.decoder.last_mixed
    for spec in plan.fields:
        starts, ends, offset, length = plan.decoder.place(batch, spec)
        begin = min(starts[row] + offset, ends[row])
        end = ends[row] if length < 0 else min(begin + length, ends[row])
        raw = bytes(batch.src[begin:end])
        if spec.type not in TEXTS:
            found = _whole(plan, batch, row, spec, raw)
        else:
            carry = plan.job.source["shift"] == "carry" and spec.type == "mixed" and not spec.charset
            own = replace(plan, charset=plan.decoder.charset_of(spec))
            found, after = _text(own, spec, raw, state if carry else 0, keep=carry and spec is not last)
            state = state if spec.charset else after
        if not field or spec.name == field:
            _corrected(plan, batch, row, spec, found)
            parts += [{"field": spec.name} | kind | part for part in found]
    return parts


def _corrected(plan: Plan, batch: Batch, row: int, spec: Field, found: list[Part]) -> None:
    """Say of the characters that people restored what stands there now, by whom, and which row says so."""
    if plan.corrections is None:
        return
    decoded = decode(plan, batch)
    characters = [part for part in found if part["kind"] == "character"]
    for one in correct(plan.corrections, batch, list(decoded.columns), decoded.found, plan.qualified("")):
        mine = one.row == row and one.correction.field == plan.qualified(spec.name)
        if mine and one.correction.position < len(characters):
            told = one.correction
            characters[told.position]["correction"] = {
                "text": told.new,
                "evidence": told.evidence,
                "decided_by": told.decided_by,
                "decided_at": told.decided_at,
                "file": plan.corrections.path.name,
                "line": told.line,
            }


def _find_typed(plan: Plan, record: int) -> tuple[Plan, Batch, int]:
    """The plan of the record's type, the batch of its records, and the row; UsageError where it is left
    out."""
    whole, row = _find(plan, record)
    assert whole.sorted is not None  # the plan has types
    part = plan.parts[whole.sorted.kinds[row]]
    batch = whole.sorted.parts[part.number]
    if batch is None:
        raise UsageError(
            fault("E0433", "records of type {name} are left out", name=part.job.type),
            where=plan.job.path,
            next=tr("remove skip from its [[record]]"),
        )
    assert batch.numbers is not None  # what was told apart has a number of its own
    return part, batch, list(batch.numbers).index(record)


def _find(plan: Plan, record: int) -> tuple[Batch, int]:
    reading = plan.read()
    for batch in reading:
        aside = any(bad.record == record for bad in batch.bad)
        begin = 0 if batch.numbers is not None else max(record - batch.first - len(batch.gaps), 0)
        for row in range(begin, 0 if aside else batch.rows):
            if batch.record_number(row) == record:
                return batch, row
            if batch.record_number(row) > record:
                break
        if aside:
            raise UsageError(
                fault("E0230", "record {record} could not be cut", record=record),
                where=plan.job.path,
                next=tr("see {value}", value=quarantine_paths(plan.job.named_path)[1]),
            )
    raise UsageError(
        fault("E0231", "there is no record {record}", record=record),
        where=plan.job.path,
        next=tr("the input has {records}", records=reading.reader.records),
    )


def _whole(plan: Plan, batch: Batch, row: int, spec: Field, raw: bytes) -> list[Part]:
    """A number, or bytes carried over unread: one part."""
    one = Batch(
        batch.src,
        [array("q", [s[row]]) for s in batch.starts],
        [array("q", [e[row]]) for e in batch.ends],
        1,
        batch.file_offset,
        1,
    )
    column, _, findings = plan.decoder.decode(one, spec, bytearray(1))
    part = _part(
        0, raw, "raw" if spec.type == "raw" else "number", bytes(column.data[: column.offsets[1]]).decode()
    )
    part |= {"layer": "layout", "file": Path(plan.layout.path or plan.job.path).name, "line": spec.line}
    return [part | ({"reason": Reason.BAD_NUMBER.label} if findings else {})]


def _text(plan: Plan, spec: Field, raw: bytes, state: int, *, keep: bool) -> tuple[list[Part], int]:
    """A text field, fed byte by byte; returns the shift state at its end too. ``keep``: the next field goes
    on with it.
    """
    if raw and not state and raw.count(0) == len(raw):  # low-values throughout: an empty field
        part = _part(0, raw, "empty", "")
        return [
            part
            | {"layer": "layout", "file": Path(plan.layout.path or plan.job.path).name, "line": spec.line}
        ], 0
    decoder = plan.charset.decoder(
        type=spec.type if plan.charset.kind.typed else "",
        role=spec.role,
        form=form_of(plan.job),
        policy=plan.job.policy,
    )
    decoder.state = state
    parts: list[Part] = []
    begin = 0
    for at in range(len(raw) + 1):
        end = at == len(raw)
        state = decoder.state
        out = decoder.feed(raw[at : at + 1], final=end)
        stop = (at + 1 if not end else at) - decoder.held
        if end and keep and state:
            out = Decoded(
                out.text, out.glyphs, out.codes, out.findings[:-1]
            )  # an open shift is no finding here
        parts += _units(plan, decoder, raw, begin, stop, out)
        begin = stop
    return parts, state


def _units(plan: Plan, decoder: StreamDecoder, raw: bytes, begin: int, stop: int, out: Decoded) -> list[Part]:
    """The parts that one more byte made whole."""
    reasons = [finding.reason for finding in out.findings]
    if not out.codes:
        if begin == stop and not reasons:
            return []
        part = _part(begin, raw[begin:stop], "shift", "")
        return [
            part | {"layer": "charset", "file": f"{plan.charset.name}.toml", "line": 0} | _reason(reasons)
        ]
    if len(out.codes) == 1:
        return [_character(plan, begin, raw[begin:stop], out.text, out.glyphs[0], out.codes[0], reasons)]
    parts, at = [], begin
    texts = pieces(
        out.glyphs, out.text, unicode=plan.charset.kind.unicode, repertoire=plan.charset.repertoire
    )
    texts = texts if len(texts) == len(out.codes) else [""] * len(out.codes)
    for i, code in enumerate(out.codes):  # half a character, and what the byte after it turned out to be
        size = min(_size(plan, code), stop - at) if i < len(out.codes) - 1 else stop - at
        mine = [f.reason for f in out.findings if f.code == code]
        parts.append(_character(plan, at, raw[at : at + size], texts[i], out.glyphs[i], code, mine[:1]))
        at += size
    return parts


def _size(plan: Plan, code: str) -> int:
    return plan.charset.kind.length(*read_code(plan.charset.kind.form, code))


def _character(
    plan: Plan, offset: int, raw: bytes, text: str, glyph: str | None, code: str, reasons: list[str]
) -> Part:
    """A source character with the row that decided it."""
    charset = plan.charset
    number, size = read_code(charset.kind.form, code)
    entry = charset.entry_of(number, size) if charset.kind.unicode or size == len(raw) else None
    rows = charset.explain(number, size) if entry and "broken-shift" not in reasons else []
    part = _part(offset, raw, "character", text) | {"code": code, "glyph": glyph or ""}
    if entry and rows:
        part |= {"layer": rows[0].layer, "file": rows[0].path, "line": rows[0].line}
        part |= {"grade": entry.row.grade, "note": entry.row.note}
        part["overridden"] = [f"{Path(row.path).name}:{row.line}" for row in rows[1:]]
    elif charset.kind.unicode and not reasons:
        part |= {"layer": "unicode", "file": "", "line": 0}
    else:
        part |= {"layer": "none", "file": "", "line": 0}
    return part | _reason(reasons)


def _part(offset: int, raw: bytes, kind: str, text: str) -> Part:
    return {"offset": offset, "bytes": raw.hex().upper(), "kind": kind, "text": text, "glyph": "", "code": ""}


def _reason(reasons: list[str]) -> Part:
    return {"reason": reasons[0]} if reasons else {}

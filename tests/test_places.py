"""Whose each byte of a record is, byte by byte: the spans of a layout, the account of ``convert`` and that of the proof, against
regular expressions over letters.

Owns made-up records of one layout; whole jobs are in ``test_bytes``.
"""

from __future__ import annotations

import re
from array import array
from collections import Counter
from random import Random

import pytest

import gaiji
from gaiji.codes.spec import load_spec
from gaiji.columns.owners import Owners
from gaiji.layout.spans import spans
from gaiji.model import Field, Reason
from gaiji.proof import account
from gaiji.records.batch import BadRecord, Batch, Framing

KINDS = {"mixed": "t", "packed": "n", "zoned": "n", "binary": "n", "float": "n", "raw": "r"}
NAMES = {"t": "text", "n": "numbers", "r": "raw", "f": "filler", "-": "uncovered"}


def layout(rng):
    """(fields, fillers, a letter for each byte): the first field that takes a byte has it, then a FILLER, then nobody."""
    fields = [
        Field(str(i), rng.randrange(12), rng.randrange(1, 6), rng.choice(list(KINDS)))
        for i in range(rng.randrange(1, 5))
    ]
    fillers = [(rng.randrange(16), rng.randrange(1, 4)) for _ in range(rng.randrange(3))]
    letters = ""
    for at in range(max([f.offset + f.length for f in fields] + [a + n for a, n in fillers])):
        mine = next((KINDS[f.type] for f in fields if f.offset <= at < f.offset + f.length), None)
        letters += mine or ("f" if any(a <= at < a + n for a, n in fillers) else "-")
    return fields, fillers, letters


def test_spans_and_the_proofs_map_are_what_each_byte_says():
    rng = Random(1)
    for _ in range(400):
        fields, fillers, letters = layout(rng)
        runs = [(m.start(), m.end(), NAMES[m[0][0]]) for m in re.finditer(r"(.)\1*", letters)]
        assert [(s.begin, s.end, s.owner) for s in spans(fields, fillers)] == runs
        assert account._map(fields, fillers).decode() == letters


CHARSETS = {
    "windows-31j": (rb"\0| |\x81\x40", [b"\0", b" ", b"\x81\x40", b"\x81", b"x"]),
    "ibm-939": (rb"\0|\x40", [b"\0", b"\x40", b"\x40\x40", b"\x0e", b"x"]),
    "unicode-utf8": (rb"\0| |\xe3\x80\x80", [b"\0", b" ", b"\xe3\x80\x80", b"\xe3\x80", b"x"]),
    "unicode-le": (rb"\0\0| \0|\0\x30", [b"\0\0", b" \0", b"\0\x30", b"\0", b"x\0"]),
    "unicode-be": (rb"\0\0|\0 |\x30\0", [b"\0\0", b"\0 ", b"\x30\0", b"\0", b"\0x"]),
}
"""What pads fields of a charset, and pieces of records."""


def padding(part, pads):
    """How many bytes at the beginning are padding; all of them where they are low-values throughout."""
    return len(part) if not any(part) else re.match(b"(?:%b)*" % pads, part).end()


def by_bytes(batch, records, letters, pads, shortest):
    """(owners, what is uncovered, FILLER that is no padding, records that are too short, how many end early)."""
    owned = Counter(batch.owned)
    owned["quarantined"] += sum(len(one.raw) for one in batch.bad)
    told = {"-": [], "f": []}
    rows = {"-": set(), "f": set()}
    sizes = Counter()
    for row, record in enumerate(records):
        begin = batch.starts[0][row]
        whose = letters.ljust(len(record), "-") if len(record) > len(letters) else letters[: len(record)]
        ranges = [
            (m.start(), m.end(), m[0][0])
            for m in re.finditer(r"t+|n+|r+|f+|-+", letters)
            if m.start() < len(record)
        ]
        ranges = [(a, min(b, len(record)), kind) for a, b, kind in ranges]
        if len(record) > len(letters):
            ranges.append((len(letters), len(record), "-"))
        for a, b, kind in ranges:
            assert set(whose[a:b]) == {kind}
            good = padding(record[a:b], pads)
            if kind in "-f" and good < b - a:
                sizes[kind] += b - a
                rows[kind].add(row)
                told[kind].append((batch.record_number(row), batch.file_offset + begin + a + good))
            owner = "padding" if kind == "-" and good == b - a else NAMES[kind]
            owned[owner] += b - a
    least = min(shortest or len(letters), len(letters))
    short = [row for row, record in enumerate(records) if len(record) < least]
    first = (batch.record_number(short[0]), batch.file_offset + batch.ends[0][short[0]]) if short else None
    return (
        +owned,
        *((sizes[kind], len(rows[kind]), min(told[kind], default=None)) for kind in "-f"),
        (0, len(short), first),
        sum(len(record) < len(letters) for record in records),
    )


def place_of(found):
    """Findings of either account."""
    first = getattr(found, "first", None)
    first = (first.record, first.offset) if hasattr(first, "record") else first
    return (found.size, found.records, first) if found else (0, 0, None)


@pytest.mark.parametrize("name", CHARSETS)
@pytest.mark.parametrize("same", [False, True])
def test_both_accounts_are_what_each_byte_says(name, same):
    """Records of any length, and of one; some before the first, some set aside, the batch anywhere in its file."""
    pads, pieces = CHARSETS[name]
    charset, spec, rng = gaiji.load_charset(name), load_spec(name), Random(name)
    for _ in range(150):
        fields, fillers, letters = layout(rng)
        size = len(letters) + rng.randrange(6)
        records = [
            b"".join(rng.choice(pieces[: rng.choice([2, 3, 5])]) for _ in range(24))[
                : size if same else rng.randrange(size + 1)
            ]
            for _ in range(rng.randrange(1, 6))
        ]
        src, starts, ends = bytearray(b"x" * rng.randrange(4)), array("q"), array("q")
        for record in records:
            starts.append(len(src))
            src += record
            ends.append(len(src))
            src += b"!"
        gaps = sorted(rng.choices(range(len(records) + 1), k=rng.randrange(3)))
        bad = [BadRecord(1, 0, b"?" * (at + 1), "") for at in gaps]
        batch = Batch(src, [starts], [ends], len(records), rng.randrange(99), rng.randrange(1, 99), bad, gaps)
        batch.owned = {"line-ends": 3}
        shortest = rng.choice([0, 0, 3, 30])
        right = by_bytes(batch, records, letters, pads, shortest)
        framing = Framing("fixed", size) if same else Framing("lines")
        done = Owners(charset, framing, spans(fields, fillers), (), shortest).of(batch)
        uncovered, short = (done.findings.get(Reason[key]) for key in ("UNCOVERED", "SHORT_RECORD"))
        mine = (done.owned, place_of(uncovered), place_of(done.filler), place_of(short), done.short)
        assert mine == right, (letters, records)
        length = size if same else 0
        proof = account.Accountant(
            spec, fields, fillers, csv=False, shortest=shortest, length=length
        ).account(batch)
        theirs = (proof.uncovered, proof.filler, proof.short)
        assert (+proof.owned, *map(place_of, theirs), proof.ended_early) == right, (letters, records)

"""Fuzz targets: each takes bytes, makes one use of gaiji of them, and asserts what must hold whatever the bytes are.

What a user can give wrongly ends in a ``GaijiError``; anything else that is raised is a finding, as is a broken invariant.
``run.py`` drives them with coverage, ``test_fuzz.py`` replays the corpus.
"""

from __future__ import annotations

import atexit
import shutil
import tempfile
from array import array
from collections.abc import Callable, Sequence
from functools import cache, lru_cache
from itertools import pairwise
from pathlib import Path
from typing import Any

from gaiji.codes.charset import Charset, load_charset
from gaiji.codes.program import DEFAULT_POLICY, POLICIES
from gaiji.codes.spec import charset_names
from gaiji.columns.decode import NUMERIC, Decoder
from gaiji.errors import GaijiError
from gaiji.kernel.decode import CONSTANTS as DECODE
from gaiji.layout.check import TYPES
from gaiji.layout.layout import load_layout
from gaiji.layout.roles import ROLES
from gaiji.model import FLOATS, Field, Reason
from gaiji.proof.verify import verify
from gaiji.records.batch import Batch, Framing
from gaiji.records.reader import Reader
from gaiji.run.convert import convert
from gaiji.run.job import load_job
from gaiji.run.reverse import reverse

NAMES = charset_names()
FEW = tuple(
    name
    for name in ("fujitsu-jef-ebcdik", "ibm-1399", "windows-31j", "unicode-utf8", "koseki")
    if name in NAMES
)
"""One charset of each kind, for targets that make files."""


class Take:
    """Choices read off the front of the input; 0 when it is used up."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def byte(self) -> int:
        """The next byte."""
        self._at += 1
        return self._data[self._at - 1] if self._at <= len(self._data) else 0

    def pick(self, some: Sequence[Any]) -> Any:
        """One of some."""
        return some[self.byte() % len(some)]

    def rest(self) -> bytes:
        """What is left."""
        return self._data[self._at :]


@lru_cache(maxsize=1)
def folder() -> Path:
    """A folder for the files of this process."""
    made = Path(tempfile.mkdtemp(prefix="gaiji-fuzz-"))
    atexit.register(shutil.rmtree, made, ignore_errors=True)
    return made


def put(name: str, data: bytes) -> Path:
    """A file of the folder."""
    path = folder() / name
    path.write_bytes(data)
    return path


@cache
def charset(name: str, dash: str = "") -> Charset:
    """A charset, loaded once."""
    return load_charset(name, options={"dash": dash} if dash else {})


# -- decoding ---------------------------------------------------------------------------------------


def decode(data: bytes) -> None:
    """Fields of random bytes: every unit is accounted for, texts are UTF-8, and rows do not depend on their neighbours."""
    take = Take(data)
    system = charset(take.pick(NAMES))
    specs, length = fields(take)
    every = take.pick((None, *POLICIES))
    policy = dict.fromkeys(Reason, every) if every else DEFAULT_POLICY
    form, trim, carry = take.pick(("needed", "always", "never")), bool(take.byte() & 1), bool(take.byte() & 1)
    raw = take.rest()
    columns = Decoder(system, specs, csv=False, form=form, policy=policy, trim=trim, carry=carry)
    columns.reuse = False
    whole = decoded(columns, specs, raw, 0, -(-len(raw) // length), length)
    apart = [
        decoded(columns, specs, raw, row, row + 1, length) for row in range(min(-(-len(raw) // length), 4))
    ]
    for number, one in enumerate(apart):
        assert [texts[0] for texts in one] == [texts[number] for texts in whole]


def fields(take: Take) -> tuple[tuple[Field, ...], int]:
    """One to four fields of a fixed record, and its length."""
    out, at = [], 0
    for number in range(1 + take.byte() % 4):
        length = 1 + take.byte() % 24
        kind = take.pick(TYPES)
        if kind == "float":
            length = 4 + 4 * (length & 1)
        scale = take.byte() % 4
        digits = take.byte() % 20 if kind in NUMERIC else 0
        out.append(
            Field(
                f"f{number}",
                at,
                length,
                type=kind,
                role=take.pick(ROLES),
                scale=scale,
                signed=bool(scale & 1),
                digits=digits,
                float=FLOATS[scale % len(FLOATS)] if kind == "float" else "",
            )
        )
        at += length
    return tuple(out), at


def decoded(
    columns: Decoder, specs: Sequence[Field], raw: bytes, first: int, last: int, length: int
) -> list[list[bytes]]:
    """The texts of some rows, field by field; counts and findings are checked."""
    starts = array("q", range(first * length, last * length, length))
    ends = array("q", (min(start + length, len(raw)) for start in starts))
    batch = Batch(bytearray(raw) + bytearray(8), [starts], [ends], last - first, 0, 1)
    states = bytearray(batch.rows)
    out = []
    for spec in specs:
        column, counts, findings = columns.decode(batch, spec, states)
        flagged = sum(
            counts[DECODE["FLAGGED"] + reason] for reason in Reason if reason <= DECODE["LAST_COUNTED"]
        )
        assert (
            counts[DECODE["UNITS"]]
            == counts[DECODE["MAPPED_UNITS"]] + counts[DECODE["PASSED_UNITS"]] + flagged
        )
        assert counts[DECODE["BYTES"]] == columns.size(batch, spec)
        offsets = list(column.offsets)
        assert (
            offsets == sorted(offsets) and len(offsets) == batch.rows + 1 and offsets[-1] <= len(column.data)
        )
        assert all(0 <= row < batch.rows for row in findings[:: DECODE["FINDING"]])
        texts = [bytes(column.data[a:b]) for a, b in pairwise(offsets)]
        for text in texts:
            text.decode("utf-8")
        out.append(texts)
    return out


# -- encoding ---------------------------------------------------------------------------------------


def encode(data: bytes) -> None:
    """Bytes → text → bytes → text: what has a text and a code comes back; any text has an encoding or a clear error."""
    take = Take(data)
    system = charset(take.pick(NAMES), "source")
    kind = take.pick(("", "mixed", "dbcs", "sbcs")) if system.spec.kind == "shifted" else ""
    raw = take.rest()
    try:
        first = system.decode(raw, type=kind, role="other")
        text = first.text
        back = system.encode(text, type=kind)
    except GaijiError:
        text, back = "", b""
    again = system.decode(back, type=kind, role="other")
    marked = system.encode(again.text, type=kind, errors="geta")
    try:  # 〓 stands for what has no code, and for nothing else
        assert marked == system.encode(again.text, type=kind)
    except GaijiError:
        assert marked
    order = text.startswith("\ufeff")  # at the start of UTF-16 it reads as a byte order mark
    if text and not order and not first.findings and not again.findings:
        assert system.encode(again.text, type=kind) == back
    lossy = system.encode(raw.decode("utf-8", "replace"), type=kind, errors="geta")
    system.decode(lossy, type=kind)


# -- files ------------------------------------------------------------------------------------------


def framing(data: bytes) -> None:
    """An input cut by buffers of any size, and gone on with at any of them, gives the same records and the same errors."""
    take = Take(data)
    made = Framing(
        take.pick(("fixed", "vb", "lines", "csv")),
        take.byte() % 40,
        take.pick(("none", "lf", "crlf")),
        bool(take.byte() & 1),
        take.pick((",", "\t", "|")),
        '"',
        bool(take.byte() & 1),
        take.pick((1, 2)),
        bool(take.byte() & 1),
    )
    quarantine, size = bool(take.byte() & 1), 1 + take.byte()
    path = str(put("framing.dat", take.rest()))
    whole, _ = records(path, made, quarantine, 1 << 16)
    small, starts = records(path, made, quarantine, size)
    assert same(whole, small)
    for start, before in starts[1:4]:
        rest, _ = records(path, made, quarantine, size, start)
        assert same(small[:before] + rest, small)


def same(some: list[Any], others: list[Any]) -> bool:
    """Equal records; where an error ends them, records of the buffer that it is in may not have been given."""
    if not some or not isinstance(some[-1], str):
        return some == others
    return some[-1:] == others[-1:] and all(a == b for a, b in zip(some[:-1], others[:-1], strict=False))


def records(
    path: str, made: Framing, quarantine: bool, size: int, start: Any = None
) -> tuple[list[Any], list[Any]]:
    """Every record (or the error that ends them), and where each buffer began with the records before it."""
    out: list[Any] = []
    starts: list[Any] = []
    try:
        reader = Reader(path, made, quarantine=quarantine, batch=size, start=start)
        for batch in reader:
            if not starts or starts[-1][0].offset != batch.chunk.offset:
                starts.append((batch.chunk.start(), len(out)))
            cells = [
                (
                    batch.record_number(row),
                    [
                        bytes(batch.src[a[row] : b[row]])
                        for a, b in zip(batch.starts, batch.ends, strict=True)
                    ],
                )
                for row in range(batch.rows)
            ]
            aside = [(bad.record, (bad.offset, bad.raw, bad.why)) for bad in batch.bad]
            out += sorted([*cells, *aside], key=lambda item: item[0])
            reader.recycle(b"")
    except GaijiError as error:
        out.append(str(error))
    return out, starts


def job(data: bytes) -> None:
    """A dump of random bytes converts, or says why not; what was converted is proved, and goes the way back."""
    take = Take(data)
    name, kind = take.pick(FEW), take.pick(("fixed", "vb", "lines", "csv"))
    output = take.pick(("o.csv", "o.tsv", "o.parquet", "o.dat", "o.csv.gz"))
    lines = [
        f'[source]\npath = "d.dat"\ncharset = "{name}"\nformat = "{kind}"\non_bad_record = "{take.pick(("fail", "quarantine"))}"',
        f'trim = "{take.pick(("right", "none"))}"\nshift = "{take.pick(("reset", "carry"))}"',
        "record_length = 24" if kind == "fixed" else "header = false" if kind == "csv" else "",
        f'[output]\npath = "out/{output}"\n[target]\nglyph_columns = {["false", "true"][take.byte() & 1]}\n[policy]',
        *(
            f'{reason.label} = "{take.pick([p for p in POLICIES if p != "fail"])}"'
            for reason in Reason
            if not reason.of_place
        ),
    ]
    if kind != "csv":
        kinds = ("mixed", "dbcs", "sbcs", "raw") if name != "koseki" else ("mixed", "raw")
        for number, at in enumerate((0, 12)):
            lines.append(
                f'[[field]]\nname = "f{number}"\noffset = {at}\nlength = 12\ntype = "{take.pick(kinds)}"\nrole = "{take.pick(ROLES)}"'
            )
    put("d.dat", take.rest())
    path = put("job.toml", "\n".join(lines).encode())
    shutil.rmtree(folder() / "out", ignore_errors=True)
    try:
        convert(path, threads=1)
    except GaijiError:
        return
    proof = verify(path, threads=1).data
    assert proof["holds"], proof
    try:
        reverse(path)
    except GaijiError as error:
        assert "fixed" in str(error) or "header" in str(error) or "carry" in str(error), error


# -- what people write --------------------------------------------------------------------------------


def layout(data: bytes) -> None:
    """A layout or copybook of any content is read, or refused in one line; its fields lie within its records."""
    take = Take(data)
    path = put(take.pick(("l.toml", "l.cpy")), take.rest())
    try:
        made = load_layout(path)
    except GaijiError as error:
        assert "\n" not in str(error)
        return
    if all(spec.column < 0 for spec in made.fields):
        assert all(spec.offset + spec.length <= made.record_length for spec in made.fields)
    assert len({spec.name for spec in made.fields}) == len(made.fields)


def table(data: bytes) -> None:
    """A site table of any content is used, or refused in one line; decoding with it holds what decoding always holds."""
    take = Take(data)
    name = take.pick(FEW)
    path = put("site.tsv", take.rest())
    try:
        system = load_charset(name, [path])
    except GaijiError as error:
        assert "\n" not in str(error)
        return
    for site in system.sites:
        for row in site.rows[:50]:
            raw = (
                f"{row.code:0{row.size}d}".encode()
                if system.spec.kind == "decimal"
                else row.code.to_bytes(row.size, "big")
            )
            system.decode(raw, type="dbcs" if system.spec.kind == "shifted" and row.size == 2 else "")


def jobfile(data: bytes) -> None:
    """A job file of any content is a job, or refused in one line."""
    try:
        load_job(put("any.toml", data))
    except GaijiError as error:
        assert "\n" not in str(error)


def policy(data: bytes) -> None:
    """A 縮退 policy of any content, and texts of any characters, shrunk and back."""
    from gaiji.shrinking.policy import Policy, load_policy
    from gaiji.shrinking.shrinker import Shrinker, shrink, unshrink

    take = Take(data)
    if take.byte() & 1:
        try:
            Shrinker(load_policy(put("policy.toml", take.rest())))
        except GaijiError as error:
            assert "\n" not in str(error)
        return
    text = take.rest().decode("utf-8", "replace").replace("\0", "")
    shrunk = shrink(text, policy=Policy(to="jisx0213"))
    assert unshrink(shrunk) == text


def key(data: bytes) -> None:
    """Search keys of any text: folding twice is folding once, and no query fails but in one line."""
    import polars as pl

    from gaiji.names.keys import key as name_key
    from gaiji.names.searching import NameIndex

    text = data.decode("utf-8", "replace")
    for kind in ("exact", "variant", "kana"):
        try:
            once = name_key(text, kind)
        except GaijiError:
            continue
        assert name_key(once, kind) == once
    index = NameIndex(pl.DataFrame({"氏名": ["渡邊一郎", text.replace("\0", "")]}), ["氏名"])
    try:
        index.search(text)
    except GaijiError as error:
        assert "\n" not in str(error)


# -- what comes back from people ------------------------------------------------------------------------


@lru_cache(maxsize=1)
def queue() -> Any:
    """A queue with a few items."""
    from gaiji.queue.items import Item, Sample
    from gaiji.queue.queue import open_queue

    made = open_queue(folder() / "q.sqlite")
    made.add(
        "d.dat",
        [
            Item(
                "JEF",
                code,
                "",
                "unmapped-gaiji",
                counts={("氏名", "name"): 2},
                samples=[Sample(1, "1", "氏名", 0, "【〓】")],
            )
            for code in ("80A1", "80A2", "80A3")
        ],
    )
    return made


def sheet(data: bytes) -> None:
    """A sheet of any content is taken, or refused with its rows; a refused one leaves the queue as it was."""
    from gaiji.review.sheets.exchange import import_sheet

    take = Take(data)
    path = put(take.pick(("s.csv", "s.xlsx")), take.rest())
    try:
        import_sheet(queue(), path, dry_run=True)
    except GaijiError as error:
        assert str(error)


def picture(data: bytes) -> None:
    """Pictures, fonts and dots of any content are read within bounds, or refused in one line."""
    from gaiji.shape.drawn import Dots, read_pictures
    from gaiji.shape.pictures import read_image

    take = Take(data)
    kind = take.pick(("p.bdf", "p.pcf", "p.fnt", "p.ttf", "p.bin", "p.png", "p.bmp", "p.gif"))
    path = put(kind, take.rest())
    try:
        if path.suffix in (".png", ".bmp", ".gif"):
            read_image(path)
        else:
            read_pictures(path, charset("fujitsu-jef-ebcdik"), dots=Dots(8, 8))
    except GaijiError as error:
        assert "\n" not in str(error)


def gj(data: bytes) -> None:
    """A GJ font or list of any content is read within bounds, or refused in one line."""
    from gaiji.standard.gj_files import read_glyphs

    take = Take(data)
    name = take.pick(("g.ttf", "g.csv", "g.xlsx"))
    try:
        read_glyphs(Path(name), take.rest())
    except GaijiError as error:
        assert "\n" not in str(error)


TARGETS: dict[str, Callable[[bytes], None]] = {
    f.__name__: f
    for f in (decode, encode, framing, job, layout, table, jobfile, policy, key, sheet, picture, gj)
}

"""The charsets of a job: its own, and that of fields which have another; and national characters of which
nobody said what they are: whether the first records contradict it.

Owns which tables of decisions go with a charset, and how bytes are held against everyday names in UTF-16 of
either order and in the host's double bytes. Decides nothing: where they look like something else the run
ends, and the message names the key.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import islice

from gaiji.codes.charset import Charset, load_charset
from gaiji.codes.spec import code_system
from gaiji.columns.decode import Decoder
from gaiji.disk.packing import Input
from gaiji.errors import JobError, UsageError
from gaiji.errors.messages import fault, mark, tr
from gaiji.layout.settle import ASSUMED, NATIONAL
from gaiji.model import Field
from gaiji.records.batch import Batch
from gaiji.run.decided import check_decisions
from gaiji.run.job import Job

VALUES = 2000
"""Values that are looked at."""
CLEAR = 0.8
"""Share of everyday characters that text of names has at the least."""
LESS = 0.3
"""By how much another reading must be better."""
_SHOWN = {
    "host": mark("the double bytes of the job's charset"),
    "utf-16-be": mark("UTF-16, high byte first"),
    "utf-16-le": mark("UTF-16, low byte first"),
}


def charset_of(job: Job, name: str) -> Charset:
    """The job's charset with its site tables and, over them, the decisions that lie beside the queue."""
    tables = [job.file(table) for table in job.source["tables"]]
    decided = job.decisions_path(code_system(name))
    check_decisions(decided, code_system(name), job.owner, job.path)
    tables += [str(decided)] if decided.exists() else []
    return load_charset(name, tables, options=job.source["options"])


def own_charset(job: Job, name: str, *, decided: bool = True) -> Charset:
    """The charset of fields that do not have the job's: with the decisions on its codes (where ``decided``),
    and the option ``dash``. The job's site tables are about the codes of the job's own charset."""
    made = job.decisions_path(code_system(name))
    check_decisions(made, code_system(name), job.owner, job.path)
    options = {key: value for key, value in job.source["options"].items() if key == "dash"}
    return load_charset(name, [str(made)] if decided and made.exists() else [], options=options)


def assumes(decoder: Decoder) -> bool:
    """Whether there are national characters of which nobody said what they are."""
    return any(spec.national == ASSUMED for spec in decoder.fields)


def unseen(path: str) -> JobError:
    """What to say where national characters are assumed and no record can be looked at beforehand.
    ``path``: of the job."""
    return JobError(
        fault("E0484", "must be said: these records cannot be looked at beforehand"),
        path=path,
        key="source.national",
        next=tr("use one of: {values}", values=", ".join(NATIONAL)),
    )


def check_national(path: str, decoder: Decoder, first: Batch | None) -> None:
    """JobError when fields whose characters are assumed look like another kind in the first records.
    ``path``: of the job; ``first``: those records, None where the input has none."""
    if first is None:
        return
    for spec in (spec for spec in decoder.fields if spec.national == ASSUMED):
        starts, ends, offset, length = decoder.place(first, spec)
        raws = (
            bytes(first.src[min(a + offset, b) : min(a + offset + length, b)])
            for a, b in zip(starts, ends, strict=True)
        )
        filled = list(islice(filter(_filled, raws), VALUES))
        if filled and not _as_assumed(decoder, first, spec):
            _check(path, decoder.charset, spec, filled)


def _as_assumed(decoder: Decoder, first: Batch, spec: Field) -> bool:
    """Whether the text of the first records, as the run will write it, has so many everyday characters that
    no other reading can be better by ``LESS``."""
    column = decoder.decode(first, spec, bytearray(first.rows))[0]
    text = column.data[: column.offsets[min(first.rows, VALUES)]].decode()
    return _everyday_share(text, wide=decoder.charset_of(spec).kind.wide) > 1 - LESS


def _check(path: str, charset: Charset, spec: Field, raws: list[bytes]) -> None:
    assumed = next(kind for kind, name in NATIONAL.items() if name == spec.charset)
    shares = {kind: _share(charset, kind, raws) for kind in NATIONAL}
    best = max(shares, key=lambda kind: (shares[kind], kind == assumed))
    if shares[best] >= CLEAR and shares[best] - shares[assumed] >= LESS:
        raise JobError(
            fault(
                "E0485",
                "field {name} is taken as {assumed}; its first values look like {best}",
                name=spec.name,
                assumed=tr(_SHOWN[assumed]),
                best=tr(_SHOWN[best]),
            ),
            path=path,
            key="source.national",
            next=tr('set it to "{best}", or to "{assumed}" where that is right', best=best, assumed=assumed),
        )


def _filled(raw: bytes) -> bool:
    """Whether a value is more than low-values or one character over and over."""
    return bool(raw) and raw != raw[:2] * (len(raw) // 2)


def _share(charset: Charset, kind: str, raws: Sequence[bytes]) -> float:
    """The share of everyday characters in values that are read as a kind, a key of ``NATIONAL``."""
    if kind != "host":
        return _everyday_share("".join(raw.decode(kind, "replace") for raw in raws), wide=True)
    type = "dbcs" if charset.kind.typed else ""
    texts = (charset.decode_text(raw, type=type, role="other", form="never", errors="geta") for raw in raws)
    return _everyday_share("".join(texts), wide=charset.kind.wide)


def _everyday_share(text: str, *, wide: bool) -> float:
    """How many of the characters, blanks apart, are everyday ones; of ASCII the letters and digits, and those
    only where it is ``wide``: every character has two bytes."""
    counts = Counter(char for char in text if char not in " \u3000")
    usual = (c for c in counts if _everyday(c) and (c > "\x7f" or (wide and c.isalnum())))
    return sum(counts[char] for char in usual) / counts.total() if counts else 0.0


def _everyday(char: str) -> bool:
    """ASCII, full-width letters, kana, and kanji of the first level of JIS X 0208 (rows 16 to 47)."""
    try:
        code = char.encode("euc_jp")
    except UnicodeEncodeError:
        return False
    if len(code) == 1:
        return 0x20 < code[0] < 0x7F
    return code[0] in (0xA1, 0xA3, 0xA4, 0xA5) or 0xB0 <= code[0] <= 0xCF


def with_byte_order(job: Job) -> str:
    """``unicode`` as unicode-le or unicode-be, by the mark at the input's start (big-endian without one)."""
    charset, path = str(job.source["charset"]), job.file(job.source["path"])
    if charset != "unicode":
        return charset
    if path == "-":
        raise UsageError(
            fault("E0251", "the byte order of standard input cannot be known beforehand"),
            next=tr("use unicode-le or unicode-be"),
        )
    file = Input(path)
    try:
        return "unicode-le" if file.read(2) == b"\xff\xfe" else "unicode-be"
    finally:
        file.close()

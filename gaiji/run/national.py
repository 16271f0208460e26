"""Fields that do not have the job's charset, and national characters of which nobody said what they are:
whether the first records contradict it.

Owns how bytes are held against everyday names in UTF-16 of either order and in the host's double bytes.
Decides nothing: where they look like something else the run ends, and the message names the key.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import islice

from gaiji.codes.charset import Charset, load_charset
from gaiji.codes.spec import code_system
from gaiji.columns.decode import Decoder
from gaiji.errors import JobError
from gaiji.layout.settle import ASSUMED, NATIONAL
from gaiji.messages import fault, mark, tr
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


def own_charset(job: Job, name: str) -> Charset:
    """The charset of fields that do not have the job's: with the decisions on its codes, and the option
    ``dash``. The job's site tables are about the codes of the job's own charset."""
    decided = job.decisions_path(code_system(name))
    check_decisions(decided, code_system(name), job.owner, job.path)
    options = {key: value for key, value in job.source["options"].items() if key == "dash"}
    return load_charset(name, [str(decided)] if decided.exists() else [], options=options)


def check_national(path: str, decoder: Decoder, read: Callable[[], Batch | None] | None) -> None:
    """JobError when fields whose characters are assumed look like another kind in the first records, or when
    these cannot be looked at beforehand. ``path``: of the job; ``read``: gives the first records, None where
    they can be read only once, or have types."""
    specs = [spec for spec in decoder.fields if spec.national == ASSUMED]
    if not specs:
        return
    if read is None:
        raise JobError(
            fault("E0484", "must be said: these records cannot be looked at beforehand"),
            path=path,
            key="source.national",
            next=tr("use one of: {values}", values=", ".join(NATIONAL)),
        )
    first = read()
    if first is None:
        return
    for spec in specs:
        starts, ends, offset, length = decoder.place(first, spec)
        raws = (
            bytes(first.src[min(a + offset, b) : min(a + offset + length, b)])
            for a, b in zip(starts, ends, strict=True)
        )
        _check(path, decoder.charset, spec, list(islice(filter(_filled, raws), VALUES)))


def _check(path: str, charset: Charset, spec: Field, raws: list[bytes]) -> None:
    assumed = next(kind for kind, name in NATIONAL.items() if name == spec.charset)
    shares = {kind: _share(load_charset(name) if name else charset, raws) for kind, name in NATIONAL.items()}
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


def _share(charset: Charset, raws: Iterable[bytes]) -> float:
    """How many of the characters, blanks apart, are everyday ones; of ASCII the letters and digits, where
    every character has two bytes."""
    type = "dbcs" if charset.kind.typed else ""
    every = usual = 0
    for raw in raws:
        for char in charset.decode(raw, type=type, role="other", form="never").text:
            if char not in " \u3000":
                every += 1
                usual += _everyday(char) and (char > "\x7f" or (charset.kind.wide and char.isalnum()))
    return usual / every if every else 0.0


def _everyday(char: str) -> bool:
    """ASCII, full-width letters, kana, and kanji of the first level of JIS X 0208 (rows 16 to 47)."""
    try:
        code = char.encode("euc_jp")
    except UnicodeEncodeError:
        return False
    if len(code) == 1:
        return 0x20 < code[0] < 0x7F
    return code[0] in (0xA1, 0xA3, 0xA4, 0xA5) or 0xB0 <= code[0] <= 0xCF

"""Kinds of charsets: the one place that knows what follows from the ``kind`` of a charset file.

Owns the properties of each kind (which loops read and write it, how its codes are written, whether its fields
can be of several types). How a code is written in each form is in ``gaiji.codes.code``.
"""

from __future__ import annotations

from gaiji.codes.code import JOINED, Form
from gaiji.errors import CharsetError, nearest
from gaiji.errors.messages import fault
from gaiji.model.plain import dataclass
from gaiji.standard.codepoints import unpack


@dataclass(frozen=True)
class Kind:
    """What follows from a kind.

    ``reads``, ``writes``: the loop of the decode and of the encode kernel, by the name of its constant;
    ``form``: how codes are written; ``width``: bytes of a unit, ``single``, ``double`` or ``both``;
    ``typed``: a field's type (mixed, dbcs, sbcs) says how it is read; ``little``, ``wide``: 16-bit units,
    and their order; ``marked``: the text itself may say its byte order; ``codec``: what delimiters and line
    ends of a file in this charset are encoded with.
    """

    name: str
    reads: str
    writes: str
    form: Form = Form.HEX
    width: str = "both"
    typed: bool = False
    little: bool = False
    wide: bool = False
    marked: bool = False
    codec: str = "latin-1"

    @property
    def unicode(self) -> bool:
        """The codes are Unicode's: what has no row is itself."""
        return self.form is Form.UNICODE

    @property
    def numbered(self) -> bool:
        """The codes are decimal numbers."""
        return self.form is Form.NUMBER

    @property
    def led(self) -> bool:
        """The first byte says how many bytes a character has."""
        return self.reads == "LEAD"

    def key(self, code: int, size: int) -> tuple[int, int]:
        """(size, code) by which tables hold a whole unit; a Unicode character has the size of its digits,
        whatever its bytes are; a base with its selector has size 8 (``gaiji.standard.codepoints.pack``)."""
        if self.unicode:
            return JOINED if size == JOINED else 2 if code < 0x10000 else 3, code
        return size, code

    def length(self, code: int, size: int) -> int:
        """How many bytes of the source a code stands for, as far as it says."""
        if not self.unicode or size == 1:
            return size
        text = unpack(code) if size == JOINED else chr(code)
        return len(text.encode(self.codec if self.wide else "utf-8", "surrogatepass"))

    def padding(self, double: bytes) -> bytes:
        """A charset file's double pad in the order of the bytes of this kind."""
        return double[::-1] if self.little else double


KINDS = {
    kind.name: kind
    for kind in (
        Kind("shifted", "SHIFTED", "SHIFTED", typed=True),
        Kind("single", "SHIFTED", "SHIFTED", width="single"),
        Kind("double", "SHIFTED", "SHIFTED", width="double"),
        Kind("lead-byte", "LEAD", "LEAD"),
        Kind("decimal", "DECIMAL", "DECIMAL", Form.NUMBER),
        Kind("utf-8", "UTF8", "UTF8", Form.UNICODE),
        Kind("utf-16-be", "SHIFTED", "UTF16", Form.UNICODE, "double", wide=True, codec="utf-16-be"),
        Kind(
            "utf-16-le", "SHIFTED", "UTF16", Form.UNICODE, "double", little=True, wide=True, codec="utf-16-le"
        ),
        Kind("utf-16", "SHIFTED", "UTF16", Form.UNICODE, "double", wide=True, marked=True, codec="utf-16-be"),
    )
}


def kind_of(name: str) -> Kind:
    """The kind of that name, as charset files have it."""
    if name not in KINDS:
        raise CharsetError(
            fault("E0363", "there is no kind of charset {name!r}", name=name[:40]), next=nearest(name, KINDS)
        )
    return KINDS[name]

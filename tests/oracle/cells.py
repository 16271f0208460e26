"""Makes the bytes of one field, its end above all: characters, padding, empties, numbers, and what is broken.

Owns the kinds of contents (``TEXT_KINDS``, ``NUMBER_KINDS``). What a field means is not decided here but by reading it.
"""

from __future__ import annotations

from random import Random

from oracle.alphabet import alphabet
from oracle.charsets import Charset
from oracle.copybook import Column
from oracle.figures import SIGNS, host

TEXT_KINDS = (
    "plain", "full", "one", "inner-blanks", "blank", "low-values", "special", "lost", "unmapped-gaiji-15",
    "half-double", "stray-shift", "unclosed-shift", "repeated-shift", "control", "trailing-zero", "decimal-blanks",
    "unicode-dash",
)  # fmt: skip
NUMBER_KINDS = (
    "number", "zero", "signed", "blank-number", "low-number", "bad-digit", "blank-inside", "sign-4x", "sign-5x",
    "sign-conflict", "sign-text", "two-signs", "over-picture", "blank-binary",
)  # fmt: skip
WEIGHTS = {"plain": 12, "full": 6, "number": 10, "signed": 8, "one": 3, "inner-blanks": 3}


class Cells:
    """Contents for the fields of one dump. ``kinds``: the only ones to be made, where they are possible."""

    def __init__(self, charset: Charset, rng: Random, kinds: frozenset[str]) -> None:
        self.charset = charset
        self.rng = rng
        self.kinds = kinds
        self._last: dict[str, int] = {}
        self._possible: dict[tuple[str, str], tuple[list[str], list[int]]] = {}

    def make(self, column: Column, room: int) -> tuple[bytes, str]:
        """(bytes, kind) for a field of ``room`` bytes; with ``column.length`` 0 it may be shorter (a CSV's cell)."""
        if column.type == "raw":
            return self.rng.randbytes(room), "raw"
        kinds, weights = self._kinds(column)
        kind = self.rng.choices(kinds, weights)[0]
        if column.figure is not None:
            return _Number(self.rng, column, self.charset.ebcdic).make(kind), kind
        text = _Text(self, column, room)
        raw = text.make(kind)
        return (raw, kind) if not column.length else (text.padded(raw, kind), kind)

    def _kinds(self, column: Column) -> tuple[list[str], list[int]]:
        key = (column.type, column.name)
        if key not in self._possible:
            every = NUMBER_KINDS if column.figure else TEXT_KINDS
            kinds = [k for k in every if k in self.kinds and possible(self.charset, column, k)]
            self._possible[key] = kinds, [WEIGHTS.get(k, 1) for k in kinds]
        return self._possible[key]

    def last(self, group: str, codes: list[bytes]) -> bytes:
        """The next of the codes that shall stand at an end: each has its turn, beginning anywhere."""
        at = self._last.setdefault(group, self.rng.randrange(len(codes)))
        self._last[group] = at + 1
        return codes[at % len(codes)]


def possible(charset: Charset, column: Column, kind: str) -> bool:
    """Whether a field of that kind can be written at all."""
    if column.figure is not None:
        return _number_possible(charset, column, kind)
    letters = alphabet(charset.name, column.role, column.type)
    mixed = charset.kind == "shifted" and column.type == "mixed"
    return {
        "special": any(reason in letters.special for reason in FINDINGS),
        "lost": "lost" in letters.special,
        "unmapped-gaiji-15": "unmapped-gaiji-15" in letters.special,
        "unicode-dash": "unicode-dash" in letters.special,
        "half-double": mixed or charset.kind == "lead-byte",
        "stray-shift": mixed,
        "unclosed-shift": mixed,
        "repeated-shift": mixed,
        "control": column.role in ("name", "address") and bool(letters.controls),
        "trailing-zero": charset.kind == "utf-16-le",
        "decimal-blanks": charset.kind == "decimal",
        "low-values": column.length > 0,
        "blank": charset.kind != "decimal",
        "inner-blanks": charset.kind != "decimal",
    }.get(kind, True)


FINDINGS = ("unmapped-gaiji", "unmapped-extension", "illegal", "ambiguous", "no-unicode")


def _number_possible(charset: Charset, column: Column, kind: str) -> bool:
    figure = column.figure
    assert figure is not None
    zoned = figure.type == "zoned"
    return {
        "signed": figure.signed,
        "blank-number": figure.type != "binary",
        "low-number": figure.type != "binary",
        "bad-digit": figure.type != "binary",
        "two-signs": zoned and figure.digits not in (0, column.length),
        "blank-inside": zoned and column.length > 2,
        "sign-4x": zoned
        and figure.signed
        and not host(figure, charset.ebcdic)
        and figure.digits == column.length,
        "sign-5x": zoned
        and figure.signed
        and not host(figure, charset.ebcdic)
        and figure.digits == column.length,
        "sign-text": zoned
        and figure.signed
        and not host(figure, charset.ebcdic)
        and figure.digits == column.length,
        "sign-conflict": zoned
        and figure.signed
        and not host(figure, charset.ebcdic)
        and figure.digits == column.length,
        "over-picture": figure.digits > 0 and _spare(column),
        "blank-binary": figure.type == "binary" and column.length > 1,
    }.get(kind, True)


def _spare(column: Column) -> bool:
    """Whether the bytes can hold more than the digits of the PICTURE."""
    figure = column.figure
    assert figure is not None
    room = 2 * column.length - (figure.place != "none")
    return figure.type == "binary" or (figure.type == "packed" and figure.digits < room)


class _Text:
    """The contents of one text field."""

    def __init__(self, cells: Cells, column: Column, room: int) -> None:
        self.cells = cells
        self.charset = cells.charset
        self.rng = cells.rng
        self.column = column
        self.room = room
        self.letters = alphabet(self.charset.name, column.role, column.type)
        self.single, self.double = self.letters.single, self.letters.double
        self.mixed = self.charset.kind == "shifted" and column.type == "mixed"
        self.into = self.rng.choice(self.charset.shift_in) if self.mixed else b""
        self.out = self.rng.choice(self.charset.shift_out) if self.mixed else b""

    def make(self, kind: str) -> bytes:
        """Bytes of that kind, at most as many as there is room for."""
        if kind in ("blank", "decimal-blanks"):
            return b"" if kind == "blank" else self.text(self.end())
        if kind == "low-values":
            return bytes(self.room)
        if kind == "one" and self.charset.kind != "decimal":
            alone = self.written([self.end()])
            return alone if len(alone) <= self.room else b""
        if kind == "inner-blanks":
            blanks = self.letters.narrow_blanks + self.letters.wide_blanks
            return self.text(self.end(), [self.rng.choice(blanks)] if blanks else [])
        if kind in ("special", "lost", "control", "unmapped-gaiji-15", "unicode-dash"):
            return self.text(*self.odd_one(kind))
        if kind in ("half-double", "stray-shift", "unclosed-shift", "repeated-shift"):
            return self.broken(kind)
        end = "0".encode("utf-16-le") if kind == "trailing-zero" else self.end()
        return self.text(end, full=kind == "full")

    def end(self) -> bytes:
        """A character for the end of the field: in the long run each that the charset has."""
        groups = [(n, g) for n, g in (("single", self.single), ("double", self.double)) if g]
        name, group = self.rng.choices(groups, [1 + (len(g) > 500) for _, g in groups])[0]
        code = self.cells.last(f"{name} {self.column.type} {self.column.role}", group)
        return code if code != b"0\0" or "trailing-zero" in self.cells.kinds else self.end()

    def odd_one(self, kind: str) -> tuple[bytes, list[bytes]]:
        """A code of that kind at the end or before it."""
        groups = [kind] if kind != "special" else [r for r in FINDINGS if r in self.letters.special]
        group = self.rng.choice(groups)
        codes = self.letters.controls if kind == "control" else self.letters.special[group]
        code = self.cells.last(f"{group} {self.column.type}", codes)
        return (code, []) if self.rng.random() < 0.6 else (self.end(), [code])

    def text(self, end: bytes, before: list[bytes] | None = None, *, full: bool = False) -> bytes:
        """Characters up to ``end``, with ``before`` right before it; ``full``: as many as there is room for."""
        tail = [*(before or []), end]
        pool = self.double if not self.single or self.rng.random() < 0.7 else self.single
        pool = pool or self.single
        most = self.room // (
            1 if pool is self.single else 2 if self.charset.kind != "decimal" else self.charset.digits
        )
        full = full or (self.charset.kind == "decimal" and "decimal-blanks" not in self.cells.kinds)
        count = most if full else self.rng.randrange(min(most, 9) + 1)
        body: list[bytes] = []
        for _ in range(count):
            if self.rng.random() < 0.2:
                pool = self.rng.choice([g for g in (self.single, self.double) if g])
            body.append(self.rng.choice(pool))
        while body and len(self.written(body + tail)) > self.room:
            body.pop(0)
        while tail and len(self.written(body + tail)) > self.room:
            tail.pop(0)
        return self.written(body + tail)

    def written(self, codes: list[bytes]) -> bytes:
        """The codes as a field has them: double bytes between shifts."""
        if not self.mixed:
            return b"".join(codes)
        out, inside = b"", False
        for code in codes:
            if (len(code) > 1) != inside:
                inside = not inside
                out += self.into if inside else self.out
            out += code
        return out + (self.out if inside else b"")

    def broken(self, kind: str) -> bytes:
        """Half a character, or shifts that do not go together, at the very end where it can be."""
        code, into, out = self.end(), self.into, self.out
        double = self.rng.choice(self.double)
        if kind == "half-double":
            half = into + double + double[:1] + (out if self.rng.random() < 0.5 else b"")
            if not self.mixed:  # the rest of longer codes is no character's begin
                half = self.rng.choice(
                    [c for c in (double, self.rng.choice(self.double)) if len(c) == 2] or [b"\x8e\xb1"]
                )[:1]
            return (
                (self.written([code]) + half)[: self.room]
                if len(self.written([code]) + half) <= self.room
                else half[: self.room]
            )
        if kind == "stray-shift":
            single = self.rng.choice(self.single)
            return (single + out + self.rng.choice([b"", single]))[: self.room]
        if kind == "unclosed-shift":
            return into + double if len(into + double) <= self.room else into
        raw = into + double + into + double + out
        return raw if len(raw) <= self.room else into + into + out

    def padded(self, raw: bytes, kind: str) -> bytes:
        """The field filled up with blanks of its own kind."""
        gap = self.room - len(raw)
        if kind in ("unclosed-shift",) or (
            kind == "half-double" and self.mixed and not raw.endswith(self.charset.shift_out)
        ):
            return self.inside_padding(raw, gap)
        pads = self.pads(gap, open_end=kind == "half-double")
        return raw + self.rng.choice(pads)

    def inside_padding(self, raw: bytes, gap: int) -> bytes:
        """Behind a shift that is never taken back: wide blanks as far as they go; else the field begins later."""
        return (
            raw + self.charset.wide_blank * (gap // 2)
            if gap % 2 == 0 and len(raw) % 2 == 0 and not gap
            else self.lead_blanks(raw, gap)
        )

    def lead_blanks(self, raw: bytes, gap: int) -> bytes:
        """Single characters before what must stand at the very end."""
        return b"".join(self.rng.choice(self.single) for _ in range(gap)) + raw

    def pads(self, gap: int, *, open_end: bool) -> list[bytes]:
        """Every way to fill ``gap`` bytes with blanks."""
        charset, narrow = self.charset, self.letters.narrow_blanks
        wide = self.letters.wide_blanks
        if charset.kind == "double" or (charset.kind == "shifted" and self.column.type == "dbcs"):
            return [charset.wide_blank * (gap // 2), *(w * (gap // 2) for w in wide[:2])]
        unit = len(narrow[0])
        out = [narrow[0] * (gap // unit)]
        if open_end and charset.kind == "lead-byte":
            return out
        fill = [w for w in wide if len(w) <= gap]
        if self.mixed:
            into, back = self.rng.choice(charset.shift_in), self.rng.choice(charset.shift_out)
            rest = gap - len(into) - len(back)
            if fill and rest >= 2:
                w = self.rng.choice(fill)
                out.append(into + w * (rest // 2) + back + narrow[0] * (rest % 2))
        elif fill and self.column.type != "sbcs":
            w = self.rng.choice(fill)
            out.append(w * (gap // len(w)) + narrow[0] * (gap % len(w) // unit))
            out.append(narrow[0] * (gap % len(w) // unit) + w * (gap // len(w)))
        return out


class _Number:
    """The contents of one number."""

    def __init__(self, rng: Random, column: Column, ebcdic: bool) -> None:
        assert column.figure is not None
        self.rng, self.figure, self.ebcdic = rng, column.figure, host(column.figure, ebcdic)
        self.length = column.length
        self.apart = self.figure.type == "zoned" and self.figure.digits not in (0, self.length)
        self.sign_at = 0 if self.figure.place == "leading" else self.length - 1

    def make(self, kind: str) -> bytes:
        """The bytes of a number of that kind."""
        blank = b"\x40" if self.ebcdic else b"\x20"
        if kind in ("blank-number", "blank-binary"):
            return blank * self.length
        if kind == "low-number":
            return bytes(self.length)
        raw = {"zoned": self.zoned, "packed": self.packed, "binary": self.binary}[self.figure.type](kind)
        if kind == "two-signs":
            at = -2 if raw[-1:] in (b"\x4e", b"\x60", b"+", b"-") else -1
            zone = self.rng.choice([0xC0, 0xD0] if self.ebcdic else [0x70])
            raw = bytes(zone + (b & 15) if i - len(raw) == at else b for i, b in enumerate(raw))
        if kind == "bad-digit":
            at = self.rng.randrange(len(raw))
            bad = self.rng.choice(
                b"\x5a\xaa\x0e"
                if self.figure.type == "packed"
                else b"\x41\xc1\x2e"
                if at < len(raw) - 1 - self.apart
                else b"\x00\x2e\xff"
            )
            if self.figure.type == "packed" and at == len(raw) - 1:
                bad = self.rng.choice(b"\x11\x40\x99\xac")
            raw = raw[:at] + bytes([bad]) + raw[at + 1 :]
            raw = raw if raw.strip(blank) and raw.strip(b"\0") else b"\xff" * len(raw)
        if kind == "blank-inside":
            raw = blank * self.rng.randrange(1, self.length) + raw[-1:]
            raw = blank * (self.length - len(raw)) + raw
        return raw[-self.length :]

    def digits(self, kind: str, count: int) -> str:
        if kind == "zero":
            return "0" * count
        if self.rng.random() < 0.3:
            return "9" * count
        return "".join(self.rng.choice("0123456789") for _ in range(count))

    def zoned(self, kind: str) -> bytes:
        digits = self.digits(kind, self.length - self.apart)
        negative = kind == "signed" and self.rng.random() < 0.7
        if self.apart:
            sign = "-" if negative else "+"
            text = sign + digits if self.rng.random() < 0.5 else digits + sign
            if self.figure.place:
                text = sign + digits if self.figure.place == "leading-separate" else digits + sign
            return text.encode("cp037" if self.ebcdic else "ascii")
        raw = digits.encode("cp037" if self.ebcdic else "ascii")
        last = int(digits[self.sign_at])
        if self.ebcdic:
            zone = self.rng.choice(
                [0xD0, 0xB0] if negative else [0xC0, 0xF0, 0xA0, 0xE0] if kind == "signed" else [0xF0]
            )
            return self.with_sign(raw, zone + last)
        sign_byte = {
            "sign-4x": 0x40 + last,
            "sign-5x": 0x53 + last % 7,
            "sign-conflict": 0x50 + last % 3,
            "sign-text": b"{}JKLMNO"[last % 8],
        }.get(kind, self.ascii_sign(last, negative, kind))
        return self.with_sign(raw, sign_byte)

    def with_sign(self, raw: bytes, byte: int) -> bytes:
        """The digits with the byte that carries the sign."""
        return raw[: self.sign_at] + bytes([byte]) + raw[self.sign_at + 1 :]

    def ascii_sign(self, digit: int, negative: bool, kind: str) -> int:
        """A digit with its sign, as its convention writes it; without one, or where nobody said which, as it comes."""
        if kind != "signed":
            return 0x30 + digit
        table = SIGNS[self.figure.signs or "microfocus"]
        return next((b for b, meaning in table.items() if meaning == (negative, digit)), 0x30 + digit)

    def packed(self, kind: str) -> bytes:
        room = 2 * self.length - (self.figure.place != "none")
        count = self.figure.digits or room
        spare = "0" * (room - count) if kind != "over-picture" else self.rng.choice("123456789")
        signs = (
            "dbd" if kind == "signed" and self.rng.random() < 0.7 else "cfcae" if self.figure.signed else "f"
        )
        sign = "" if self.figure.place == "none" else self.rng.choice(signs)
        spare = spare.rjust(room - count, "0")
        return bytes.fromhex((spare + self.digits(kind, count) + sign)[-2 * self.length :])

    def binary(self, kind: str) -> bytes:
        bits = 8 * self.length
        most = 2 ** (bits - 1) - 1 if self.figure.signed else 2**bits - 1
        bound = min(most, 10**self.figure.digits - 1) if self.figure.digits else most
        if kind == "over-picture":
            return (
                self.rng.randint(bound + 1, most).to_bytes(self.length, "big")
                if bound < most
                else self.binary("number")
            )
        value = (
            0
            if kind == "zero"
            else self.rng.choice([bound, self.rng.randint(0, bound), self.rng.randint(0, min(bound, 99))])
        )
        if kind == "signed":
            value = -value
        raw = value.to_bytes(self.length, "little" if self.figure.little else "big", signed=value < 0)
        blank = b"\x40" if self.ebcdic else b"\x20"
        return raw if raw.strip(blank) else self.binary(kind)

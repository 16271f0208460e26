"""Which MJ glyph a JIS standard prints at a code.

Owns the one decision that the vendor tables share: code → text and glyph, for the prints of JIS C 6226-1978,
JIS X 0208:1990, JIS X 0213:2004, JIS X 0212 and for a plain Unicode character. Does not own the
tables of a vendor. `docs/charsets.md` (Glyph identity) explains the rules to users.

Evidence, in the order it is trusted:

1. Hanyo-Denshi registers the print of JIS X 0208:1990 as ``JAkktt``; where Moji_Joho has the same
   sequence that is an MJ glyph. ``JBkktt`` is JIS X 0212.
2. MJ's own list says which glyphs are the unmodified JIS X 0213 character (包摂区分 0), and which glyph a
   plain code point means (実装したUCS).
3. Adobe-Japan1 gives a CID for what each standard prints; a CID's variation sequence has, in HanaMin, exactly
   the outline of one Moji_Joho form. The comparison needs exact equality and a single answer.
"""

from __future__ import annotations

import re
import sqlite3
from collections import defaultdict
from functools import cached_property
from typing import Any
from unicodedata import normalize

import sources
from rows import Print

Outline = tuple[tuple[tuple[int, int], ...], tuple[int, ...]]

# The pairs that JIS X 0208-1983 swapped between levels 1 and 2 (checked against the
# CMaps 78-H and H by tests).
PAIRS = (
    "鯵鰺 鴬鶯 蛎蠣 撹攪 竃竈 潅灌 諌諫 頚頸 砿礦 蕊蘂 靭靱 賎賤 壷壺 砺礪 梼檮 涛濤 迩邇 蝿蠅 桧檜 侭儘 "
    "薮藪 篭籠"
)
SWAPPED_PAIRS = PAIRS.split()
# Simplified in place by JIS X 0208-1983, which moved the old forms to 84-01…84-04.
MOVED_1983 = {"尭": "堯", "槙": "槇", "遥": "遙", "瑶": "瑤"}
# The long dash of 1-29: EM DASH by JIS X 0213 and by the vendor tables we know, U+2015 in JIS0208.TXT.
EM_DASH = "\u2014"


def read_cmap(name: str) -> dict[int, int]:
    """Code → CID of an Adobe-Japan1 CMap, with the CMaps that it uses."""
    text = sources.cmap_path(name).read_text(encoding="ascii")
    mapping: dict[int, int] = {}
    if used := re.search(r"/(\S+) usecmap", text):
        mapping.update(read_cmap(used.group(1)))
    for block in re.findall(r"begincidrange(.*?)endcidrange", text, re.DOTALL):
        for first, last, cid in re.findall(r"<(\w+)>\s*<(\w+)>\s*(\d+)", block):
            for code in range(int(first, 16), int(last, 16) + 1):
                mapping[code] = int(cid) + code - int(first, 16)
    for block in re.findall(r"begincidchar(.*?)endcidchar", text, re.DOTALL):
        for code_hex, cid in re.findall(r"<(\w+)>\s*(\d+)", block):
            mapping[int(code_hex, 16)] = int(cid)
    return mapping


def is_kanji(ch: str) -> bool:
    """Whether a character is one that the MJ list is about (々〆〇 and the like are not)."""
    cp = ord(ch[0])
    return 0x3400 <= cp <= 0x9FFF or 0xF900 <= cp <= 0xFAFF or 0x20000 <= cp <= 0x3FFFF


class Fonts:
    """Outlines of HanaMin by text (a character, or a character and a variation selector)."""

    def __init__(self) -> None:
        from fontTools.ttLib import TTFont

        self._glyf: dict[str, Any] = {}
        self._plain: dict[int, tuple[str, str]] = {}
        self._uvs: dict[tuple[int, int], tuple[str, str]] = {}
        for path in sources.hanazono_fonts():
            font = TTFont(path, lazy=True)
            self._glyf[path.name] = font["glyf"]
            best = font.getBestCmap()
            for cp, name in best.items():
                self._plain.setdefault(cp, (path.name, name))
            for sub in font["cmap"].tables:
                if sub.format == 14:
                    for selector, entries in sub.uvsDict.items():
                        for cp, name in entries:
                            # None: the sequence shows the font's plain glyph of the character.
                            self._uvs[cp, selector] = (path.name, name or best[cp])

    def outline(self, text: str) -> Outline | None:
        """The outline of a text of one or two code points, or None where the fonts lack it."""
        key = self._uvs.get((ord(text[0]), ord(text[1]))) if len(text) > 1 else self._plain.get(ord(text))
        if key is None:
            return None
        glyf = self._glyf[key[0]]
        points, ends, _ = glyf[key[1]].getCoordinates(glyf)
        return tuple(map(tuple, points)), tuple(ends)


class Identity:
    """Prints of the JIS standards. Kuten codes are (row, cell), both from 1."""

    def __init__(self) -> None:
        self.db = sqlite3.connect(f"file:{sources.moji_db()}?mode=ro", uri=True)
        self._read_mj()
        self._read_ivd()
        self._read_aj1()
        self.disputes: list[tuple[str, ...]] = []
        self._x0208 = dict(self._read_x0208())
        self.kuten_of = {text: kuten for kuten, text in self._x0208.items()}

    # -- what the sources say ------------------------------------------------------------------

    def _read_mj(self) -> None:
        self.text: dict[str, str] = {}
        self.implemented: dict[str, str] = {}
        self.forms: dict[str, list[str]] = defaultdict(list)
        self.x0213: dict[tuple[int, int, int], list[str]] = defaultdict(list)
        self.x0213_all: dict[tuple[int, int, int], list[str]] = defaultdict(list)
        query = (
            'select "MJ文字図形名", "実装したUCS", "実装したMoji_JohoコレクションIVS", X0213, X0213_包摂区分 '
            'from mji order by "MJ文字図形名"'
        )
        for name, plain, ivs, x0213, unified in self.db.execute(query):
            self.text[name] = ivs or plain or ""
            if plain:
                self.implemented[plain] = name
            if self.text[name]:
                self.forms[self.text[name][0]].append(name)
            if x0213:
                plane, row, cell = map(int, x0213.split("-"))
                self.x0213_all[plane, row, cell].append(name)
                if unified == 0:
                    self.x0213[plane, row, cell].append(name)

    def _read_ivd(self) -> None:
        self.moji_joho = dict(self.db.execute('select IVS, code from "ivs_Moji_Joho"'))
        for name, ivs in self.db.execute("select * from mji_duplicated_ivs"):
            self.moji_joho.setdefault(ivs, name)
        self.hanyo_denshi = {
            code: ivs
            for ivs, code in self.db.execute('select IVS, code from "ivs_Hanyo-Denshi" order by IVS desc')
            if code[:2] in ("JA", "JB")
        }
        self.aj1_ivs: dict[int, list[str]] = defaultdict(list)
        for ivs, cid in self.db.execute('select IVS, CID from "ivs_Adobe-Japan1" order by IVS'):
            self.aj1_ivs[cid].append(ivs)

    def _read_aj1(self) -> None:
        self.cid90: dict[str, int] = {}
        self.cid2004: dict[str, int] = {}
        self.ucs90: dict[int, list[str]] = defaultdict(list)
        self.ucs2004: dict[int, list[str]] = defaultdict(list)
        query = (
            "select CID, UCS, UniJIS, UniJIS2004, UniJISX02132004 from aj1 where not vertical order by UCS"
        )
        for cid, ucs, jis, jis2004, x0213 in self.db.execute(query):
            if jis:
                self.cid90[ucs] = cid
                self.ucs90[cid].append(ucs)
            if jis2004:
                self.cid2004[ucs] = cid
            if jis2004 or x0213:
                self.ucs2004[cid].append(ucs)
        self.jis78 = read_cmap("78-H")
        self.jis90 = read_cmap("H")

    @staticmethod
    def _read_x0208() -> list[tuple[tuple[int, int], str]]:
        out = []
        for row in range(1, 85):
            for cell in range(1, 95):
                try:
                    text = bytes((row + 0xA0, cell + 0xA0)).decode("euc_jp")
                except UnicodeDecodeError:
                    continue
                out.append(((row, cell), EM_DASH if text == "\u2015" else text))
        return out

    @cached_property
    def fonts(self) -> Fonts:
        """HanaMin."""
        return Fonts()

    @cached_property
    def changed_2004(self) -> frozenset[str]:
        """The characters of JIS X 0208 that JIS X 0213:2004 prints differently, by Adobe-Japan1."""
        return frozenset(u for u in self.kuten_of if self.cid90.get(u) != self.cid2004.get(u))

    def _outline_matches(self, cid: int, base: str) -> list[str]:
        """The MJ forms of a character that HanaMin draws exactly as it draws the CID."""
        found: set[str] = set()
        for ivs in self.aj1_ivs[cid]:
            outline = self.fonts.outline(ivs) if ivs[0] == base else None
            if outline:
                found |= {m for m in self.forms[base] if self.fonts.outline(self.text[m]) == outline}
        return sorted(found)

    # -- decisions -----------------------------------------------------------------------------

    def _print(self, names: list[str], base: str, note: str) -> Print:
        if len(names) == 1:
            return Print(self.text[names[0]], (names[0],), note)
        return Print(base, tuple(names), note)

    def dispute(self, table: str, code: str, a: str, sa: str, b: str, sb: str, chosen: str, why: str) -> None:
        """Note a row on which sources disagree (a line of ``mappings/disputes.tsv``)."""
        item = (table, code, a, sa, b, sb, chosen, why)
        if item not in self.disputes:
            self.disputes.append(item)

    def x0208_text(self, row: int, cell: int) -> str | None:
        """The Unicode character of a JIS X 0208:1990 code, in the JIS (not Microsoft) reading."""
        return self._x0208.get((row, cell))

    def print90(self, row: int, cell: int) -> Print | None:
        """What JIS X 0208:1990 prints at a code; None where it has nothing."""
        text = self._x0208.get((row, cell))
        if text is None or not is_kanji(text):
            return None if text is None else Print(text)
        return self._print90_kanji(text, f"JA{row:02d}{cell:02d}")

    def _print90_kanji(self, base: str, ja: str) -> Print:
        plain = self.implemented[base]
        ivs = self.hanyo_denshi.get(ja, "")
        outlines = self._outline_matches(self.cid90[base], base)
        if ivs and ivs[0] != base:
            why = "the registered sequence has another base character; the code's own character is kept"
            self.dispute("identity-jis90", ja, ivs, "Hanyo-Denshi", base, "JIS X 0208", plain, why)
        elif ivs in self.moji_joho:
            name = self.moji_joho[ivs]
            if outlines and name not in outlines:
                self.dispute(
                    "identity-jis90",
                    ja,
                    name,
                    "Hanyo-Denshi",
                    "|".join(outlines),
                    "HanaMin",
                    name,
                    "Hanyo-Denshi registers the print of JIS X 0208:1990 itself",
                )
            return self._print([name], base, "")
        if len(self.forms[base]) == 1:
            return self._print([plain], base, "")
        if base in self.changed_2004:
            # No registered sequence, and the standards differ: only the outline can tell which is which.
            if len(outlines) == 1:
                return self._print(outlines, base, "by outline")
            return self._print(
                sorted(self.forms[base], key=lambda n: (n != plain, n)), base, "no source tells"
            )
        if len(outlines) == 1 and outlines[0] != plain:
            self.dispute(
                "identity-jis90",
                ja,
                plain,
                "MJ 実装したUCS",
                outlines[0],
                "HanaMin",
                plain,
                "unchanged in 2004, so the glyph that the plain code point means",
            )
        return self._print([plain], base, "")

    def print2004(self, plane: int, row: int, cell: int, base: str) -> Print:
        """What JIS X 0213:2004 prints at a code whose Unicode text is ``base``."""
        if not is_kanji(base):
            return Print(base)
        names = self.x0213.get((plane, row, cell), [])
        if plane == 1 and base in self.kuten_of and base not in self.changed_2004:
            old = self.print90(row, cell)
            if old and old.glyphs[0] in names:
                return old
        fits = [name for name in names if self.text[name]]
        if len(fits) > 1:
            outlines = self._outline_matches(self.cid2004.get(base, -1), base)
            narrowed = [name for name in fits if name in outlines]
            plain = self.implemented.get(base, "")
            if len(narrowed) == 1:
                fits = narrowed
            elif base not in self.kuten_of and plain in fits:
                fits = [plain]
            else:
                fits = sorted(narrowed or fits, key=lambda n: (n != plain, n))
                joined = "|".join(fits)
                self.dispute(
                    "identity-jis2004",
                    f"{plane}-{row:02d}-{cell:02d}",
                    joined,
                    "MJ list",
                    "",
                    "HanaMin",
                    joined,
                    "several unmodified glyphs, and no single one has the outline",
                )
        if not fits:
            fits = [self.implemented[base]] if base in self.implemented else []
        return self._print(fits, base, "") if fits else Print(base)

    def print_ucs(self, text: str, edition: str) -> Print:
        """The print of a Unicode character in ``jis90`` or ``jis2004`` shape (see ``docs/charsets.md``)."""
        if len(text) > 1 or not is_kanji(text):
            return Print(text)
        kuten = self.kuten_of.get(text)
        if kuten and edition == "jis90":
            found = self.print90(*kuten)
            assert found is not None
            return found
        if kuten:
            return self.print2004(1, *kuten, text)
        if (
            text in self.x0212_of
            and (ivs := self.hanyo_denshi.get(self.x0212_of[text], "")) in self.moji_joho
        ):
            return self._print([self.moji_joho[ivs]], text, "")
        return self._print([self.implemented[text]], text, "") if text in self.implemented else Print(text)

    @cached_property
    def x0212_of(self) -> dict[str, str]:
        """Character → ``JBkktt`` for JIS X 0212."""
        out = {}
        for row in range(16, 78):
            for cell in range(1, 95):
                try:
                    text = bytes((0x8F, row + 0xA0, cell + 0xA0)).decode("euc_jp")
                except UnicodeDecodeError:
                    continue
                out[text] = f"JB{row:02d}{cell:02d}"
        return out

    @cached_property
    def jis78_prints(self) -> dict[tuple[int, int], Print]:
        """What JIS C 6226-1978 prints, for each of its 6,802 codes."""
        return {(c >> 8, c & 0xFF): self._print78(c) for c in sorted(self.jis78)}

    def _print78(self, code: int) -> Print:
        row, cell = (code >> 8) - 0x20, (code & 0xFF) - 0x20
        cid, cid_90 = self.jis78[code], self.jis90[code]
        same = self.print90(row, cell)
        assert same is not None, (row, cell)
        if cid == cid_90 or not is_kanji(same.text):
            return same
        for known, edition in ((self.ucs90, "jis90"), (self.ucs2004, "jis2004")):
            # A compatibility ideograph names a shape of another character: that is the outline's business.
            plain = [u for u in known[cid] if normalize("NFC", u) == u]
            if plain:
                best = min(plain, key=lambda u: (u not in self.kuten_of, u))
                return self._noted(self.print_ucs(best, edition), f"JIS78 print, CID {cid}")
        return self._print78_by_outline(cid, same, f"{code:04X}")

    @staticmethod
    def _noted(found: Print, note: str) -> Print:
        return Print(found.text, found.glyphs, "; ".join(filter(None, (note, found.note))))

    def _print78_by_outline(self, cid: int, same: Print, code: str) -> Print:
        """A CID that only a variation sequence reaches: the MJ form of exactly its outline, or "
        "ambiguous."""
        base = self.aj1_ivs[cid][0][0]
        outlines = self._outline_matches(cid, base)
        if len(outlines) == 1:
            return self._print(outlines, base, f"JIS78 print, CID {cid} by outline")
        # JIS90's own glyph goes last: its CID differs, so JIS78 is known not to print that.
        names = outlines or sorted(self.forms[base], key=lambda n: (n in same.glyphs, n))
        self.dispute(
            "identity-jis78",
            code,
            "|".join(names),
            "MJ forms",
            f"CID {cid}",
            "CMap 78-H",
            "|".join(names),
            "no MJ form has exactly the CID's outline in HanaMin",
        )
        return self._print(names, base, f"JIS78 print, CID {cid}; no MJ form has its outline")

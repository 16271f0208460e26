"""Makes the sample dumps: people who do not exist, in three vendors' codes. The same seed gives the same bytes.

Run ``python data/samples/generate.py [FOLDER]``. Characters are chosen as glyphs (MJ names) or plain
characters; a glyph that a charset's tables have is written with its code, any other becomes a 外字 of that
charset. ``truth.tsv`` says what each 外字 code stands for; the site tables know about half of them.

With ``--pictures HanaMinA.ttf HanaMinB.ttf`` (Debian fonts-hanazono) it also draws the 外字 as a town would have had them:
black and white dots, 24 for the Fujitsu host, 32 for the Hitachi host, 48 for Windows. The two characters that
no list has are put together from halves of others.
"""

from __future__ import annotations

import argparse
import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import gaiji
from gaiji.codes.charset import Charset

SEED = 20261123
SITE_HEADER = "code\tucs\tglyph\tflag\tnote\tevidence\tdecided_by\tdecided_at\treplaces\n"
NOT_IN_MJ = ("?1", "?2")
"""Two characters that somebody drew and no list has."""

# Surnames as lists of plain characters and MJ names, with their reading.
SURNAMES = [
    (["渡", "邉"], "ﾜﾀﾅﾍﾞ"),
    (["渡", "邊"], "ﾜﾀﾅﾍﾞ"),
    (["渡", "辺"], "ﾜﾀﾅﾍﾞ"),
    (["渡", "部"], "ﾜﾀﾅﾍﾞ"),
    (["斎", "藤"], "ｻｲﾄｳ"),
    (["齋", "藤"], "ｻｲﾄｳ"),
    (["齊", "藤"], "ｻｲﾄｳ"),
    (["斉", "藤"], "ｻｲﾄｳ"),
    (["高", "橋"], "ﾀｶﾊｼ"),
    (["山", "崎"], "ﾔﾏｻｷ"),
    (["吉", "田"], "ﾖｼﾀﾞ"),
    (["葛", "西"], "ｶｻｲ"),
    (["辻"], "ﾂｼﾞ"),
    (["佐", "藤"], "ｻﾄｳ"),
    (["鈴", "木"], "ｽｽﾞｷ"),
    (["田", "中"], "ﾀﾅｶ"),
    (["伊", "藤"], "ｲﾄｳ"),
    (["桑", "原"], "ｸﾜﾊﾗ"),
    (["小", "林"], "ｺﾊﾞﾔｼ"),
    (["加", "藤"], "ｶﾄｳ"),
    (["濱", "田"], "ﾊﾏﾀﾞ"),
    (["嶋", "田"], "ｼﾏﾀﾞ"),
    (["曾", "我"], "ｿｶﾞ"),
]
RARE = {  # 外字 of each file: glyph → (spelling around it, reading)
    "jef": [
        ("MJ026191", "渡_", "ﾜﾀﾅﾍﾞ"),
        ("MJ026192", "渡_", "ﾜﾀﾅﾍﾞ"),
        ("MJ026194", "渡_", "ﾜﾀﾅﾍﾞ"),
        ("MJ026197", "渡_", "ﾜﾀﾅﾍﾞ"),
        ("MJ026199", "渡_", "ﾜﾀﾅﾍﾞ"),
        ("MJ026203", "渡_", "ﾜﾀﾅﾍﾞ"),
        ("MJ030061", "_藤", "ｻｲﾄｳ"),
        ("MJ030058", "_藤", "ｻｲﾄｳ"),
        ("MJ028902", "_橋", "ﾀｶﾊｼ"),
        ("MJ030196", "山_", "ﾔﾏｻｷ"),
        ("MJ032129", "_田", "ﾖｼﾀﾞ"),
        ("MJ022338", "_西", "ｶｻｲ"),
        ("MJ013502", "_我", "ｿｶﾞ"),
        ("?1", "_川", "ｲｼｶﾜ"),
    ],
    "keis": [
        ("MJ026193", "渡_", "ﾜﾀﾅﾍﾞ"),
        ("MJ026195", "渡_", "ﾜﾀﾅﾍﾞ"),
        ("MJ058866", "渡_", "ﾜﾀﾅﾍﾞ"),
        ("MJ026201", "渡_", "ﾜﾀﾅﾍﾞ"),
        ("MJ026205", "渡_", "ﾜﾀﾅﾍﾞ"),
        ("MJ030062", "_藤", "ｻｲﾄｳ"),
        ("MJ013049", "_藤", "ｻｲﾄｳ"),
        ("MJ028902", "_橋", "ﾀｶﾊｼ"),
        ("MJ030196", "山_", "ﾔﾏｻｷ"),
        ("MJ032129", "_田", "ﾖｼﾀﾞ"),
        ("MJ016102", "_田", "ﾊﾏﾀﾞ"),
        ("MJ022339", "_西", "ｶｻｲ"),
        ("?2", "_村", "ｲﾁﾑﾗ"),
    ],
    "windows": [
        ("MJ026196", "渡_", "ﾜﾀﾅﾍﾞ"),
        ("MJ060234", "渡_", "ﾜﾀﾅﾍﾞ"),
        ("MJ060235", "渡_", "ﾜﾀﾅﾍﾞ"),
        ("MJ060236", "渡_", "ﾜﾀﾅﾍﾞ"),
        ("MJ026202", "渡_", "ﾜﾀﾅﾍﾞ"),
        ("MJ026204", "渡_", "ﾜﾀﾅﾍﾞ"),
        ("MJ026206", "渡_", "ﾜﾀﾅﾍﾞ"),
        ("MJ030063", "_藤", "ｻｲﾄｳ"),
        ("MJ059306", "_藤", "ｻｲﾄｳ"),
        ("MJ032129", "_田", "ﾖｼﾀﾞ"),
        ("MJ016103", "_田", "ﾊﾏﾀﾞ"),
        ("MJ022340", "_西", "ｶｻｲ"),
        ("MJ013503", "_我", "ｿｶﾞ"),
    ],
}
GIVEN = [
    ("太郎", "ﾀﾛｳ", 1),
    ("花子", "ﾊﾅｺ", 2),
    ("一郎", "ｲﾁﾛｳ", 1),
    ("幸子", "ｻﾁｺ", 2),
    ("健一", "ｹﾝｲﾁ", 1),
    ("直樹", "ﾅｵｷ", 1),
    ("美咲", "ﾐｻｷ", 2),
    ("陽菜", "ﾋﾅ", 2),
    ("翔太", "ｼｮｳﾀ", 1),
    ("恵美子", "ｴﾐｺ", 2),
    ("葉月", "ﾊﾂﾞｷ", 2),
    ("大輔", "ﾀﾞｲｽｹ", 1),
    ("弘", "ﾋﾛｼ", 1),
    ("節子", "ｾﾂｺ", 2),
    ("遥", "ﾊﾙｶ", 2),
    ("槙", "ﾏｷ", 2),
]
TOWNS = ["表町", "本町", "桜木町", "芝浦", "祇園", "曙町", "新栄", "西ヶ丘"]
HOUSES = ["", "", "", "コーポ桜１０１号", "メゾン青葉２の１０３", "市営住宅３号棟"]


@dataclass(frozen=True)
class Person:
    """A resident: spelling as tokens (characters or glyph names), reading, and the rest as text."""

    number: int
    household: int
    surname: tuple[str, ...]
    given: str
    kana: str
    head: tuple[str, ...]
    birth: str
    sex: int
    town: str
    house: str
    old: tuple[str, ...]
    alias: str


class Writer:
    """Writes tokens in one charset, giving a 外字 code to each glyph that its tables do not have."""

    def __init__(self, name: str, first: int, rare: list[tuple[str, str, str]], **options: str) -> None:
        self.charset: Charset = gaiji.load_charset(name, options=options)
        self.by_glyph = {
            e.row.glyph: e.row.code
            for (size, _), e in self.charset.entries.items()
            if size == 2 and e.row.glyph
        }
        self.by_text: dict[str, int] = {}
        for (size, code), e in self.charset.entries.items():
            if size == 2 and e.row.text and e.row.flag == 0:
                self.by_text.setdefault(e.row.text[0], code)
        self.gaiji = {glyph: first + i for i, (glyph, _, _) in enumerate(rare)}

    def code(self, token: str) -> int:
        """The double-byte code of a character, a glyph name or one of the two unknown characters."""
        if token in self.gaiji:
            return self.gaiji[token]
        return self.by_glyph[token] if token[:2] == "MJ" else self.by_text[token]

    def double(self, tokens: tuple[str, ...] | str) -> bytes:
        """Double bytes without shifts."""
        return b"".join(self.code(token).to_bytes(2, "big") for token in tokens)

    def single(self, text: str) -> bytes:
        """Single bytes."""
        return self.charset.encode(text)

    def mixed(self, tokens: tuple[str, ...] | str) -> bytes:
        """Double bytes between shifts, nothing for an empty text."""
        spec = self.charset.spec
        return spec.shift_in[0] + self.double(tokens) + spec.shift_out[0] if tokens else b""


def people(rng: random.Random, rare: list[tuple[str, str, str]], count: int) -> list[Person]:
    """Made-up residents in households; about one household in eight has a rare spelling."""
    out: list[Person] = []
    household = 0
    while len(out) < count:
        household += 1
        surname, kana = rng.choice(SURNAMES)
        if household % 8 == 0:
            glyph, spelling, kana = rare[(household // 8) % len(rare)]
            surname = [glyph if c == "_" else c for c in spelling]
        town = f"{rng.choice(TOWNS)}{rng.randint(1, 5)}丁目{rng.randint(1, 40)}番{rng.randint(1, 20)}号"
        house = rng.choice(HOUSES)
        head: tuple[str, ...] = ()
        for _ in range(rng.randint(1, 4)):
            given, given_kana, sex = rng.choice(GIVEN)
            name = (*surname, "　", *given)
            head = head or name
            birth = f"{rng.randint(1930, 2020)}{rng.randint(1, 12):02d}{rng.randint(1, 28):02d}"
            old = tuple(rng.choice(SURNAMES)[0]) if sex == 2 and rng.random() < 0.05 else ()
            alias = "山田　" + given if rng.random() < 0.02 else ""
            out.append(
                Person(
                    len(out) + 1,
                    household,
                    tuple(surname),
                    given,
                    f"{kana} {given_kana}",
                    head,
                    birth,
                    sex,
                    town,
                    house,
                    old,
                    alias,
                )
            )
    return out[:count]


def full_width(text: str) -> str:
    """Digits and hyphens as double-byte fields have them."""
    return text.translate({ord(c): ord(c) + 0xFEE0 for c in "0123456789"})


def packed(digits: str, sign: str = "C") -> bytes:
    """COMP-3."""
    return bytes.fromhex(("0" if len(digits) % 2 == 0 else "") + digits + sign)


def juki_jef(rng: random.Random) -> tuple[bytes, Writer]:
    """Fixed 400-byte records, double-byte name fields without shifts, mixed addresses, packed dates."""
    w = Writer("fujitsu-jef-ebcdik", 0x80A1, RARE["jef"])
    out = bytearray()
    for p in people(rng, RARE["jef"], 2000):
        name = (*p.surname, "　", *p.given)
        lost = p.number % 331 == 0  # an earlier migration left its mark
        fields = [
            (w.single(f"{p.number:010d}"), 10),
            (w.single(f"{p.household:010d}"), 10),
            (w.double(("◎", *name[1:]) if lost else name), 40),
            (w.single(p.kana), 30),
            (w.double(p.old), 20),
            (w.double(p.alias), 32),
            (w.double(p.head), 40),
            (packed(p.birth), 5),
            (packed("20260401"), 5),
            (w.single(str(p.sex)), 1),
            (w.single("1000001"), 7),
            (w.single("ﾎﾞｳｼ ") + w.mixed(full_width(p.town)), 100),
            (w.mixed(p.house), 60),
            (b"", 40),
        ]
        record = bytearray(b"".join(raw.ljust(size, b"\x40") for raw, size in fields))
        if p.number % 401 == 0:  # a stray half of a character behind a name
            record[20 + 2 * len(name)] = 0xB0
        if p.number % 503 == 0:  # the closing shift was overwritten
            at = record.index(0x29, 202)
            record[at] = 0x40
        if p.number % 607 == 0:  # a packed date that is not one
            record[183] = 0x4B
        out += record
    return bytes(out), w


def koseki_keis(rng: random.Random) -> tuple[bytes, Writer]:
    """Variable-length records with RDW, mixed fields throughout; 本籍 runs to the end of the record."""
    w = Writer("hitachi-keis83-ebcdik", 0x81A1, RARE["keis"])
    out = bytearray()
    for p in people(rng, RARE["keis"], 800):
        father, _, _ = rng.choice(GIVEN[:1] + GIVEN[4:6])
        mother = rng.choice(["花子", "節子", "幸子"])
        fields = [
            (w.single(f"{p.number:08d}"), 8),
            (w.mixed(p.surname), 16),
            (w.mixed(p.given), 16),
            (w.single(p.kana), 24),
            (w.mixed((*p.surname, "　", *father)), 28),
            (w.mixed((*p.surname, "　", *mother)), 28),
        ]
        record = b"".join(raw.ljust(size, b"\x40") for raw, size in fields) + w.mixed(full_width(p.town))
        if p.number % 397 == 0:  # cut inside the closing shift
            record = record[:-1]
        out += (len(record) + 4).to_bytes(2, "big") + b"\0\0" + record
    return bytes(out), w


def juki_windows(rng: random.Random) -> tuple[bytes, Writer]:
    """A CSV in CP932 with end-user defined characters and the headers of the 基本データリスト."""
    w = Writer("windows-31j-jis90", 0xF040, RARE["windows"])
    header = [
        "宛名番号",
        "世帯番号",
        "氏名",
        "氏名_フリガナ",
        "旧氏",
        "通称",
        "世帯主氏名",
        "生年月日",
        "性別",
        "住所",
        "方書",
    ]
    lines = [",".join(header).encode("cp932")]
    for p in people(rng, RARE["windows"], 2000):
        name = (*p.surname, "　", *p.given)
        cells = [
            str(p.number).encode(),
            str(p.household).encode(),
            w.double(("〓", *name[1:]) if p.number % 487 == 0 else name),
            p.kana.encode("cp932"),
            w.double(p.old),
            w.double(p.alias),
            w.double(p.head),
            f"{p.birth[:4]}-{p.birth[4:6]}-{p.birth[6:]}".encode(),
            str(p.sex).encode(),
            b'"' + f"見本県,{p.town}".encode("cp932") + b'"',
            w.double(p.house),
        ]
        lines.append(b",".join(cells))
    return b"\r\n".join(lines) + b"\r\n", w


def site_table(w: Writer, rare: list[tuple[str, str, str]]) -> str:
    """What the made-up town has decided so far: every other 外字, none of those that no list has."""
    rows = [
        f"{w.gaiji[glyph]:04X}\t\t{glyph}\t0\t\t見本市 外字台帳\t見本 太郎\t2026-10-01\t\n"
        for i, (glyph, _, _) in enumerate(rare)
        if i % 2 == 0 and glyph not in NOT_IN_MJ
    ]
    return SITE_HEADER + "".join(rows)


def main(folder: Path) -> None:
    """Write everything that is generated."""
    (folder / "site").mkdir(parents=True, exist_ok=True)
    truth = ["file\tcode\tglyph\n"]
    for name, make in (("jef", juki_jef), ("keis", koseki_keis), ("windows", juki_windows)):
        data, writer = make(random.Random(f"{SEED}-{name}"))
        file = {"jef": "juki-jef.dat", "keis": "koseki-keis.dat", "windows": "juki-windows.csv"}[name]
        (folder / file).write_bytes(data)
        (folder / "site" / f"sample-city-{name}.tsv").write_text(site_table(writer, RARE[name]), "utf-8")
        truth += [
            f"{file}\t{code:04X}\t{'none' if g in NOT_IN_MJ else g}\n" for g, code in writer.gaiji.items()
        ]
    (folder / "truth.tsv").write_text("".join(truth), "utf-8")


# -- pictures ----------------------------------------------------------------------------------------

DOTS = {"jef": 24, "keis": 32, "windows": 48}
HALVES = {"?1": ("石", "龜", "left"), "?2": ("雲", "鹿", "top")}
"""The two unknown characters: the left or upper half of the first, the other half of the second."""


class Pen:
    """Draws glyphs in dots from fonts with variation sequences."""

    def __init__(self, fonts: Sequence[Path]) -> None:
        import freetype
        from fontTools.ttLib import TTFont

        self.ft = freetype
        self.faces = []
        for path in fonts:
            font = TTFont(path)
            variants = next((t.uvsDict for t in font["cmap"].tables if t.format == 14), {})
            named = {
                (base, selector): name for selector, rows in variants.items() for base, name in rows if name
            }
            self.faces.append((freetype.Face(str(path)), named, font.getGlyphID))

    def draw(self, text: str, side: int) -> list[list[int]] | None:
        """A character (with its selector) as rows of 0 and 1, None when no font has it."""
        for face, named, number in self.faces:
            selector = ord(text[1]) if len(text) > 1 else 0
            name = named.get((ord(text[0]), selector))
            index = (
                number(name)
                if name
                else face.get_char_index(text[0])
                if not selector or self.default(text)
                else 0
            )
            if index:
                return self.dots(face, index, side)
        return None

    def default(self, text: str) -> bool:
        """Whether the plain character means the glyph of this sequence."""
        glyphs = gaiji.load_repertoire().by_text(text)
        return bool(glyphs) and glyphs[0].default

    def dots(self, face: object, index: int, side: int) -> list[list[int]]:
        """One glyph, hinted for black and white."""
        face.set_pixel_sizes(0, side)
        face.load_glyph(
            index, self.ft.FT_LOAD_RENDER | self.ft.FT_LOAD_TARGET_MONO | self.ft.FT_LOAD_FORCE_AUTOHINT
        )
        bitmap, rows = face.glyph.bitmap, [[0] * side for _ in range(side)]
        top = (side - bitmap.rows) // 2
        left = (side - bitmap.width) // 2
        for y in range(bitmap.rows):
            for x in range(bitmap.width):
                if 0 <= y + top < side and 0 <= x + left < side:
                    rows[y + top][x + left] = bitmap.buffer[y * bitmap.pitch + x // 8] >> (7 - x % 8) & 1
        return rows

    def halves(self, first: str, second: str, how: str, side: int) -> list[list[int]]:
        """One character of two squeezed ones."""
        a, b = self.draw(first, 2 * side), self.draw(second, 2 * side)
        half = side // 2
        if how == "top":
            return [
                [row[2 * x] | row[2 * x + 1] for x in range(side)]
                for row in (*a[::4][:half], *b[::4][: side - half])
            ]
        return [
            [a[2 * y][4 * x] | a[2 * y][4 * x + 1] for x in range(half)]
            + [b[2 * y][4 * x] | b[2 * y][4 * x + 1] for x in range(side - half)]
            for y in range(side)
        ]


def pictures(folder: Path, fonts: Sequence[Path]) -> None:
    """Write ``gaiji/SYSTEM/CODE.png`` for every 外字."""
    from PIL import Image

    pen, repertoire = Pen(fonts), gaiji.load_repertoire()
    starts = {"jef": 0x80A1, "keis": 0x81A1, "windows": 0xF040}
    for system, rare in RARE.items():
        target = folder / "gaiji" / system
        target.mkdir(parents=True, exist_ok=True)
        for number, (glyph, _, _) in enumerate(rare):
            side = DOTS[system]
            rows = (
                pen.halves(*HALVES[glyph], side)
                if glyph in HALVES
                else pen.draw(repertoire[glyph].text, side)
            )
            if rows is None:
                raise SystemExit(f"no font has {glyph}")
            image = Image.new("1", (side, side), 1)
            image.putdata([1 - dot for row in rows for dot in row])
            image.save(target / f"{starts[system] + number:04X}.png", optimize=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", nargs="?", type=Path, default=Path(__file__).parent)
    parser.add_argument("--pictures", nargs="+", type=Path, metavar="FONT")
    chosen = parser.parse_args()
    main(chosen.folder)
    if chosen.pictures:
        pictures(chosen.folder, chosen.pictures)

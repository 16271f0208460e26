"""Makes a town of six systems: people who do not exist, the same ones in five vendors' codes.

Run ``python data/samples/town/generate.py [FOLDER] [--people N]``. The same numbers give the same bytes. Every
resident is in 住記; the other systems have some of them. A name is a row of glyphs (MJ names) or plain
characters: what a charset's own tables have is written with that code, any other becomes a 外字 of that
charset's set, so that one character is known in one system and a 外字 in the next, as in a real town.
``truth-gaiji.tsv`` says what each 外字 code stands for, ``truth-contradictions.tsv`` whose name was written
otherwise in one system on purpose.
"""

from __future__ import annotations

import argparse
import random
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import gaiji
from gaiji.codes.charset import Charset

SEED = 20261128
SETS = {  # 外字 set → charset, first code of the user-defined area, file of its site table
    "住記": ("fujitsu-jef-ebcdik", 0x80A1, "juki"),
    "戸籍": ("hitachi-keis83-ebcdik", 0x81A1, "koseki"),
    "税": ("ibm-939", 0x6941, "zei"),
    "国保": ("nec-jips-j-jis8", 0x7421, "kokuho"),
    "福祉": ("windows-31j-jis90", 0xF040, "fukushi"),
}
SURNAMES = [
    *(("渡辺", "ﾜﾀﾅﾍﾞ"), ("佐藤", "ｻﾄｳ"), ("鈴木", "ｽｽﾞｷ"), ("田中", "ﾀﾅｶ"), ("伊藤", "ｲﾄｳ"), ("小林", "ｺﾊﾞﾔｼ")),
    *(
        ("加藤", "ｶﾄｳ"),
        ("吉田", "ﾖｼﾀﾞ"),
        ("山田", "ﾔﾏﾀﾞ"),
        ("高橋", "ﾀｶﾊｼ"),
        ("山本", "ﾔﾏﾓﾄ"),
        ("中村", "ﾅｶﾑﾗ"),
    ),
    *(
        ("松本", "ﾏﾂﾓﾄ"),
        ("井上", "ｲﾉｳｴ"),
        ("木村", "ｷﾑﾗ"),
        ("清水", "ｼﾐｽﾞ"),
        ("山口", "ﾔﾏｸﾞﾁ"),
        ("石川", "ｲｼｶﾜ"),
    ),
    *(
        ("前田", "ﾏｴﾀﾞ"),
        ("岡田", "ｵｶﾀﾞ"),
        ("長谷川", "ﾊｾｶﾞﾜ"),
        ("藤田", "ﾌｼﾞﾀ"),
        ("村上", "ﾑﾗｶﾐ"),
        ("青木", "ｱｵｷ"),
    ),
]
AROUND = [
    ("_田", "ﾀﾞ"),
    ("_藤", "ﾄｳ"),
    ("_川", "ｶﾜ"),
    ("_本", "ﾓﾄ"),
    ("大_", "ｵｵ"),
    ("小_", "ｺ"),
    ("_崎", "ｻｷ"),
]
RARE = [  # glyphs of names that not every maker has
    *("MJ026191", "MJ026192", "MJ026193", "MJ026194", "MJ026196", "MJ026197", "MJ026199", "MJ026201"),
    *("MJ030061", "MJ030058", "MJ030062", "MJ028902", "MJ030196", "MJ032129", "MJ022338", "MJ013502"),
]
FAMILIES = [RARE[:8], RARE[8:11]]
"""Glyphs of one character's family: a name is written with another of them by mistake."""
FORMS = {"辺": RARE[:8], "高": ["MJ028902"], "吉": ["MJ032129"]}
"""Everyday characters, and what a clerk once wrote instead."""
GIVEN = [
    *(("太郎", "ﾀﾛｳ", 1), ("花子", "ﾊﾅｺ", 2), ("一郎", "ｲﾁﾛｳ", 1), ("幸子", "ｻﾁｺ", 2), ("健一", "ｹﾝｲﾁ", 1)),
    *(("直樹", "ﾅｵｷ", 1), ("美咲", "ﾐｻｷ", 2), ("陽菜", "ﾋﾅ", 2), ("翔太", "ｼｮｳﾀ", 1), ("恵美子", "ｴﾐｺ", 2)),
    *(("大輔", "ﾀﾞｲｽｹ", 1), ("弘", "ﾋﾛｼ", 1), ("節子", "ｾﾂｺ", 2), ("和夫", "ｶｽﾞｵ", 1), ("洋子", "ﾖｳｺ", 2)),
]
TOWNS = ["表町", "本町", "桜木町", "曙町", "新町", "西町"]
ERAS = ((1989, 1, 8, 4, 1988), (1926, 12, 25, 3, 1925), (1912, 7, 30, 2, 1911))
"""First day of 平成, 昭和 and 大正, the digit that dumps write for each, the year before its first."""
SHARES = {"印鑑": 0.4, "戸籍": 0.7, "税": 0.6, "国保": 0.35, "福祉": 0.25}
"""How many of the residents the other systems have."""


@dataclass(frozen=True)
class Resident:
    """A resident: numbers, name as tokens (characters or glyph names), reading, and the rest as text."""

    number: int
    household: int
    surname: tuple[str, ...]
    given: str
    kana: str
    birth: str
    sex: int
    address: str

    @property
    def name(self) -> tuple[str, ...]:
        """The name with the blank between its parts."""
        return (*self.surname, "　", *self.given)


@dataclass
class Writer:
    """Writes tokens in the charset of a 外字 set; a glyph that its tables have not gets a code of the set."""

    name: str
    charset: Charset
    first: int
    gaiji: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        double = [e.row for (size, _), e in self.charset.entries.items() if size == 2 and e.row.flag == 0]
        self.by_glyph = {row.glyph: int(row.code) for row in double if row.glyph and "|" not in row.glyph}
        self.by_text: dict[str, int] = {}
        for row in double:
            if row.text:
                self.by_text.setdefault(row.text[0], int(row.code))
        self.spec = self.charset.spec
        self.codes = self._free()

    def _free(self) -> Iterator[int]:
        """The codes of the user-defined area in order, as far as they have two legal bytes."""
        code = self.first
        while True:
            low = code & 0xFF
            legal = 0xA1 <= low <= 0xFE if self.first & 0xFF == 0xA1 else 0x40 <= low <= 0x7E
            if self.first & 0xFF == 0x21:
                legal = 0x21 <= low <= 0x7E
            if self.first & 0xFF == 0x41:
                legal = 0x41 <= low <= 0xFE
            if legal:
                yield code
            code += 1

    def code(self, token: str) -> int:
        """The code of a character or a glyph."""
        if token[:2] != "MJ":
            return self.by_text[token]
        if token in self.by_glyph:
            return self.by_glyph[token]
        if token not in self.gaiji:
            self.gaiji[token] = next(self.codes)
        return self.gaiji[token]

    def double(self, tokens: Iterable[str]) -> bytes:
        """Double bytes without shifts."""
        return b"".join(self.code(token).to_bytes(2, "big") for token in tokens)

    def single(self, text: str) -> bytes:
        """Single bytes."""
        return self.charset.encode(text)

    def mixed(self, tokens: Sequence[str]) -> bytes:
        """Double bytes between shifts."""
        return self.spec.shift_in[0] + self.double(tokens) + self.spec.shift_out[0] if tokens else b""

    def fixed(self, *parts: tuple[bytes, int]) -> bytes:
        """Fields, each filled with the charset's blank."""
        blank = self.single(" ")
        for raw, size in parts:
            assert len(raw) <= size, (len(raw), size)
        return b"".join(raw.ljust(size, blank) for raw, size in parts)


def full(text: str) -> str:
    """Digits as double-byte fields have them."""
    return text.translate({ord(c): ord(c) + 0xFEE0 for c in "0123456789"})


def packed(digits: str) -> bytes:
    """COMP-3."""
    return bytes.fromhex(("0" if len(digits) % 2 == 0 else "") + digits + "C")


def reading(glyph: str) -> str:
    """A reading of a glyph in half-width kana, as the MJ list has it, ﾅ where it has none."""
    found = gaiji.load_repertoire()[glyph].readings
    katakana = "".join(chr(ord(c) + 0x60) if "ぁ" <= c <= "ゖ" else c for c in found[-1]) if found else "ナ"
    half = {unicodedata.normalize("NFKC", chr(code)): chr(code) for code in range(0xFF66, 0xFF9E)}
    marks = {"\u3099": "ﾞ", "\u309a": "ﾟ"}
    return "".join({**half, **marks}.get(c, "") for c in unicodedata.normalize("NFD", katakana))


def era(birth: str) -> str:
    """A date with the digit of its era: 3 for 昭和, then year, month and day of two digits."""
    year, month, day = int(birth[:4]), int(birth[4:6]), int(birth[6:])
    for first_year, first_month, first_day, digit, before in ERAS:
        if (year, month, day) >= (first_year, first_month, first_day):
            return f"{digit}{year - before:02d}{month:02d}{day:02d}"
    raise ValueError(birth)


def residents(rng: random.Random, count: int, rare: Sequence[str]) -> list[Resident]:
    """Made-up residents in households; one household in six has a rare character in its name."""
    out: list[Resident] = []
    household = 0
    while len(out) < count:
        household += 1
        surname, kana = rng.choice(SURNAMES)
        tokens = tuple(surname)
        if household % 6 == 0:
            glyph = rare[(household // 6) % len(rare)]
            around, kana = rng.choice(AROUND)
            kana = (
                kana
                if glyph in RARE
                else reading(glyph) + kana
                if around[0] == "_"
                else kana + reading(glyph)
            )
            tokens = tuple(glyph if c == "_" else c for c in around)
        address = f"{rng.choice(TOWNS)}{rng.randint(1, 5)}丁目{rng.randint(1, 40)}番{rng.randint(1, 20)}号"
        for _ in range(rng.randint(1, 4)):
            given, given_kana, sex = rng.choice(GIVEN)
            birth = f"{rng.randint(1930, 2018)}{rng.randint(1, 12):02d}{rng.randint(1, 28):02d}"
            number = 1_000_001 + 7 * len(out)
            out.append(
                Resident(number, household, tokens, given, f"{kana} {given_kana}", birth, sex, full(address))
            )
    return out[:count]


# -- the systems ---------------------------------------------------------------------------------------


def juki(w: Writer, people: Sequence[Resident]) -> bytes:
    """住記: fixed records of a copybook; the date of moving out is low-values where nobody moved."""
    out = []
    for p in people:
        moved = b"\0" * 5 if p.number % 9 else packed("20260401")
        out.append(
            w.fixed(
                (w.single(f"{p.number:010d}"), 10),
                (w.single(f"{p.household:010d}"), 10),
                (w.double(p.name), 40),
                (w.single(p.kana), 30),
                (packed(p.birth), 5),
                (moved, 5),
                (w.single(str(p.sex)), 1),
                (w.single("ﾎﾞｳｼ ") + w.mixed(p.address), 80),
                (b"", 19),
            )
        )
    return b"".join(out)


def inkan(w: Writer, people: Sequence[Resident]) -> bytes:
    """印鑑: fixed records without a copybook, of the same maker and with the same 外字 as 住記."""
    return b"".join(
        w.fixed(
            (w.single(f"{p.number:010d}"), 10),
            (w.mixed(p.name), 48),
            (w.single(era(p.birth)), 7),
            (w.single(f"{p.number % 100000:05d}"), 5),
        )
        for p in people
    )


def koseki(w: Writer, people: Sequence[Resident]) -> bytes:
    """戸籍: a record of variable length for each family, with as many members as its counter says."""
    families: dict[int, list[Resident]] = {}
    for p in people:
        families.setdefault(p.household, []).append(p)
    out = []
    for number, members in families.items():
        surname = members[0].surname
        body = w.fixed(
            (w.single(f"{number:08d}"), 8), (w.mixed(surname), 20), (w.mixed(members[0].address), 72)
        ) + w.single(f"{len(members):02d}")
        for p in members:
            body += w.fixed((w.single(f"{p.number:010d}"), 10), (w.mixed(p.given), 20), (packed(p.birth), 5))
        out.append((len(body) + 4).to_bytes(2, "big") + b"\0\0" + body)
    return b"".join(out)


def zei(w: Writer, people: Sequence[Resident]) -> bytes:
    """税: a header, records of persons, a trailer with their number."""
    out = [w.fixed((w.single("H"), 1), (w.single("20260401"), 8), (b"", 111))]
    for p in people:
        tax = (p.number * 37) % 900_000
        out.append(
            w.fixed(
                (w.single("D"), 1),
                (w.single(f"{p.number:010d}"), 10),
                (w.mixed(p.name), 48),
                (packed(f"{tax:09d}"), 5),
                (w.mixed(p.address), 56),
            )
        )
    out.append(w.fixed((w.single("T"), 1), (w.single(f"{len(people):08d}"), 8), (b"", 111)))
    return b"".join(out)


def kokuho(w: Writer, people: Sequence[Resident]) -> bytes:
    """国保: lines; a blank card number where there is none."""
    out = []
    for p in people:
        card = b"" if p.number % 5 == 0 else w.single(f"{p.number % 10**8:08d}")
        fields = (
            (w.single(f"{p.number:010d}"), 10),
            (card, 8),
            (w.mixed(p.name), 48),
            (w.single(p.kana), 30),
        )
        out.append(w.fixed(*fields) + b"\n")
    return b"".join(out)


def fukushi(w: Writer, people: Sequence[Resident]) -> bytes:
    """福祉: a CSV of a Windows system, its 外字 from EUDC."""
    rows = [",".join(("宛名番号", "氏名", "氏名_フリガナ", "生年月日", "住所")).encode("cp932")]
    for p in people:
        birth = f"{p.birth[:4]}-{p.birth[4:6]}-{p.birth[6:]}".encode()
        rows.append(
            b",".join(
                (str(p.number).encode(), w.double(p.name), p.kana.encode("cp932"), birth, w.double(p.address))
            )
        )
    return b"\r\n".join(rows) + b"\r\n"


# -- the town ------------------------------------------------------------------------------------------


def contradicted(
    rng: random.Random, people: Sequence[Resident], share: float, system: str
) -> tuple[list[Resident], list[str]]:
    """Residents, ``share`` of those that can be with another character in their name, and what was done."""
    out, told = [], []
    for p in people:
        at = next((i for i, token in enumerate(p.surname) if token in RARE or token in FORMS), -1)
        if at < 0 or rng.random() >= share:
            out.append(p)
            continue
        before = p.surname[at]
        family = FORMS.get(before) or next((f for f in FAMILIES if before in f), FAMILIES[0])
        other = rng.choice([glyph for glyph in family if glyph != before])
        out.append(replace(p, surname=(*p.surname[:at], other, *p.surname[at + 1 :])))
        told.append(f"{system}\t{p.number}\t{at}\t{before}\t{other}\n")
    return out, told


def site_table(w: Writer) -> str:
    """What the town has decided so far: every third 外字 of a set."""
    known = [(code, glyph) for glyph, code in w.gaiji.items()][::3]
    rows = [
        f"{code:04X}\t\t{glyph}\t0\t\t見本市 外字台帳\t見本 太郎\t2026-10-01\t\n" for code, glyph in known
    ]
    head = "code\tucs\tglyph\tflag\tnote\tevidence\tdecided_by\tdecided_at\treplaces\n"
    return head + "".join(sorted(rows))


def drawn(rng: random.Random, writers: Iterable[Writer], count: int) -> list[str]:
    """Glyphs that some makers have and others have not."""
    known = [set(w.by_glyph) for w in writers]
    some = sorted(name for name in set().union(*known) - set.intersection(*known) if name[:2] == "MJ")
    return rng.sample(some, count)


def main(folder: Path, people: int, contradictions: float, seed: int = SEED, rare: int = 0) -> None:
    """Write the dumps, the site tables and what is true of them; ``rare``: so many glyphs more in names."""
    rng = random.Random(seed)
    writers = {
        name: Writer(name, gaiji.load_charset(charset), first) for name, (charset, first, _) in SETS.items()
    }
    everyone = residents(rng, people, [*RARE, *drawn(rng, writers.values(), rare)])
    some = {name: [p for p in everyone if rng.random() < share] for name, share in SHARES.items()}
    told = ["system\tnumber\tposition\tglyph\tother\n"]
    for name in ("税", "福祉"):
        some[name], lines = contradicted(rng, some[name], contradictions, name)
        told += lines
    half = len(everyone) // 3
    dumps = {
        "juki-honcho.dat": juki(writers["住記"], everyone[half:]),
        "juki-shisho.dat": juki(writers["住記"], everyone[:half]),
        "inkan.dat": inkan(writers["住記"], some["印鑑"]),
        "koseki.dat": koseki(writers["戸籍"], some["戸籍"]),
        "zei.dat": zei(writers["税"], some["税"]),
        "kokuho.txt": kokuho(writers["国保"], some["国保"]),
        "fukushi.csv": fukushi(writers["福祉"], some["福祉"]),
    }
    for below in ("dumps", "site"):
        (folder / below).mkdir(parents=True, exist_ok=True)
    for name, data in dumps.items():
        (folder / "dumps" / name).write_bytes(data)
    truth = ["set\tcode\tglyph\n"]
    for name, w in writers.items():
        (folder / "site" / f"{SETS[name][2]}.tsv").write_text(site_table(w), "utf-8")
        truth += [f"{name}\t{code:04X}\t{glyph}\n" for glyph, code in w.gaiji.items()]
    (folder / "truth-gaiji.tsv").write_text("".join(truth), "utf-8")
    (folder / "truth-contradictions.tsv").write_text("".join(told), "utf-8")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path, default=Path(__file__).parent)
    parser.add_argument("--people", type=int, default=240)
    parser.add_argument("--contradictions", type=float, default=0.1)
    parser.add_argument("--rare", type=int, default=0, help="glyphs more that names have")
    parser.add_argument("--seed", type=int, default=SEED)
    given = parser.parse_args()
    main(given.folder, given.people, given.contradictions, given.seed, given.rare)

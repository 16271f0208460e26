"""Text that comes as Unicode: what each character becomes, in every encoding, cut anywhere, and in a job."""

from __future__ import annotations

import csv
import json
import sqlite3

import pytest

import gaiji
from gaiji.kernel import decode as kernel
from gaiji.proof.verify import verify
from gaiji.standard.repertoire import load_repertoire

CODECS = {
    "unicode-utf8": "utf-8",
    "unicode-le": "utf-16-le",
    "unicode-be": "utf-16-be",
    "unicode": "utf-16-be",
}
MARK = "\u3099"
CASES = [
    # (source, text, glyphs, codes, reasons)
    ("山", "山", ["MJ010392"], ["5C71"], []),
    ("葛\U000e0100", "葛\U000e0102", ["MJ022335"], ["845B_E0100"], []),  # Adobe-Japan1
    ("辻\U000e0103", "辻", ["MJ025761"], ["8FBB_E0103"], []),  # the plain character means it
    ("塚\ufe00", "塚\U000e0105", ["MJ030194"], ["585A_FE00"], []),  # a standardised sequence
    ("\ufa10", "塚\U000e0105", ["MJ030194"], ["FA10"], []),  # a compatibility ideograph
    ("\U00020122\U000e0100", "\U00020122", ["MJ030466"], ["20122_E0100"], []),
    ("葛\U000e01ef", "〓", [None], ["845B_E01EF"], ["illegal"]),
    ("山\U000f0001", "山〓", ["MJ010392", None], ["5C71", "F0001"], ["unmapped-gaiji"]),
    ("\U0010fffd\ue000", "〓〓", [None, None], ["10FFFD", "E000"], ["unmapped-gaiji"] * 2),
    (
        "\uffff\u0378\U0001fffe\ufdd0",
        "〓〓〓〓",
        [None] * 4,
        ["FFFF", "0378", "1FFFE", "FDD0"],
        ["illegal"] * 4,
    ),
    ("\u202e一\u200b", "〓一〓", [None, "MJ006294", None], ["202E", "4E00", "200B"], ["illegal"] * 2),
    ("\u9ffc", "\u9ffc", [None], ["9FFC"], ["not-in-standard"]),
    (f"か{MARK}一", f"か{MARK}一", [None, "MJ006294"], ["304B_3099", "4E00"], []),
    ("\U000e0100一", "〓一", [None, "MJ006294"], ["E0100", "4E00"], ["illegal"]),
    ("一\U000e0101\U000e0101", None, None, ["4E00_E0101", "E0101"], None),
    ("□\U000e0100", None, None, ["25A1", "E0100"], None),  # a mark of loss is a finding of its own
    ("～", "〜", [None], ["FF5E"], []),
    # a mark joins what is itself, and nothing that became or was found to be something else
    (f"～{MARK}", "〜〓", [None, None], ["FF5E", "3099"], ["illegal"]),
    (f"\u9ffc{MARK}", "\u9ffc〓", [None, None], ["9FFC", "3099"], ["not-in-standard", "illegal"]),
    (f"\ue000{MARK}", "〓〓", [None, None], ["E000", "3099"], ["unmapped-gaiji", "illegal"]),
    (f"\ufa10{MARK}", "塚\U000e0105〓", ["MJ030194", None], ["FA10", "3099"], ["illegal"]),
]


@pytest.mark.parametrize("name", CODECS)
@pytest.mark.parametrize("case", CASES, ids=[ascii(case[0]) for case in CASES])
def test_what_a_character_becomes(name, case):
    source, text, glyphs, codes, reasons = case
    out = gaiji.load_charset(name).decode(source.encode(CODECS[name]))
    assert list(out.codes) == codes and len(out.glyphs) == len(codes)
    if text is None:
        assert out.findings
        return
    assert (out.text, list(out.glyphs)) == (text, glyphs)
    assert [f.reason for f in out.findings] == reasons


@pytest.mark.parametrize("name", CODECS)
def test_cut_anywhere_it_is_the_same(name):
    charset = gaiji.load_charset(name)
    raw = "".join(case[0] for case in CASES).encode(CODECS[name])
    whole = charset.decode(raw)
    for at in range(len(raw) + 1):
        decoder = charset.decoder()
        first, rest = decoder.feed(raw[:at]), decoder.feed(raw[at:], final=True)
        assert (first.text + rest.text, first.codes + rest.codes) == (whole.text, whole.codes)
        assert first.glyphs + rest.glyphs == whole.glyphs
        assert sorted(map(str, first.findings + rest.findings)) == sorted(map(str, whole.findings))
    column = charset.decode_many([raw, None])
    assert column.texts.to_list() == [whole.text, None]
    assert column.glyphs.to_list()[0] == list(whole.glyphs)
    assert column.findings["position"].to_list() == [f.position for f in whole.findings]


def test_every_sequence_of_the_list_is_its_glyph():
    charset, repertoire = gaiji.load_charset("unicode-utf8"), load_repertoire()
    glyphs = [g for g in repertoire if g.ivs]
    out = charset.decode("".join(g.text for g in glyphs).encode())
    assert out.findings == () and out.glyphs == tuple(g.name for g in glyphs)
    assert out.text == "".join(g.form("needed") for g in glyphs)
    always = charset.decode("".join(g.text for g in glyphs).encode(), form="always")
    assert always.text == "".join(g.text for g in glyphs)


def test_the_shape_that_a_plain_character_had():
    raw = "葛辻".encode()
    glyphs = {
        shape: gaiji.load_charset("unicode-utf8", options={"shape": shape}).decode(raw).glyphs
        for shape in ("unicode", "jis90", "jis2004")
    }
    for shape in ("jis90", "jis2004"):
        windows = gaiji.load_charset(f"windows-31j-{shape}").decode("葛辻".encode("cp932")).glyphs
        assert glyphs[shape] == windows
    assert glyphs["jis90"] != glyphs["jis2004"]


def test_an_old_shape_comes_back():
    charset = gaiji.load_charset("unicode-utf8", options={"shape": "jis90"})
    for source in ("葛", "葛\U000e0102", "山"):
        out = charset.decode(source.encode())
        again = charset.decode(charset.encode(out.text))
        assert again.glyphs == out.glyphs


def test_a_site_table_maps_a_sequence(tmp_path):
    table = tmp_path / "city.tsv"
    table.write_text("code\tucs\tglyph\n845B_E01EF\t\tMJ022336\n29FCE\t\tMJ010392\n", "utf-8")
    charset = gaiji.load_charset("unicode-le", [table])
    out = charset.decode("葛\U000e01ef\U00029fce".encode("utf-16-le"))
    assert (out.glyphs, out.findings) == (("MJ022336", "MJ010392"), ())


@pytest.fixture
def town(tmp_path):
    texts = [case[0] for case in CASES] + ["葛\U000e0100飾か\u3099\ue000秘密"]
    rows = "".join(f"{n},{text}\n" for n, text in enumerate(texts, 1))
    for name, codec in CODECS.items():
        folder = tmp_path / name
        folder.mkdir()
        mark = b"" if name != "unicode" else b"\xfe\xff"
        (folder / "in.csv").write_bytes(mark + f"番号,氏名\n{rows}".encode(codec))
        (folder / "job.toml").write_text(
            f'[source]\npath = "in.csv"\ncharset = "{name}"\nformat = "csv"\n[target]\nglyph_columns = true\n'
            '[output]\npath = "out/o.csv"\n[review]\nkey = "番号"\n',
            "utf-8",
        )
    return tmp_path


@pytest.mark.parametrize(
    "policy", ["", '[policy]\nunmapped-gaiji = "pua"\nillegal = "tag"\nambiguous = "geta"\n']
)
@pytest.mark.parametrize("name", CODECS)
def test_a_job_writes_it_and_the_proof_sees_it(town, name, policy):
    path = town / name / "job.toml"
    path.write_text(path.read_text("utf-8") + policy, "utf-8")
    gaiji.convert(path)
    with (town / name / "out" / "o.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    for row, (_, text, glyphs, *_) in zip(rows, CASES, strict=False):
        if text is not None and not policy:
            assert row["氏名"] == text and row["氏名.glyphs"] == " ".join(g or "-" for g in glyphs)
    done = verify(path)
    assert done.data["changed"] == []
    one_way = {group["code"] for group in done.data["one_way"]}
    assert one_way == {"845B_E0100", "8FBB_E0103", "585A_FE00", "FA10", "20122_E0100", "FF5E"}
    samples = sqlite3.connect(town / name / "out" / "review.sqlite").execute("select text from sample")
    marked = {text for (text,) in samples}
    text = "葛\U000e0102飾か\u3099【\ue000】秘密" if "pua" in policy else "葛\U000e0102飾か\u3099【〓】秘密"
    assert text in marked
    (town / name / "out" / "o.csv").write_bytes(
        (town / name / "out" / "o.csv").read_bytes().replace("葛\U000e0102飾".encode(), "葛飾".encode())
    )
    assert verify(path).data["changed"]


@pytest.mark.parametrize("name", CODECS)
def test_a_glyph_stands_for_each_character_of_the_text(tmp_path, name):
    texts = [
        f"山{MARK}か{MARK}\U000e0100辻",
        "　山 \u3000",
        "葛\U000e0100\ue000 ",
        f"～{MARK}\u2003一",
        "\t山\u00ad",
    ]
    mark = b"" if name != "unicode" else b"\xfe\xff"
    (tmp_path / "in.csv").write_bytes(mark + "\n".join(["氏名", *texts, ""]).encode(CODECS[name]))
    (tmp_path / "job.toml").write_text(
        f'[source]\npath = "in.csv"\ncharset = "{name}"\nformat = "csv"\n[target]\nglyph_columns = true\n'
        f'[output]\npath = "o.csv"\n[[field]]\nname = "氏名"\nrole = "name"\n',
        "utf-8",
    )
    gaiji.convert(tmp_path / "job.toml")
    with (tmp_path / "o.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == len(texts)
    for row in rows:
        base = [c for c in row["氏名"] if not 0xE0100 <= ord(c) <= 0xE01EF and c != MARK]
        assert len(row["氏名.glyphs"].split()) == len(base), row


def test_compiled_and_interpreted_are_alike(monkeypatch):
    from test_kernel import PLAIN

    if not kernel.compiled():
        pytest.skip("nothing to compare")
    raw = "".join(case[0] for case in CASES).encode("utf-16-le")
    charset = gaiji.load_charset("unicode-le")
    for writes in charset.program().compiled.writes.__class__:
        made = charset.program(controls=True, writes=writes).compiled
        places, names = made.arguments({})
        answers = []
        for module in (kernel, PLAIN):
            from array import array

            out, found = bytearray(40 * len(raw) + 200), array("q", bytes(48 * (len(raw) + 8)))
            counts = array("q", bytes(8 * kernel.CONSTANTS["N_COUNTS"]))
            work = module.Work(raw, out, found, counts)
            offsets = array("q", [0, 0])
            module.decode_rows(
                module.Program(*places, **names), work, 1, 0, 0, array("q", [0]), array("q", [len(raw)]), 0, -1,
                bytearray(1), offsets, 0, len(out) - 8, len(raw) + 8,
            )  # fmt: skip
            answers.append((bytes(out[: work.o]), list(found[: 6 * work.n]), list(counts)))
        assert answers[0] == answers[1]


def test_the_lists_say_what_they_are():
    for name in ("codepoints", "registered"):
        folder = gaiji.disk.datafiles.mappings_dir() / "repertoire"
        raw = (folder / f"{name}.tsv").read_bytes()
        import hashlib
        import tomllib

        meta = tomllib.loads((folder / f"{name}.toml").read_text("utf-8"))
        assert meta["sha256"] == hashlib.sha256(raw).hexdigest() and meta["rows"] == raw.count(b"\n") - 1
        json.dumps(meta)

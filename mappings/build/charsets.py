"""The charset files: which tables, shifts and options make a charset of that name.

Owns ``mappings/charsets/*.toml`` as text. Does not own the tables.
"""

from __future__ import annotations

from typing import Any

from rows import toml

JEF = ["fujitsu/jef-jis78", "fujitsu/jef-extension"]
EBCDIC_PADS = {"pad_single": "40", "pad_double": "4040"}
READING = {
    "values": ["shape", "position"],
    "default": "shape",
    "what": "字形重視 (what JIS78 prints) or 領域重視 (what JIS90 has at the code)",
}
JEF_NOTE = (
    "The extension 41A1-7FFE rests on one source or two (column grade): docs/charsets/fujitsu.md. Some data "
    "use A1A1 "
    "for the full-width space."
)
KEIS_NOTE = (
    "Set 3 (59A1-80FE) rests on one source: docs/charsets/hitachi.md. 4040 can also mean two half-width "
    "spaces: option space. "
    "Rows 80 and 9F are doubtful: sources disagree on where set 3 ends."
)
ROW_9F = {
    "values": ["user", "set3"],
    "default": "user",
    "what": "9FA1-9FD8 are the site's own 外字, or kanji of set 3 as one source has it",
    "set3": {"double": ["hitachi/keis-row-9f"]},
}
SPACE = {
    "values": ["double", "two-half"],
    "default": "double",
    "what": "4040 among double bytes is the full-width space, or two half-width ones (40 alone is one then)",
    "two-half": {"half": "40"},
}
JIPS_NOTE = (
    "G1 A1A1-DFFE rests on one source: docs/charsets/nec.md. "
    "G2 A121-FE7E comes as unmapped-extension findings."
)
LETSJ_NOTE = (
    "The extension (trail byte 21-7E) rests on one source: docs/charsets/unisys.md. Where the 外字 area "
    "lies could not "
    "be confirmed. Single bytes are read as JIS8."
)


def _file(title: str, family: str, kind: str, **more: Any) -> dict[str, Any]:
    return {"title": title, "family": family, "kind": kind, **more}


def _fujitsu() -> dict[str, dict[str, Any]]:
    option = {"options": {"reading": {**READING, "position": {"double": ["fujitsu/jef-position"]}}}}
    out = {
        "fujitsu-jef": _file(
            "JEF, double bytes without shifts",
            "fujitsu",
            "double",
            double=JEF,
            **EBCDIC_PADS,
            note=JEF_NOTE,
            **option,
        )
    }
    for name, label in (
        ("ebcdic", "EBCDIC"),
        ("ebcdik", "EBCDIC with kana"),
        ("ascii", "EBCDIC with ASCII signs"),
    ):
        out[f"fujitsu-jef-{name}"] = _file(
            f"JEF mixed with Fujitsu {label}",
            "fujitsu",
            "shifted",
            single=[f"fujitsu/{name}"],
            double=JEF,
            shift_in=["28", "38", "30E2"],
            shift_out=["29"],
            **EBCDIC_PADS,
            note=JEF_NOTE,
            **option,
        )
    out["fujitsu-jef-jis8"] = _file(
        "JEF mixed with JIS8",
        "fujitsu",
        "shifted",
        single=["nec/jis8"],
        double=JEF,
        shift_in=["1B6D"],
        shift_out=["1B6E"],
        pad_single="20",
        pad_double="4040",
        note=JEF_NOTE,
        **option,
    )
    return out


def _hitachi() -> dict[str, dict[str, Any]]:
    out = {}
    for edition in ("78", "83", "90"):
        table = [f"hitachi/keis{edition}", "hitachi/keis-set3", f"hitachi/keis{edition}-set3"]
        option = {"options": {"row-9f": ROW_9F}}
        if edition == "78":
            reading = {**READING, "position": {"double": ["hitachi/keis78-position"]}}
            option["options"] |= {"reading": reading}
        out[f"hitachi-keis{edition}"] = _file(
            f"KEIS{edition}, double bytes without shifts",
            "hitachi",
            "double",
            double=table,
            **EBCDIC_PADS,
            note=KEIS_NOTE,
            **option,
        )
        for name in ("ebcdic", "ebcdik"):
            out[f"hitachi-keis{edition}-{name}"] = _file(
                f"KEIS{edition} mixed with Hitachi {name.upper()}",
                "hitachi",
                "shifted",
                single=[f"hitachi/{name}"],
                double=table,
                shift_in=["0A42"],
                shift_out=["0A41"],
                **EBCDIC_PADS,
                note=KEIS_NOTE,
                options=option["options"] | {"space": SPACE},
            )
    return out


def _nec() -> dict[str, dict[str, Any]]:
    j = {
        "double": ["nec/jips-j", "nec/jips-j-signs", "nec/jips-j-extension"],
        "pad_double": "2121",
        "note": JIPS_NOTE,
    }
    e = {
        "double": ["nec/jips-e", "nec/jips-e-signs", "nec/jips-e-extension"],
        "pad_double": "4F4F",
        "note": JIPS_NOTE,
    }
    return {
        "nec-jips-j": _file("JIPS(J), double bytes without shifts", "nec", "double", pad_single="20", **j),
        "nec-jips-j-jis8": _file(
            "JIPS(J) mixed with JIS8",
            "nec",
            "shifted",
            single=["nec/jis8"],
            pad_single="20",
            shift_in=["1A70"],
            shift_out=["1A71"],
            **j,
        ),
        "nec-jips-e": _file("JIPS(E), double bytes without shifts", "nec", "double", pad_single="40", **e),
        "nec-jips-e-ebcdik": _file(
            "JIPS(E) mixed with NEC EBCDIC-kana",
            "nec",
            "shifted",
            single=["nec/ebcdik"],
            pad_single="40",
            shift_in=["3F75"],
            shift_out=["3F76"],
            **e,
        ),
    }


def _ibm() -> dict[str, dict[str, Any]]:
    def mixed(single: str, double: str, user: str, note: str = "") -> dict[str, Any]:
        more = {"note": note} if note else {}
        return _file(
            "",
            "ibm",
            "shifted",
            single=[f"ibm/{single}"],
            double=[f"ibm/{double}", f"ibm/user-{user}"],
            shift_in=["0E"],
            shift_out=["0F"],
            **EBCDIC_PADS,
            **more,
        )

    limit = "As {0}, but the user-defined area officially stops at 72EA; codes beyond are illegal here."
    out = {
        "ibm-930": mixed("290", "300", "4370"),
        "ibm-939": mixed("1027", "300", "4370"),
        "ibm-5026": mixed("290", "300", "1880", limit.format("ibm-930")),
        "ibm-5035": mixed("1027", "300", "1880", limit.format("ibm-939")),
        "ibm-1390": mixed("8482", "16684", "6205"),
        "ibm-1399": mixed("5123", "16684", "6205"),
        "ibm-300": _file("", "ibm", "double", double=["ibm/300", "ibm/user-4370"], **EBCDIC_PADS),
        "ibm-16684": _file("", "ibm", "double", double=["ibm/16684", "ibm/user-6205"], **EBCDIC_PADS),
    }
    titles = {
        "930": "Japanese Katakana-Kanji host mixed (290 + 300)",
        "939": "Japanese Latin-Kanji host mixed (1027 + 300)",
        "5026": "Japanese Katakana-Kanji host mixed, 1,880 user-defined characters",
        "5035": "Japanese Latin-Kanji host mixed, 1,880 user-defined characters",
        "1390": "Japanese Katakana-Kanji host mixed with JIS X 0213 and euro (8482 + 16684)",
        "1399": "Japanese Latin-Kanji host mixed with JIS X 0213 and euro (5123 + 16684)",
        "300": "Japanese host double byte without shifts",
        "16684": "Japanese host double byte with JIS X 0213, without shifts",
    }
    return {
        name: {**spec, "title": f"IBM CCSID {name[4:]}: {titles[name[4:]]}"} for name, spec in out.items()
    }


def _open_systems() -> dict[str, dict[str, Any]]:
    pads = {"pad_single": "20"}
    sjis = {"family": "windows", "kind": "lead-byte", **pads, "pad_double": "8140"}
    win = {"single": ["windows/cp932-single"], "double": ["windows/cp932"], **sjis}
    plain = (
        "The 160 characters whose shape changed in JIS X 0213:2004 are ambiguous here: choose "
        "windows-31j-jis90 or windows-31j-jis2004 when it is known which fonts the data was typed on."
    )
    euc = {"family": "euc", "kind": "lead-byte", "single": ["euc/ascii"], **pads, "pad_double": "A1A1"}
    out = {
        "windows-31j": {"title": "Windows-31J (CP932), shape unknown", **win, "note": plain},
        "eucjp-ms": {
            "title": "eucJP-ms",
            **euc,
            "double": ["euc/eucjp-ms"],
            "triple": ["euc/eucjp-ms-x0212"],
        },
        "euc-jis-2004": {
            "title": "EUC-JIS-2004",
            **euc,
            "double": ["euc/jis2004-plane1"],
            "triple": ["euc/jis2004-plane2"],
        },
        "shift_jis-2004": {
            "title": "Shift_JIS-2004",
            **sjis,
            "single": ["windows/shift-jis-2004-single"],
            "double": ["windows/shift-jis-2004"],
        },
    }
    for edition, label in (("jis90", "JIS X 0208:1990"), ("jis2004", "JIS X 0213:2004")):
        double = ["windows/cp932", f"windows/cp932-{edition}"]
        out[f"windows-31j-{edition}"] = {
            "title": f"Windows-31J typed on fonts of {label}",
            **win,
            "double": double,
        }
    return out


def _unicode() -> dict[str, dict[str, Any]]:
    note = (
        "Private use characters (U+E000-F8FF and planes 15 and 16) are the site's own 外字: findings "
        "until a site table maps them. A kanji without a selector is the glyph that the option shape says; "
        "sequences of other collections become those of the MJ list."
    )
    pua = {"kind": "user", "lead": "E0-F8", "trail": ["00-FF"], "pua": {"linear": "E000", "windows": "E000"}}
    shape = {
        "values": ["unicode", "jis90", "jis2004"],
        "default": "unicode",
        "what": "what a plain kanji meant where it was typed: MJ's own glyph, or what a font of "
        "JIS X 0208:1990 or JIS X 0213:2004 draws",
    }
    out = {}
    for name, kind, label in (
        ("unicode", "utf-16", "UTF-16 with a byte order mark, else big-endian"),
        ("unicode-le", "utf-16-le", "UTF-16, little-endian"),
        ("unicode-be", "utf-16-be", "UTF-16, big-endian"),
        ("unicode-utf8", "utf-8", "UTF-8"),
    ):
        out[name] = _file(
            f"Unicode in {label}, with the site's private use area",
            "unicode",
            kind,
            pad_single="20",
            pad_double="3000",
            note=note,
            range=[pua],
            options={"shape": shape},
        )
    return out


def _official() -> dict[str, dict[str, Any]]:
    kanji = (
        "Only what the MJ list numbers: kanji. Kana and signs have no source here and come as illegal codes."
    )
    return {
        "juki": _file(
            "住基ネット統一文字コード (J+hhhh), two bytes a character",
            "official",
            "double",
            double=["official/juki"],
            pad_single="20",
            pad_double="0000",
            note=kanji,
        ),
        "koseki": _file(
            "戸籍統一文字番号, six digits a character",
            "official",
            "decimal",
            double=["official/koseki"],
            pad_single="20",
        ),
        "touki": _file(
            "登記統一文字番号, eight digits a character",
            "official",
            "decimal",
            double=["official/touki"],
            pad_single="20",
        ),
    }


def all_charsets() -> dict[str, dict[str, Any]]:
    """Name → contents of every charset file."""
    unisys = _file(
        "LETS-J mixed with JIS8",
        "unisys",
        "shifted",
        single=["unisys/jis8"],
        double=["unisys/letsj", "unisys/letsj-extension"],
        shift_in=["9370"],
        shift_out=["93F1"],
        pad_single="20",
        pad_double="2020",
        note=LETSJ_NOTE,
    )
    groups = (_fujitsu(), _hitachi(), _nec(), _ibm(), {"unisys-letsj": unisys}, _open_systems(), _unicode())
    return {name: spec for group in (*groups, _official()) for name, spec in group.items()}


def render(spec: dict[str, Any]) -> str:
    """A charset file's text."""
    plain = {key: value for key, value in spec.items() if key not in ("options", "range")}
    out = toml(plain, {"range": spec.get("range", [])})
    for name, option in spec.get("options", {}).items():
        choices = {key: value for key, value in option.items() if isinstance(value, dict)}
        out += f"\n[options.{name}]\n" + toml({k: v for k, v in option.items() if k not in choices})
        for value, changes in choices.items():
            out += f"\n[options.{name}.{value}]\n" + toml(changes)
    return out

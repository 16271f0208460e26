"""The official lists in the files in which they are published, as the lists that the toolkit keeps.

Owns which file is which (by what it holds, not by its name), the columns of MJ文字情報一覧表 (XLSX, strict or
transitional, or CSV) and the members of MJ縮退マップ (JSON), each alone or in a ZIP, and what in them is no
such list. A file is in memory whole. What is kept of it is ``gaiji.standard.editions``'; a GJ list or font is
``gaiji.standard.gj_files``'.

Sources: the headings of mji.00602.xlsx and the schema of MJShrinkMap.1.2.0.json as their publisher has them.
"""

from __future__ import annotations

import hashlib
import io
import json
import re
import unicodedata
import zipfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from gaiji.disk.ooxml import unpacked_size
from gaiji.errors import RepertoireError
from gaiji.errors.messages import Fault, fault, mark, tr
from gaiji.model.plain import dataclass
from gaiji.standard.editions import KINDS, MJ, SHRINK
from gaiji.standard.gj import COLUMNS
from gaiji.standard.gj_files import MAX_UNPACKED, one_line, read_bounded, rows_of

GJ = "gj"
"""What is neither MJ list nor 縮退マップ: a GJ font or list, which ``gj_files`` reads."""
ONE_LIST = mark("unpack it and give the list itself")
DAMAGED = mark("this is not the list as it is published, or it is damaged: get it again")
HEADINGS = {
    "name": "MJ文字図形名",
    "unified": "対応するUCS",
    "plain": "実装したUCS",
    "ivs": "実装したMoji_JohoコレクションIVS",
    "svs": "実装したSVS",
    "koseki": "戸籍統一文字番号",
    "juki": "住基ネット統一文字コード",
    "x0213": "X0213",
    "x0213_class": "X0213包摂区分",
    "x0212": "X0212",
    "touki": "登記統一文字番号(参考)",
    "strokes": "総画数(参考)",
    "readings": "読み(参考)",
    "history": "更新履歴",
    "note": "備考",
}
"""Our names of the list's columns; headings are compared without blanks and in NFKC."""
RADICALS = tuple((f"部首{n}(参考)", f"内画数{n}(参考)") for n in range(1, 5))
HEADER_ROWS = 20
OTHERS = (b"\0\1\0\0", b"OTTO", b"true", b"ttcf", b"wOFF", b"wOF2", b"\xd0\xcf\x11\xe0")
"""How fonts begin, and old or locked workbooks: for ``gj_files``, which says what is wrong with these."""
LEAST = 50_000
"""Rows that any edition of the MJ list has; one with fewer is cut off."""
RULES = {
    "JIS包摂規準UCS統合規則": "jis-ucs",
    "法務省告示582号別表第四_一": "moj582-1",
    "法務省告示582号別表第四_二": "moj582-2",
    "戸籍統一文字情報_親字正字": "koseki",
    "民一2842号通達別表_誤字俗字正字一覧表_無印": "min2842",
    "民一2842号通達別表_誤字俗字正字一覧表_俗字": "min2842-zokuji",
    "民一2842号通達別表_誤字俗字正字一覧表_別字": "min2842-betsuji",
    "民二5202号通知別表_正字俗字等対照表": "min5202",
    "読み字形による類推": "analogy",
    "辞書類等による関連字": "dictionary",
}
"""Rule, list and remark of a link of the map, as it names them → the short names of our files, in order."""
MEMBERS = (
    "JIS包摂規準・UCS統合規則",
    "法務省戸籍法関連通達・通知",
    "法務省告示582号別表第四",
    "辞書類等による関連字",
    "読み・字形による類推",
)
SHRINK_COLUMNS = ("name", "ucs", "x0213", "table", "rank", "hops")
_NAME = re.compile(r"MJ[0-9]{6}")
_POINT = re.compile(r"U\+([0-9A-F]{4,6})")
_SEQUENCE = re.compile(r"([0-9A-F]{4,6})_([0-9A-F]{4,6})")
_VERSION = re.compile(r"Ver\.?\s*([0-9]{3}\.[0-9]{2})")
Row = dict[str, str]


@dataclass(frozen=True)
class Published:
    """A list as read: its kind, the publisher's version, the digest of the file, and the list that we keep
    of it (of GJ, which has a reader of its own: the font or list itself)."""

    kind: str
    version: str
    path: Path
    sha256: str
    data: bytes


def read_published(path: Path | str) -> Published:
    """An official list, whichever it is; RepertoireError for what is none, MissingExtra where an XLSX needs
    the extra ``xlsx``."""
    path = Path(path)
    raw = read_bounded(path)
    digest = hashlib.sha256(raw).hexdigest()
    inner = _unpacked(path, raw)
    if inner.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"{":
        version, data = _shrink_map(path, inner)
        return Published(SHRINK, version, path, digest, data)
    if inner[:4] in OTHERS:
        return Published(GJ, "", path, digest, inner)
    table = rows_of(path, inner, is_header)
    header = next((n for n, row in enumerate(table[:HEADER_ROWS]) if is_header(row)), None)
    if header is None:
        return Published(GJ, "", path, digest, inner)
    version, data = _mj_list(path, table, header)
    return Published(MJ, version, path, digest, data)


def _unpacked(path: Path, raw: bytes) -> bytes:
    """The one list of a ZIP as it is published, or the file itself (an XLSX is a ZIP of another kind)."""
    if raw[:4] != b"PK\3\4":
        return raw
    try:
        size, _ = unpacked_size(raw)
        with zipfile.ZipFile(io.BytesIO(raw)) as archive:
            names = archive.namelist()
            if "[Content_Types].xml" in names:
                return raw
            lists = [name for name in names if name.lower().endswith((".xlsx", ".json", ".csv", ".ttf"))]
            lists = [name for name in lists if "schema" not in name.lower()]
            if len(lists) != 1 or size > MAX_UNPACKED:
                what = fault("E0803", "is a ZIP of {count} lists", count=len(lists))
                raise _none(path, what, ONE_LIST)
            return archive.read(lists[0])
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, OSError) as error:
        raise _none(path, fault("E0804", "is a damaged ZIP: {reason}", reason=one_line(error))) from error


def _none(where: object, what: Fault, next: str = DAMAGED) -> RepertoireError:
    return RepertoireError(what, where=str(where), next=tr(next))


# -- MJ文字情報一覧表 ------------------------------------------------------------------------------------


def _heading(cell: str) -> str:
    return "".join(unicodedata.normalize("NFKC", cell).split())


def is_header(row: Sequence[str]) -> bool:
    """Whether a row holds the headings of the MJ list."""
    told = {_heading(cell) for cell in row}
    return {HEADINGS["name"], HEADINGS["unified"], HEADINGS["plain"], HEADINGS["ivs"]} <= told


def _mj_list(path: Path, table: Sequence[Sequence[str]], header: int) -> tuple[str, bytes]:
    """The version of a list and its rows in our form, sorted by name."""
    titles = [_heading(cell) for cell in table[header]]
    missing = [title for title in HEADINGS.values() if title not in titles]
    missing += [title for pair in RADICALS[:1] for title in pair if title not in titles]
    if missing:
        raise _none(path, fault("E0805", "has no column {missing}", missing=", ".join(missing)))
    columns = {key: titles.index(title) for key, title in HEADINGS.items()}
    radicals = [tuple(map(titles.index, pair)) for pair in RADICALS if set(pair) <= set(titles)]
    rows, versions = [], set()
    for number, cells in enumerate(table[header + 1 :], header + 2):
        if not any(cells):
            continue
        row = {key: cells[at].strip() if at < len(cells) else "" for key, at in columns.items()}
        versions.update(_VERSION.findall(row["history"]))
        pairs = [[cells[at].strip() if at < len(cells) else "" for at in pair] for pair in radicals]
        rows.append(_mj_row(f"{path}:{number}", row, pairs))
    _check_mj(path, rows)
    if not versions:
        raise _none(path, fault("E0806", "says no version in its column 更新履歴"))
    return max(versions), _tsv(COLUMNS, sorted(rows, key=lambda row: row["name"]))


def _mj_row(where: str, cells: Row, radicals: Sequence[Sequence[str]]) -> Row:
    """A row of the list as one of ours (docs/repertoire.md): an IVS is the text where there is one; a
    compatibility ideograph beside it and its standardised sequence are read and never written."""
    if not _NAME.fullmatch(cells["name"]):
        raise _none(where, fault("E0807", "{name!r} is no MJ name", name=cells["name"][:20]))
    plain, unified = (_point(where, cells[key]) for key in ("plain", "unified"))
    sequences = [_sequence(where, one) for one in re.split(r"[;,、\s]+", cells["ivs"]) if one]
    text = sequences[0] if sequences else plain
    default = bool(plain) and text.split()[0] == plain
    also = [plain, _sequence(where, cells["svs"])] if plain and not default else []
    also += sequences[1:]
    return {
        "name": cells["name"],
        "ucs": text,
        "default": "1" if default else "0",
        "also": "|".join(one for one in also if one),
        "unified": unified if unified and unified != text.partition(" ")[0] else "",
        "koseki": cells["koseki"].zfill(6) if cells["koseki"] else "",
        "juki": cells["juki"],
        "touki": cells["touki"].zfill(8) if cells["touki"] else "",
        "x0213": cells["x0213"],
        "x0213_class": cells["x0213_class"],
        "x0212": cells["x0212"],
        "strokes": cells["strokes"],
        "radicals": " ".join(dict.fromkeys(f"{a}.{b}" for a, b in radicals if a and b)),
        "readings": " ".join(cells["readings"].split("・")) if cells["readings"] else "",
        "note": " ".join(cells["note"].split()).replace('"', "'"),
    }


_SHAPES = {
    "koseki": re.compile(r"[0-9]{6}|"),
    "juki": re.compile(r"J\+[0-9A-F]{4}|"),
    "touki": re.compile(r"[0-9]{8}|"),
    "x0213": re.compile(r"[12]-[0-9]{2}-[0-9]{2}|"),
    "x0213_class": re.compile(r"[0-9]?"),
    "strokes": re.compile(r"[0-9]{1,2}|"),
    "radicals": re.compile(r"(?:[0-9]{1,3}\.[0-9-]{1,2} ?)*"),
}


def _check_mj(path: Path, rows: Sequence[Row]) -> None:
    """RepertoireError unless the rows are a whole list that says each thing once."""
    if len(rows) < LEAST:
        raise _none(path, fault("E0808", "has {rows:,} glyphs: no edition has so few", rows=len(rows)))
    if len({row["name"] for row in rows}) != len(rows):
        raise _none(path, fault("E0811", "has a glyph name twice"))
    seen: dict[str, str] = {}
    for row in rows:
        name = row["name"]
        for key, shape in _SHAPES.items():
            if not shape.fullmatch(row[key]):
                what = fault(
                    "E0809", "{name}: {value!r} is no {key}", name=name, value=row[key][:20], key=key
                )
                raise _none(path, what)
        for text in filter(None, (row["ucs"], *row["also"].split("|"))):
            other = seen.setdefault(text, name)
            if other != name:
                raise _none(
                    path, fault("E0810", "{text} means {other} and {name}", text=text, other=other, name=name)
                )


def _point(where: str, cell: str) -> str:
    if not cell:
        return ""
    found = _POINT.fullmatch(cell)
    if found is None or int(found[1], 16) > 0x10FFFF:
        raise _none(where, fault("E0812", "{cell!r} is no code point", cell=cell[:20]))
    return f"{int(found[1], 16):04X}"


def _sequence(where: str, cell: str) -> str:
    if not cell:
        return ""
    found = _SEQUENCE.fullmatch(cell)
    if found is None or max(int(one, 16) for one in found.groups()) > 0x10FFFF:
        raise _none(where, fault("E0813", "{cell!r} is no sequence of base and selector", cell=cell[:30]))
    return " ".join(f"{int(one, 16):04X}" for one in found.groups())


# -- MJ縮退マップ ----------------------------------------------------------------------------------------


def _shrink_map(path: Path, raw: bytes) -> tuple[str, bytes]:
    """The version of a map and its links in our form: by glyph, then in the order of ``RULES``."""
    try:
        told = json.loads(raw.decode("utf-8-sig"))
        version, content = str(told["meta"]["owl:versionInfo"]), told["content"]
        if told["meta"]["dct:title"] != KINDS[SHRINK] or not re.fullmatch(r"[0-9]+(\.[0-9]+)*", version):
            raise ValueError("another title or version")
        links = [link for item in content for link in _links(item)]
    except RecursionError as error:
        raise _none(
            path, fault("E0814", "is no MJ縮退マップ: {reason}", reason=tr("nested too deeply"))
        ) from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise _none(path, fault("E0814", "is no MJ縮退マップ: {reason}", reason=one_line(error))) from error
    if len(content) < LEAST:
        raise _none(path, fault("E0808", "has {rows:,} glyphs: no edition has so few", rows=len(content)))
    order = {short: place for place, short in enumerate(RULES.values())}
    links.sort(
        key=lambda r: (
            r["name"],
            order[r["table"]],
            int(r["rank"] or 0),
            int(r["hops"] or 0),
            int(r["ucs"], 16),
        )
    )
    return version, _tsv(SHRINK_COLUMNS, links)


def _links(item: Any) -> Iterable[Row]:
    """The links of one glyph of the map."""
    name = item["MJ文字図形名"]
    if not _NAME.fullmatch(name):
        raise ValueError(f"{name!r:.20} is no MJ name")
    for member in item:
        if member not in (*MEMBERS, "MJ文字図形名", "参考情報"):
            raise ValueError(f"a rule that is not known: {member!r:.40}")
    for member in MEMBERS:
        for link in item.get(member, ()):
            kind = [link.get("種別") or member, link.get("表") or link.get("付記") or ""]
            table = "_".join(filter(None, kind)).replace(" ", "_").replace("・", "")
            rank = re.fullmatch(r"第([0-9]+)順位", link.get("順位") or "")
            point = _POINT.fullmatch(link["UCS"])
            if table not in RULES or point is None:
                raise ValueError(f"{name}: {table[:40]}, {link['UCS']!r:.12}")
            yield {
                "name": name,
                "ucs": f"{int(point[1], 16):04X}",
                "x0213": link["JIS X 0213"],
                "table": RULES[table],
                "rank": rank[1] if rank else "",
                "hops": str(link.get("ホップ数") or ""),
            }


def _tsv(columns: Sequence[str], rows: Iterable[Row]) -> bytes:
    lines = ["\t".join(columns), *("\t".join(row[column] for column in columns) for row in rows)]
    return ("\n".join(lines) + "\n").encode()

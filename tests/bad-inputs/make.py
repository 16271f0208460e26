"""Makes the cases of this folder: ``cases.json``, each a few small files, a command, the line it must end in and its exit code.

    python tests/bad-inputs/make.py

Cases differ in kind, not in number: one for each wrong type, wrong value and missing key of a job, each way a table, layout,
dump, sheet, picture or policy can be wrong. The expected lines are what the program says today; a change of them is reviewed as
a change of the program. ``tests/test_bad_inputs.py`` runs them.
"""

from __future__ import annotations

import base64
import io
import json
import struct
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from gaiji.run.job import KEYS

HERE = Path(__file__).parent
Files = dict[str, bytes]
Case = tuple[str, Files, list[str]]
NAME = bytes.fromhex("C5CFCAD5") + b"\x40" * 16
GOOD_FIELD = '[[field]]\nname = "氏名"\noffset = 0\nlength = 20\ntype = "dbcs"\nrole = "name"\n'


def toml(value: Any) -> str:
    """A TOML value."""
    return json.dumps(value, ensure_ascii=False) if not isinstance(value, dict) else "{ x = 1 }"


def job(
    source: dict[str, Any] | None = None,
    rest: str = "",
    fields: str = GOOD_FIELD,
    output: str = 'path = "out/o.csv"',
) -> bytes:
    """A job file over a dump of two records."""
    made: dict[str, Any] = {
        "path": "d.dat",
        "charset": "fujitsu-jef",
        "format": "fixed",
        "record_length": 20,
    } | (source or {})
    lines = "\n".join(f"{key} = {toml(value)}" for key, value in made.items() if value is not None)
    return f"[source]\n{lines}\n[output]\n{output}\n{rest}\n{fields}".encode()


def jobs() -> Iterator[Case]:
    """Wrong job files."""
    run = ["convert", "job.toml"]
    dump = {"d.dat": NAME * 2}
    wrong = {str: 7, int: "x", bool: "yes", list: "x", dict: 3}
    for section, keys in KEYS.items():
        for key, rule in keys.items():
            if section == "source" and key in ("path", "charset", "format", "record_length"):
                made = job({key: wrong[rule.type]})
            elif section == "output" and key == "path":
                made = job(output="path = 7")
            else:
                made = job(
                    {key: wrong[rule.type]} if section == "source" else None,
                    output='path = "out/o.csv"'
                    + (f"\n{key} = {toml(wrong[rule.type])}" if section == "output" else ""),
                    rest=f"[{section}]\n{key} = {toml(wrong[rule.type])}"
                    if section not in ("source", "output")
                    else "",
                )
            yield f"job-type-{section}-{key}", dump | {"job.toml": made}, run
            if rule.values:
                value = 'value = "nonsense"'.replace("value", key)
                made = job(
                    {key: "nonsense"} if section == "source" else None,
                    output='path = "out/o.csv"' + (f"\n{value}" if section == "output" else ""),
                    rest=f"[{section}]\n{value}" if section not in ("source", "output") else "",
                )
                yield f"job-value-{section}-{key}", dump | {"job.toml": made}, run
        yield (
            f"job-unknown-{section}",
            dump
            | {
                "job.toml": job(
                    rest=f"[{section}]\nnonsense = 1" if section not in ("source", "output") else ""
                )
                .replace(b"[source]\n", b"[source]\nnonsense = 1\n" if section == "source" else b"[source]\n")
                .replace(b"[output]\n", b"[output]\nnonsense = 1\n" if section == "output" else b"[output]\n")
            },
            run,
        )
    for name, raw in {
        "empty": b"",
        "not-toml": b"[source",
        "not-utf8": b"\xff\xfe\x00",
        "nul": b"\0" * 20,
        "no-source": b"[output]\npath='a.csv'\n",
        "no-output": b"[source]\npath='d.dat'\ncharset='fujitsu-jef'\nformat='fixed'\nrecord_length=20\n",
        "section-twice": job() + b"[output]\npath='b.csv'\n",
        "unknown-section": job(rest="[nonsense]\na = 1"),
        "source-a-list": b"source = [1]\n",
        "field-a-table": job(fields="[field]\nname='a'\n"),
        "negative-length": job({"record_length": -1}),
        "no-charset": job({"charset": None}),
        "no-path": job({"path": None}),
        "no-format": job({"format": None}),
        "no-length": job({"record_length": None}),
        "no-fields": job(fields=""),
        "charset-near": job({"charset": "fujitsu-jeff"}),
        "charset-far": job({"charset": "xyz"}),
        "charset-path": job({"charset": "../../etc/passwd"}),
        "no-dump": job({"path": "none.dat"}),
        "dump-a-folder": job({"path": "."}),
        "no-table": job({"tables": ["none.tsv"]}),
        "no-layout": job({"layout": "none.cpy"}, fields=""),
        "suffix": job(output='path = "o.xyz"'),
        "no-suffix": job(output='path = "o"'),
        "delimiter-two": job({"format": "csv", "delimiter": ",,"}),
        "delimiter-wide": job({"format": "csv", "delimiter": "、"}),
        "quote-none": job({"format": "csv", "quote": ""}),
        "option-unknown": job({}, rest="[source.options]\nx = 'y'"),
        "option-value": job({}, rest="[source.options]\ndash = 'y'"),
        "option-pua": job({}, rest="[source.options]\npua = 'zzzz'"),
        "option-pua-range": job({}, rest="[source.options]\npua = '0041'"),
        "key-field": job(rest='[review]\nkey = "none"'),
        "tables-of-numbers": job({"tables": [1, 2]}),
        "reading": job({}, rest="[source.options]\nreading = 'x'"),
        "output-is-folder": job(output='path = "sub/o.csv"'),
        "shrink-to": job(rest='[target]\nshrink = "nonsense"'),
        "shrink-file": job(rest='[target]\nshrink = "none.toml"'),
        "shrink-dat": job(rest='[target]\nshrink = "cp932"', output='path = "o.dat"'),
        "pictures": job(rest='[review]\npictures = "none"'),
        "dots": job(rest='[review]\npictures = "d.dat"\ndots = "big"'),
        "queue-url": job(rest='[review]\nqueue = "nonsense://x"'),
        "queue-is-folder": job(rest='[review]\nqueue = "sub"'),
        "queue-no-database": job(rest='[review]\nqueue = "job.toml"'),
        "vb-length-zero": job({"format": "vb"}),
        "csv-preset": job({"format": "csv", "preset": "nonsense"}, fields=""),
    }.items():
        yield f"job-{name}", dump | {"job.toml": raw, "sub/o.csv/x": b""}, run
    yield "job-missing", {}, ["convert", "none.toml"]
    yield "job-folder", {"x/y": b""}, ["convert", "x"]
    for number, setting in enumerate(
        (
            "source",
            "source.path",
            "nonsense.key=1",
            "source.nonsense=1",
            "source.record_length=many",
            "=1",
            "output.path=3",
        )
    ):
        yield f"set-{number}", dump | {"job.toml": job()}, ["convert", "job.toml", "--set", setting]


def fields() -> Iterator[Case]:
    """Wrong [[field]] tables."""
    for name, text in {
        "no-name": "offset = 0\nlength = 4",
        "no-offset": 'name = "a"\nlength = 4',
        "no-length": 'name = "a"\noffset = 0',
        "empty-name": 'name = ""\noffset = 0\nlength = 4',
        "type": 'name = "a"\noffset = 0\nlength = 4\ntype = "wide"',
        "role": 'name = "a"\noffset = 0\nlength = 4\nrole = "boss"',
        "negative-offset": 'name = "a"\noffset = -1\nlength = 4',
        "zero-length": 'name = "a"\noffset = 0\nlength = 0',
        "past-the-end": 'name = "a"\noffset = 0\nlength = 400',
        "offset-text": 'name = "a"\noffset = "x"\nlength = 4',
        "length-float": 'name = "a"\noffset = 0\nlength = 4.5',
        "unknown-key": 'name = "a"\noffset = 0\nlength = 4\ncolour = "red"',
        "name-number": "name = 4\noffset = 0\nlength = 4",
        "twice": 'name = "a"\noffset = 0\nlength = 4\n[[field]]\nname = "a"\noffset = 4\nlength = 4',
        "long-name": f'name = "{"a" * 5000}"\noffset = 0\nlength = 4',
        "tab-in-name": 'name = "a\\tb\\n"\noffset = 0\nlength = 4',
        "huge-offset": 'name = "a"\noffset = 99999999999999999999\nlength = 4',
        "sbcs-of-dbcs": 'name = "a"\noffset = 0\nlength = 4\ntype = "sbcs"',
        "packed-negative-scale": 'name = "a"\noffset = 0\nlength = 4\ntype = "packed"\nscale = -1',
    }.items():
        yield (
            f"field-{name}",
            {"d.dat": NAME * 2, "job.toml": job(fields=f"[[field]]\n{text}\n")},
            ["convert", "job.toml"],
        )


def columns() -> Iterator[Case]:
    """Wrong columns of the output."""
    from gaiji.run.columns import KEYS as COLUMNS

    run, dump = ["convert", "job.toml"], {"d.dat": NAME * 2, "codes.csv": b"old,new\n1,M\n1,F\n"}
    name = 'field = "氏名"'
    for key, (kind, _) in COLUMNS.items():
        lines = "" if key == "field" else f"{name}\n"
        shown = toml(3 if kind is dict else 7 if kind is str else "x")
        yield f"column-type-{key}", dump | {"job.toml": _column(f"{lines}{key} = {shown}")}, run
    for label, lines in {
        "none": "",
        "unknown-key": f"{name}\ncolour = 1",
        "unknown-field": 'field = "姓名"',
        "two-rules": f"{name}\n[[output.column]]\n{name}",
        "two-sources": f'{name}\nconstant = "x"',
        "no-separator": 'name = "a"\njoin = ["氏名"]',
        "no-part": f'{name}\nsplit = "　"\nof = 2',
        "part-too-great": f'{name}\nsplit = "　"\nof = 2\npart = 3',
        "calendar": f'{name}\ndate = "gengo"',
        "era": f'{name}\ndate = "wareki"\neras = {{ "3" = "照和" }}',
        "era-of-two": f'{name}\ndate = "wareki"\neras = {{ "S" = "平成" }}',
        "date-and-codes": f'{name}\ndate = "wareki"\ncodes = "codes.csv"',
        "codes-twice": f'{name}\ncodes = "codes.csv"',
        "codes-missing": f'{name}\ncodes = "none.csv"',
        "codes-no-table": f'{name}\ncodes = "d.dat"',
    }.items():
        yield f"column-{label}", dump | {"job.toml": _column(lines)}, run
    yield "column-dat", dump | {"job.toml": _column(name, "out/o.dat")}, run
    items = b"item,length,unit,required\na,x,bytes,yes\n"
    made = job(output='path = "out/o.csv"\nitems = "items.csv"')
    yield "items-length", dump | {"items.csv": items, "job.toml": made}, run
    yield "items-missing", dump | {"job.toml": made}, run


def _column(lines: str, path: str = "out/o.csv") -> bytes:
    return job(output=f'path = "{path}"\n[[output.column]]\n{lines}')


def tables() -> Iterator[Case]:
    """Wrong site tables."""
    head = "code\tucs\tglyph\tflag\tnote\tevidence\tdecided_by\tdecided_at\treplaces\n"

    def row(
        code: str = "80A1", ucs: str = "", glyph: str = "MJ026191", flag: str = "0", replaces: str = ""
    ) -> str:
        return f"{code}\t{ucs}\t{glyph}\t{flag}\t\te\tb\t2026-01-01\t{replaces}\n"

    cases = {
        "empty": "",
        "header-only-word": "code\n",
        "no-header": row(),
        "csv": head.replace("\t", ",") + row(),
        "unknown-column": head.replace("note", "colour") + row(),
        "column-twice": head.replace("note", "code") + row(),
        "no-code-column": head.replace("code\t", "", 1) + row(),
        "code-empty": head + row(""),
        "code-word": head + row("XYZ!"),
        "code-odd": head + row("80A"),
        "code-long": head + row("80A180A1"),
        "code-outside": head + row("2020"),
        "code-lead": head + row("FFFF"),
        "code-twice": head + row() + row(glyph="MJ026192"),
        "ucs-word": head + row(ucs="hello", glyph=""),
        "ucs-surrogate": head + row(ucs="D800", glyph=""),
        "ucs-too-big": head + row(ucs="110000", glyph=""),
        "ucs-negative": head + row(ucs="-1", glyph=""),
        "ucs-control": head + row(ucs="0000", glyph=""),
        "ucs-many": head + row(ucs=" ".join(["4E00"] * 50), glyph=""),
        "nothing": head + row(glyph=""),
        "glyph-unknown": head + row(glyph="MJ999999"),
        "glyph-word": head + row(glyph="辻"),
        "glyph-gj": head + row(glyph="GJ000001"),
        "glyph-and-ucs": head + row(ucs="4E00"),
        "flag-word": head + row(flag="x"),
        "flag-nine": head + row(flag="9"),
        "replaces-missing": head + row("B0A1"),
        "replaces-wrong": head + row("B0A1", replaces="MJ000001"),
        "replaces-nothing": head + row(replaces="MJ000001"),
        "too-many-cells": head + row().rstrip("\n") + "\tx\ty\n",
        "too-few-cells": head + "80A1\n",
        "ambiguous-in-site": head + row(glyph="MJ026191|MJ026192"),
        "blank-line": head + "\n" + row("80A1x"),
        "quoted": head + row().replace("MJ026191", '"MJ026191"'),
    }
    for name, text in cases.items():
        yield (
            f"table-{name}",
            {"t.tsv": text.encode(), "d.dat": NAME, "job.toml": job({"tables": ["t.tsv"]})},
            ["convert", "job.toml"],
        )
    yield (
        "table-utf16",
        {"t.tsv": (head + row()).encode("utf-16"), "d.dat": NAME, "job.toml": job({"tables": ["t.tsv"]})},
        ["convert", "job.toml"],
    )
    yield (
        "table-cp932",
        {
            "t.tsv": (head + row().replace("\te\t", "\t台帳\t")).encode("cp932"),
            "d.dat": NAME,
            "job.toml": job({"tables": ["t.tsv"]}),
        },
        ["convert", "job.toml"],
    )
    yield (
        "table-binary",
        {"t.tsv": bytes(range(256)), "d.dat": NAME, "job.toml": job({"tables": ["t.tsv"]})},
        ["convert", "job.toml"],
    )


def layouts() -> Iterator[Case]:
    """Wrong copybooks and TOML layouts."""
    base = "       01 REC.\n          05 SHIMEI PIC N(10).\n"
    books = {
        "empty": "",
        "no-period": "       01 REC\n          05 SHIMEI PIC N(10)\n",
        "no-picture": "       01 REC.\n",
        "picture-word": base.replace("N(10)", "HELLO"),
        "picture-open": base.replace("N(10)", "N(10"),
        "picture-zero": base.replace("N(10)", "N(0)"),
        "picture-huge": base.replace("N(10)", "N(99999999)"),
        "level-word": base.replace("05", "XX"),
        "level-big": base.replace("05", "99"),
        "redefines-none": base + "          05 B REDEFINES NONE PIC X(4).\n",
        "occurs-word": base + "          05 B OCCURS MANY TIMES PIC X.\n",
        "occurs-zero": base + "          05 B OCCURS 0 TIMES PIC X.\n",
        "occurs-huge": base + "          05 B OCCURS 99999999 TIMES PIC X.\n",
        "depending": base + "          05 B OCCURS 1 TO 5 TIMES DEPENDING ON N PIC X.\n",
        "usage": base + "          05 B PIC 9(4) USAGE FLOATING.\n",
        "copy": base + "       COPY OTHER.\n",
        "two-records": base + base.replace("REC", "REC2"),
        "name-twice": base + "          05 SHIMEI PIC X.\n",
        "deep": "       01 REC.\n" + "".join(f"          {n:02d} A{n}.\n" for n in range(2, 49)),
        "text": "Dear town,\nplease find the dump.\n",
        "value": base + '          05 B PIC X(4) VALUE "\n',
        "comp-text": base + "          05 B PIC X(4) COMP-3.\n",
        "scale": base + "          05 B PIC 9(2)V9(40) COMP-3.\n",
        "binary": "\x00\x01\x02",
    }
    for name, text in books.items():
        yield (
            f"copybook-{name}",
            {
                "l.cpy": text.encode("utf-8"),
                "d.dat": NAME,
                "job.toml": job({"layout": "l.cpy", "record_length": 20}, fields=""),
            },
            ["convert", "job.toml"],
        )
    for name, text in {
        "empty": "",
        "no-fields": "record_length = 20\n",
        "not-toml": "[[field",
        "field-number": "field = 3\n",
        "length-text": 'record_length = "x"\n' + GOOD_FIELD,
        "unknown": "colour = 1\n" + GOOD_FIELD,
    }.items():
        yield (
            f"layout-{name}",
            {"l.toml": text.encode(), "d.dat": NAME, "job.toml": job({"layout": "l.toml"}, fields="")},
            ["convert", "job.toml"],
        )


def dumps() -> Iterator[Case]:
    """Dumps that cannot be cut or read."""
    run = ["convert", "job.toml"]
    plain = job()
    yield "dump-empty-length", {"d.dat": NAME[:7], "job.toml": plain}, run
    yield "dump-truncated", {"d.dat": NAME * 3 + NAME[:11], "job.toml": plain}, run
    yield "dump-one-byte-more", {"d.dat": NAME + b"\x40", "job.toml": plain}, run
    for name, raw in {
        "length-zero": b"\0\0\0\0",
        "length-three": b"\0\3\0\0",
        "too-long": b"\0\x60\0\0" + NAME,
        "cut-rdw": b"\0\x18\0\0" + NAME + b"\0\x18",
        "segment": b"\0\x18\1\0" + NAME,
        "text": b"hello, this is text",
        "second": b"\0\x18\0\0" + NAME + b"\0\0\0\0",
    }.items():
        yield f"dump-vb-{name}", {"d.dat": raw, "job.toml": job({"format": "vb", "record_length": None})}, run
        yield (
            f"dump-vb-blocked-{name}",
            {
                "d.dat": struct.pack(">HH", len(raw) + 4, 0) + raw,
                "job.toml": job({"format": "vb", "record_length": None, "blocked": True}),
            },
            run,
        )
    for name, raw in {
        "block-zero": b"\0\0\0\0",
        "block-long": b"\0\xff\0\0\0\x18\0\0" + NAME,
        "block-cut": b"\0\x1c\0\0\0\x18",
    }.items():
        yield (
            f"dump-{name}",
            {"d.dat": raw, "job.toml": job({"format": "vb", "record_length": None, "blocked": True})},
            run,
        )
    csv = {"format": "csv", "charset": "windows-31j", "record_length": None}
    head = "氏名,住所\r\n".encode("cp932")
    for name, raw in {
        "open-quote": head + b'"a,b\r\n',
        "few-cells": head + b"a\r\n",
        "many-cells": head + b"a,b,c\r\n",
        "quote-inside": head + b'a"b,"c"d\r\n',
    }.items():
        yield f"dump-csv-{name}", {"d.dat": raw, "job.toml": job(csv, fields="")}, run
    for reason in ("unmapped-gaiji", "illegal", "already-lost"):
        code = {"unmapped-gaiji": "80A1", "illegal": "0101", "already-lost": "A1FD"}[reason]
        raw = bytes.fromhex(code)
        yield (
            f"policy-fail-{reason}",
            {"d.dat": raw.ljust(20, b"\x40"), "job.toml": job(rest=f'[policy]\n{reason} = "fail"')},
            run,
        )


def packed() -> Iterator[Case]:
    """Packed dumps that are damaged, outputs that cannot be packed, runs that cannot go on."""
    from gaiji.disk.packing import pack

    run = ["convert", "job.toml"]
    for kind, suffix in (("gzip", "gz"), ("zstd", "zst")):
        whole = pack(memoryview(NAME * 40), kind)
        turned = bytearray(whole)
        turned[-6] ^= 0x10
        for name, raw in {
            "text": b"hello, this is text",
            "empty": b"",
            "cut": whole[: len(whole) // 2],
            "cut-check": whole[:-2],
            "turned": bytes(turned),
            "text-behind": whole + b"hello",
            "half-record": pack(memoryview(NAME[:11]), kind),
            "second-cut": whole + whole[:20],
        }.items():
            yield (
                f"packed-{suffix}-{name}",
                {f"d.dat.{suffix}": raw, "job.toml": job({"path": f"d.dat.{suffix}"})},
                run,
            )
        yield f"packed-{suffix}-none", {"job.toml": job({"path": f"d.dat.{suffix}"})}, run
        for name, output, rest in (
            ("parquet", f'path = "out/o.parquet.{suffix}"', ""),
            ("shrink", f'path = "out/o.csv.{suffix}"', '[target]\nshrink = "cp932"'),
            ("suffix", f'path = "out/o.{suffix}"', ""),
        ):
            yield (
                f"packed-{suffix}-output-{name}",
                {"d.dat": NAME, "job.toml": job(rest=rest, output=output)},
                run,
            )
    good = {"d.dat": NAME * 2, "job.toml": job()}
    for name, raw in {
        "text": b"hello",
        "empty": b"",
        "list": b"[]",
        "no-start": b'{"identity": {}}',
        "other": b'{"identity": {"job": "1"}, "start": 1}',
    }.items():
        yield f"checkpoint-{name}", good | {"out/.o.csv.checkpoint": raw}, [*run, "--resume"]
    yield "resume-stdin", {"job.toml": job({"path": "-"})}, [*run, "--resume"]
    yield "resume-stdout", {"d.dat": NAME, "job.toml": job(output='path = "-"')}, [*run, "--resume"]
    yield "resume-reverse", good, [*run, "--reverse", "--resume"]
    yield "stdout-parquet", {"d.dat": NAME, "job.toml": job(output='path = "-"\nformat = "parquet"')}, run


def commands() -> Iterator[Case]:
    """Wrong words to the other commands."""
    for name, words in {
        "charset-show": ["charset", "show", "nonsense"],
        "charset-check": ["charset", "check", "nonsense"],
        "lookup-nothing": ["lookup", "zzz"],
        "lookup-glyph": ["lookup", "MJ999999"],
        "lookup-number": ["lookup", "戸籍:999999"],
        "lookup-code": ["lookup", "jef:ZZZZ"],
        "lookup-long": ["lookup", "x" * 3000],
        "gj-none": ["repertoire", "import-gj", "none.ttf"],
        "list-none": ["repertoire", "update", "none.xlsx"],
        "list-other": ["repertoire", "update", "t.csv"],
        "list-use": ["repertoire", "use", "mj", "006.03"],
        "chart-option": ["charset", "sheet", "fujitsu-jef", "--option", "reading"],
        "tables-option": ["tables", "import", "t.csv", "--charset", "fujitsu-jef", "--option", "reading=up"],
        "tables-both-ways": ["tables", "import", "t.csv", "--charset", "fujitsu-jef", "--both-ways", "--yes"],
        "scan-none": ["scan", "none.dat", "--charset", "fujitsu-jef", "--record-length", "20"],
        "scan-charset": ["scan", "d.dat", "--charset", "nonsense", "--record-length", "20"],
        "scan-format": ["scan", "d.dat", "--charset", "fujitsu-jef", "--format", "nonsense"],
        "init-charset": ["init", "--charset", "nonsense"],
        "init-there": ["init", "--charset", "fujitsu-jef", "--job", "d.dat"],
        "queue-none": ["review", "export", "--queue", "none.sqlite"],
        "queue-no-database": ["review", "export", "--queue", "d.dat"],
        "queue-missing": ["review", "status"],
        "verify-none": ["verify", "none.toml"],
        "explain-none": ["explain", "none.toml", "--record", "1"],
        "diff-none": ["diff-tables", "a.tsv", "b.tsv"],
        "shrink-none": ["shrink", "none.csv", "o.csv", "--side", "s.csv"],
        "shrink-to": ["shrink", "t.csv", "o.csv", "--side", "s.csv", "--to", "nonsense"],
        "shrink-column": ["shrink", "t.csv", "o.csv", "--side", "s.csv", "--column", "none"],
        "unshrink-none": ["unshrink", "t.csv", "none.csv", "o.csv"],
        "unshrink-no-side": ["unshrink", "t.csv", "t.csv", "o.csv"],
        "match-none": ["match", "a.csv", "b.csv"],
        "search-none": ["search", "渡辺", "--in", "none.csv"],
        "glyph-none": ["glyph", "find", "none.png"],
        "glyph-text": ["glyph", "find", "d.dat"],
        "suggest-image": ["review", "suggest", "--image", "none.png"],
        "db-none": ["db", "convert", "none.toml"],
        "report-none": ["report", "summary", "none.toml"],
        "reverse-none": ["convert", "none.toml", "--reverse"],
        "unknown-command": ["nonsense"],
        "unknown-option": ["convert", "job.toml", "--nonsense"],
        "no-argument": ["convert"],
        "threads-word": ["convert", "job.toml", "--threads", "many"],
    }.items():
        yield f"command-{name}", {"d.dat": NAME, "t.csv": "氏名\n辻\n".encode(), "job.toml": job()}, words


def lists() -> Iterator[Case]:
    """Files that only look like official lists."""
    heads = "MJ文字図形名,対応するUCS,実装したUCS,実装したMoji_JohoコレクションIVS"
    zip_of_two = io.BytesIO()
    with zipfile.ZipFile(zip_of_two, "w") as archive:
        for name in ("a.xlsx", "b.json"):
            archive.writestr(zipfile.ZipInfo(name), b"")
    for name, raw in {
        "columns": f"{heads}\nMJ000001,U+3005,U+3005,\n".encode(),
        "json": b'{"meta": {"dct:title": "MJ", "owl:versionInfo": "1"}, "content": []}',
        "json-deep": b'{"a":' * 5000,
        "zip-two": zip_of_two.getvalue(),
        "zip-cut": b"PK\3\4" + bytes(40),
        "xls": bytes.fromhex("D0CF11E0A1B11AE1"),
        "empty": b"",
    }.items():
        yield f"list-{name}", {"list": raw}, ["repertoire", "update", "list"]


def chunk(kind: bytes, data: bytes) -> bytes:
    """A PNG chunk."""
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def pictures() -> Iterator[Case]:
    """Wrong sources of 外字 pictures."""
    signature = b"\x89PNG\r\n\x1a\n"
    huge = (
        signature
        + chunk(b"IHDR", struct.pack(">IIBBBBB", 50000, 50000, 8, 0, 0, 0, 0))
        + chunk(b"IDAT", zlib.compress(b"\0" * 1000))
        + chunk(b"IEND", b"")
    )
    short = (
        signature
        + chunk(b"IHDR", struct.pack(">IIBBBBB", 24, 24, 8, 0, 0, 0, 0))
        + chunk(b"IDAT", zlib.compress(b"\0"))
        + chunk(b"IEND", b"")
    )
    bdf = "STARTFONT 2.1\nSTARTCHAR a\nENCODING {}\nBBX {} 0 0\nBITMAP\n{}\nENDCHAR\nENDFONT\n"
    for name, (path, raw) in {
        "png-empty": ("p/80A1.png", b""),
        "png-text": ("p/80A1.png", b"hello"),
        "png-signature": ("p/80A1.png", signature),
        "png-huge": ("p/80A1.png", huge),
        "png-short": ("p/80A1.png", short),
        "png-name": ("p/hello.png", short),
        "bmp-cut": ("p/80A1.bmp", b"BM" + b"\0" * 20),
        "folder-empty": ("p/readme.txt", b"x"),
        "ttf-text": ("p.ttf", b"hello"),
        "ttf-header": ("p.ttf", b"\0\1\0\0" + b"\0" * 40),
        "tte-empty": ("p.tte", b""),
        "otf-text": ("p.otf", b"OTTO"),
        "bdf-text": ("p.bdf", b"hello"),
        "bdf-encoding": ("p.bdf", bdf.format("x", "8 1", "FF").encode()),
        "bdf-rows": ("p.bdf", bdf.format("32929", "8 2", "FF").encode()),
        "bdf-hex": ("p.bdf", bdf.format("32929", "8 1", "GG").encode()),
        "bdf-huge": ("p.bdf", bdf.format("32929", "9999 1", "FF").encode()),
        "dots-none": ("p.bin", b"\xff" * 72),
        "binary": ("p.xyz", bytes(range(256))),
    }.items():
        where = path.split("/")[0]
        yield (
            f"pictures-{name}",
            {"d.dat": NAME, path: raw, "job.toml": job(rest=f'[review]\npictures = "{where}"')},
            ["convert", "job.toml"],
        )
    for dots in ("24x24", "7x7", "24", "0x0", "999x999"):
        yield (
            f"pictures-dots-{dots}",
            {
                "d.dat": NAME,
                "p.bin": b"\xff" * 70,
                "job.toml": job(rest=f'[review]\npictures = "p.bin"\ndots = "{dots}"'),
            },
            ["convert", "job.toml"],
        )


def policies() -> Iterator[Case]:
    """Wrong 縮退 policies."""
    for name, text in {
        "empty": "",
        "not-toml": "[shrink",
        "no-table": "a = 1\n",
        "unknown": "[shrink]\ncolour = 1\n",
        "to": '[shrink]\nto = "x"\n',
        "ties": '[shrink]\nties = "x"\n',
        "hentaigana": '[shrink]\nhentaigana = "x"\n',
        "fallback": '[shrink]\nfallback = "x"\n',
        "hops": '[shrink]\nhops = "x"\n',
        "hops-negative": "[shrink]\nhops = -1\n",
        "evidence": '[shrink]\nevidence = "x"\n',
        "evidence-class": '[shrink]\nevidence = [["x"]]\n',
        "list-none": '[shrink]\nto = "list"\n',
        "list-missing": '[shrink]\nto = "list"\ncharacters = "none.txt"\n',
        "replacements": '[shrink]\nreplacements = ["none.tsv"]\n',
        "shrink-a-list": "shrink = [1]\n",
    }.items():
        yield (
            f"policy-{name}",
            {"t.csv": "氏名\n辻\n".encode(), "p.toml": text.encode()},
            ["shrink", "t.csv", "o.csv", "--side", "s.csv", "--policy", "p.toml"],
        )


def cases() -> Iterator[Case]:
    """All of them."""
    for make in (jobs, fields, columns, tables, layouts, dumps, packed, commands, lists, pictures, policies):
        yield from make()


def main() -> None:
    """Run every case and write what it is and says."""
    import sys

    sys.path.insert(0, str(HERE.parent))
    from bad_inputs import run

    out = []
    for name, files, words in cases():
        code, lines, made = run(files, words)
        out.append(
            {
                "name": name,
                "command": words,
                "exit": code,
                "says": lines,
                "makes": made,
                "files": {path: _stored(raw) for path, raw in files.items()},
            }
        )
    (HERE / "cases.json").write_text(json.dumps(out, ensure_ascii=False, indent=1) + "\n", "utf-8")
    print(f"{len(out)} cases")


def _stored(raw: bytes) -> str:
    try:
        text = raw.decode("utf-8")
        return (
            text
            if text.isprintable() or all(c.isprintable() or c in "\n\t\r" for c in text)
            else "base64:" + base64.b64encode(raw).decode()
        )
    except UnicodeDecodeError:
        return "base64:" + base64.b64encode(raw).decode()


if __name__ == "__main__":
    main()

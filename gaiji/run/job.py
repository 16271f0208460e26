"""The job file: TOML in, a validated frozen ``Job`` out; every error names the key and the fix.

Owns the keys of a job, their defaults and their checks. Reads no data: charsets, layouts and tables are
resolved in ``gaiji.run.plan``.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import field
from pathlib import Path
from typing import Any

from gaiji.codes.program import DEFAULT_POLICY, POLICIES, POLICIES_OF
from gaiji.disk.files import STDOUT, is_stream
from gaiji.disk.packing import packing, unpacked_name
from gaiji.disk.remote import is_url
from gaiji.disk.toml import NotToml, parse_toml
from gaiji.errors import JobError, nearest
from gaiji.errors.messages import fault, tr
from gaiji.layout.copybook.encoding import ENCODINGS
from gaiji.layout.settle import NATIONAL
from gaiji.model import FLOATS, ROLES, SIGNS, TARGET_FORMS, Reason
from gaiji.model.plain import dataclass
from gaiji.output.formats import FORMATS as OUTPUT_FORMATS
from gaiji.output.formats import SUFFIXES
from gaiji.queue.place import sqlite_file
from gaiji.run.columns import ColumnRule, columns_of
from gaiji.run.decided import decisions_path, own_set
from gaiji.run.framing import check_framing
from gaiji.run.keys import FORMAT, FRAMING, PEOPLE, Key, shown_values, value_of
from gaiji.run.rules import RecordRule, rules_of

MARK = 40
"""Characters of a mark of an earlier loss."""


KEYS: dict[str, dict[str, Key]] = {
    "source": {
        "path": Key(
            str,
            None,
            "input file, relative to the job file, or a URL such as s3://bucket/juki.dat (.gz and .zst are "
            'unpacked); "-" is standard input',
        ),
        "charset": Key(str, None, "charset of the input (gaiji charset list)"),
        "format": FORMAT,
        "record_length": Key(
            int, 0, "bytes of a fixed record without its newline; the longest record of vb and lines"
        ),
        "shortest": Key(
            int, 0, "bytes of the shortest record of vb and lines that is whole (default: to its last field)"
        ),
        "layout": Key(str, "", "a copybook (.cpy) or a TOML file with [[field]] tables"),
        "tables": Key(list, (), "site tables, in order; later ones win"),
        "gaiji_set": Key(
            str,
            "",
            "whose 外字 the user-defined codes are, where systems of one site have 外字 of their own "
            "(default: the site's)",
        ),
        **FRAMING,
        "preset": Key(str, "", "header names that decide the roles of CSV columns"),
        "roles": Key(dict, {}, "field name → role, over what copybook names and presets say"),
        "redefines": Key(dict, {}, "copybook: which REDEFINES to read, item → chosen item"),
        "depending": Key(
            str,
            "",
            "OCCURS DEPENDING ON: as many occurrences as the counter says (vb and lines), or always the most",
            ("counter", "max"),
        ),
        "sync": Key(
            str,
            "",
            "SYNC on binary items of a copybook: slack before them to a word boundary (hosts), to their own "
            "size, or none",
            ("none", "word", "size"),
        ),
        "signs": Key(str, "", "how zoned numbers carry their sign (see layouts.md)", ("", *SIGNS)),
        "binary": Key(str, "picture", "digits of COMP items: full under TRUNC(BIN)", ("picture", "full")),
        "float": Key(str, "", "kind of COMP-1 and COMP-2: no default, machines differ", ("", *FLOATS)),
        "national": Key(str, "", "what PIC N and NATIONAL items hold (see layouts.md)", ("", *NATIONAL)),
        "replacing": Key(dict, {}, "copybook: text → what COPY … REPLACING puts in its place"),
        "copybook_encoding": Key(str, "", "the copybook's, where its bytes do not show it", ("", *ENCODINGS)),
        "shift": Key(str, "reset", "what a field boundary does to the shift state", ("reset", "carry")),
        "trim": Key(str, "right", "padding at the end of text fields", ("right", "none")),
        "on_bad_record": Key(str, "fail", "a record that cannot be cut", ("fail", "quarantine")),
        "options": Key(dict, {}, "charset options: dash, pua and the charset's own"),
    },
    "target": {
        "form": Key(str, "needed", "selectors in the output, or another (see docs/forms.md)", TARGET_FORMS),
        "pua": Key(str, "", 'form = "pua": the table of private use characters (.tsv: glyph, ucs)'),
        "shrink": Key(
            str,
            "",
            "write names and addresses for another system too: jisx0213, cp932 …, or a policy file (.toml)",
        ),
        "glyph_columns": Key(bool, False, "add a column with the glyph names of each name field"),
    },
    "output": {
        "path": Key(
            str,
            None,
            'output file: .csv .tsv .parquet .dat, packed where .gz or .zst follows; "-" is standard output',
        ),
        "format": Key(str, "", "output format where the suffix does not say", OUTPUT_FORMATS),
        "bom": Key(bool, False, "begin CSV and TSV with a byte order mark"),
        "newline": Key(str, "lf", "line ends of CSV and TSV", ("lf", "crlf")),
        "encoding": Key(str, "utf-8", "encoding of a .dat file", ("utf-8", "utf-16-le", "utf-16-be")),
        "widths": Key(dict, {}, "field name → width in bytes in a .dat file"),
        "rows": Key(str, "", "a table of the copybook whose occurrences are written one a row"),
        "items": Key(
            str,
            "",
            "the receiver's list of items (.csv .tsv .parquet: item, length, unit, required), which the "
            "columns are checked against",
        ),
    },
    "review": {
        "queue": Key(str, "", "the review queue (default: review.sqlite beside the output)"),
        "context": Key(
            str,
            "field",
            "personal data that the queue and, of bad numbers and values, the manifest may hold",
            ("none", "glyph-only", "field"),
        ),
        "samples": Key(int, 5, "sample occurrences kept for each code"),
        "roles": Key(
            list, ROLES, "roles of the fields whose 外字 go to the queue; all are counted and told", ROLES
        ),
        "site": Key(str, "", "name of the municipality whose 外字 these are"),
        "key": Key(str, "", "the field that identifies a record in the queue (default: the record number)"),
        "household": Key(
            str, "", "the field whose equal values mean one household or 戸籍, for candidates from the dump"
        ),
        "pictures": Key(
            str,
            "",
            "pictures of the 外字: a font (EUDC.TTE, TTF), a BDF, PCF or FONTX2, a folder of those and of "
            "PNG or BMP, or raw dots",
        ),
        "dots": Key(str, "", "width x height of raw dots, such as 24x24"),
        "lost": Key(
            list, (), "marks that an earlier migration left in names, besides those of mappings/lost.tsv"
        ),
        "one-source": Key(
            bool, False, "put each code of a name that rests on one source before a person once"
        ),
    },
    "policy": {
        reason.label: Key(
            str, DEFAULT_POLICY[reason], "what is written for it", POLICIES_OF.get(reason, POLICIES)
        )
        for reason in DEFAULT_POLICY
    },
}
KEYS["people"] = PEOPLE
FIELD_SECTION = "field"
RECORD_SECTION = "record"


@dataclass(frozen=True)
class Job:
    """A validated job. Paths are absolute, or ``-`` for standard input. ``said``: the keys that were given
    (``source.header``); the others are at their defaults. ``records``: the types of its records; ``type``: in
    the job of one type, its name. ``columns``: those of its output, where they are not the fields.
    """

    path: str
    base: Path
    source: Mapping[str, Any]
    target: Mapping[str, Any]
    output: Mapping[str, Any]
    review: Mapping[str, Any]
    policy: Mapping[Reason, str]
    fields: tuple[Mapping[str, Any], ...] = ()
    digest: str = field(default="", compare=False)
    said: frozenset[str] = frozenset()
    people: Mapping[str, Any] = field(default_factory=dict, compare=False)
    records: tuple[RecordRule, ...] = ()
    type: str = ""
    columns: tuple[ColumnRule, ...] = ()

    def file(self, name: str) -> str:
        """A path of the job, relative to the job file; ``-`` and a URL stay as they are."""
        return name if name == "-" or is_url(name) else str(self.base / name)

    @property
    def output_path(self) -> Path:
        """Where the converted records go."""
        return self.base / str(self.output["path"])

    @property
    def named_path(self) -> Path:
        """What the files about the output are named after: the output, or the job file where that is
        standard output."""
        if self.output["path"] != STDOUT:
            return self.output_path
        return self.base / (Path(self.path).name or "standard-output")

    @property
    def output_format(self) -> str:
        """One of csv, tsv, parquet, fixed."""
        if self.output["path"] == STDOUT:
            return self.output["format"] or "csv"
        return self.output["format"] or SUFFIXES[unpacked_name(self.output_path).suffix.lower()]

    @property
    def sampling(self) -> dict[str, Any]:
        """What findings keep of the records they are in: how many, by which key, with how much text."""
        return sampling(self.review)

    @property
    def queue_where(self) -> str | Path:
        """The review queue: a database URL or a path."""
        return queue_where(self.review, self.base, self.output_path.parent, self.path)

    def decisions_path(self, system: str) -> Path:
        """The site table that ``gaiji review apply`` writes for a code system beside the queue; used when it
        is there.
        """
        return decisions_path(self.owner, self.queue_where, self.output_path.parent, system)

    @property
    def owner(self) -> tuple[str, str]:
        """Whose the user-defined codes of the input are: the site, and its 外字 set, "" for the site's
        own."""
        return self.review["site"], own_set(self.source["gaiji_set"], self.review["site"])


def sampling(review: Mapping[str, Any]) -> dict[str, Any]:
    """What a ``[review]`` section lets findings keep, as ``columns.findings.Grouping`` takes it."""
    return {name: review[name] for name in ("samples", "key", "context", "roles") if name in review}


def queue_where(review: Mapping[str, Any], base: Path, beside: Path, path: str | Path) -> str | Path:
    """The queue of a ``[review]`` section: the URL of a database server, or a path from ``base``; by
    default in ``beside``. JobError (``path``: of the job) for an SQLite URL that is not one file wherever
    gaiji runs: tables of decisions lie beside the file."""
    named = str(review["queue"])
    if "://" in named:
        file = sqlite_file(named)
        if file is not None and not file.is_absolute():
            raise JobError(
                fault("E0568", "names another file in each folder where gaiji runs"),
                path=path,
                key="review.queue",
                next=tr("write the file's path, from the job file, without sqlite:///"),
            )
        return file or named
    return base / named if named else beside / "review.sqlite"


def load_job(path: str | Path, overrides: Mapping[str, Any] | None = None) -> Job:
    """Read and check a job file. ``overrides`` maps dotted keys (``source.charset``) to values."""
    path = Path(path)
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise JobError(
            fault("E0252", "cannot be read: {reason}", reason=error.strerror),
            path=path,
            next=tr("give the path of a job file (gaiji init writes one)"),
        ) from error
    if len(raw) > 1 << 20:
        raise JobError(fault("E0253", "is too big to be a job file"), path=path, next=tr("check the path"))
    try:
        data = parse_toml(raw)
    except NotToml as error:
        raise JobError(
            fault("E0156", "is not valid TOML: {error}", error=error), path=path, next=tr("correct that line")
        ) from error
    return make_job(data, base=path.parent, path=str(path), overrides=overrides)


def make_job(
    data: Mapping[str, Any],
    *,
    base: Path | None = None,
    path: str = "",
    overrides: Mapping[str, Any] | None = None,
) -> Job:
    """A job from the dictionary form of a job file."""
    merged = {name: dict(value) if isinstance(value, dict) else value for name, value in data.items()}
    for dotted, value in (overrides or {}).items():
        name, _, key = dotted.partition(".")
        if name not in KEYS or not key:
            raise JobError(
                fault("E0254", "is not a key of a job"),
                path=path,
                key=dotted,
                next=nearest(dotted, _dotted_keys()),
            )
        merged.setdefault(name, {})[key] = value
    unknown = [name for name in merged if name not in (*KEYS, FIELD_SECTION, RECORD_SECTION)]
    if unknown:
        raise JobError(
            fault("E0255", "is not a section of a job"),
            path=path,
            key=unknown[0],
            next=nearest(unknown[0], [*KEYS, FIELD_SECTION, RECORD_SECTION]),
        )
    records = rules_of(merged.get(RECORD_SECTION, []), path)
    _name_output(merged, records)
    tables = merged["output"].pop("column", []) if isinstance(merged.get("output"), dict) else []
    columns = columns_of(tables, path)
    sections = {name: section(name, merged.get(name, {}), path) for name in KEYS}
    fields = merged.get(FIELD_SECTION, [])
    if not isinstance(fields, list) or not all(isinstance(item, dict) for item in fields):
        raise JobError(
            fault("E0256", "must be [[field]] tables"),
            path=path,
            key="field",
            next=tr("write [[field]] above each field"),
        )
    _check_lost(sections["review"]["lost"], path)
    policy = policies(sections.pop("policy"), one_source=sections["review"]["one-source"])
    more: dict[str, Any] = {
        **sections,
        "digest": _digest(sections, policy, fields, merged.get(RECORD_SECTION, []), tables),
        "said": frozenset(f"{name}.{key}" for name in KEYS for key in merged.get(name, {})),
    }
    job = Job(
        path, base or Path(), fields=tuple(fields), policy=policy, records=records, columns=columns, **more
    )
    _check_together(job)
    return job


def _digest(
    sections: Mapping[str, Any], policy: Mapping[Reason, str], fields: Any, records: Any, columns: Any
) -> str:
    """What a job says, as a digest; keys about columns of its own count where it has some, so that jobs
    without them are what they were to earlier versions."""
    output = {key: value for key, value in sections["output"].items() if key != "items" or value}
    asked = bool(columns or output.get("items") or any({"column", "items"} & set(one) for one in records))
    written = {r.label: p for r, p in policy.items() if asked or r is not Reason.BAD_VALUE}
    of_output = {name: keys for name, keys in sections.items() if name != "people"}  # of reports alone
    said = [{**of_output, "output": output}, written, fields]
    said += [records] if records else []
    said += [{"column": columns}] if columns else []
    return hashlib.sha256(
        json.dumps(said, sort_keys=True, ensure_ascii=False, default=list).encode()
    ).hexdigest()


def _name_output(merged: dict[str, Any], records: tuple[RecordRule, ...]) -> None:
    """Where only record types say where they go, the files about the job are named after the first of
    them."""
    first = next((rule.output for rule in records if rule.output and not rule.skip), "")
    output = merged.get("output", {})
    if first and isinstance(output, dict) and "path" not in output:
        merged["output"] = {**output, "path": first}


def _check_lost(marks: tuple[str, ...], path: str) -> None:
    """JobError for a mark that is none."""
    for mark in marks:
        if not mark.strip() or len(mark) > MARK or not mark.isprintable():
            raise JobError(
                fault("E0570", "holds a mark that is empty, too long or no text"),
                path=path,
                key="review.lost",
                next=tr("give what stands in the place of a character, such as ※, in at most 40 characters"),
            )


def policies(given: Mapping[str, str], *, one_source: bool) -> dict[Reason, str]:
    """A checked ``[policy]`` section by reason; ``one_source``: codes that rest on one source are
    findings, whose
    text is kept."""
    asked = {Reason.ONE_SOURCE: "keep"} if one_source else {}
    return {Reason.from_label(name): value for name, value in given.items()} | asked


def section(name: str, given: Any, path: str, rules: Mapping[str, Key] | None = None) -> dict[str, Any]:
    """A section's keys, checked, with defaults for those not given; JobError names the key and the fix.
    ``rules``: its keys, those of a job's section of that name by default."""
    if not isinstance(given, dict):
        raise JobError(
            fault("E0257", "must be a table"),
            path=path,
            key=name,
            next=tr("write [{name}] above its keys", name=name),
        )
    keys = KEYS[name] if rules is None else rules
    for key in given:
        if key not in keys:
            raise JobError(
                fault("E0258", "is not a key"), path=path, key=f"{name}.{key}", next=nearest(key, keys)
            )
    out: dict[str, Any] = {}
    for key, rule in keys.items():
        if key in given:
            out[key] = value_of(given[key], rule, f"{name}.{key}", path)
        elif rule.default is None:
            raise JobError(
                fault("E0259", "is missing"),
                path=path,
                key=f"{name}.{key}",
                next=tr("set it: {meaning}", meaning=tr(rule.what) + shown_values(rule)),
            )
        else:
            out[key] = rule.default
    return out


def _check_together(job: Job) -> None:
    """Rules that span keys."""
    source, output = job.source, job.output
    check_framing(source, job.path)
    for key in ("delimiter", "quote"):
        if len(source[key]) != 1 or not source[key].isascii():
            raise JobError(
                fault("E0264", "must be one ASCII character"),
                path=job.path,
                key=f"source.{key}",
                next=tr(KEYS["source"][key].what),
            )
    plain = unpacked_name(job.output_path)
    if not output["format"] and output["path"] != STDOUT and plain.suffix.lower() not in SUFFIXES:
        raise JobError(
            fault("E0265", "has the suffix {suffix!r}, which names no format", suffix=plain.suffix),
            path=job.path,
            key="output.path",
            next=tr("end it in {suffixes}, or set output.format", suffixes=", ".join(SUFFIXES)),
        )
    if job.output_format == "parquet" and (packing(job.output_path) or is_stream(job.output_path)):
        raise JobError(
            fault("E0266", "must be a Parquet file of its own, which is packed inside"),
            path=job.path,
            key="output.path",
            next=tr("end it in .parquet, or write CSV"),
        )
    whole = job.output_format in ("csv", "tsv", "parquet")
    unfit = not whole or packing(job.output_path) or is_stream(job.output_path)
    if job.target["shrink"] and unfit:
        raise JobError(
            fault("E0267", "is made of a .csv, .tsv or .parquet file only"),
            path=job.path,
            key="target.shrink",
            next=tr("write one of them, not packed; or run gaiji shrink afterwards"),
        )
    if source["format"] == "fixed" and not source["record_length"] and not (source["layout"] or job.records):
        raise JobError(
            fault("E0268", "is missing"),
            path=job.path,
            key="source.record_length",
            next=tr("fixed records need a length"),
        )
    if source["shortest"] and source["format"] not in ("vb", "lines"):
        raise JobError(
            fault("E0404", "is for records of many lengths, and these are {format}", format=source["format"]),
            path=job.path,
            key="source.shortest",
            next=tr("remove it"),
        )
    if source["format"] != "csv" and not source["layout"] and not job.fields and not job.records:
        raise JobError(
            fault("E0269", "is missing"),
            path=job.path,
            key="source.layout",
            next=tr("give a layout, or write [[field]] tables"),
        )


def _dotted_keys() -> list[str]:
    return [f"{section}.{key}" for section, keys in KEYS.items() for key in keys]

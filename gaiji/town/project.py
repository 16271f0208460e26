"""The project file of a town, ``town.toml``: its systems and their files, each resolved to a job of its own.

Owns the keys of a project file, how what systems share comes to their files, and where each file's output and
job file lie. A file is converted by its job file alone, which says all that this one says of it: every
command on a job works on it.
"""

from __future__ import annotations

import glob
import os
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePath
from typing import Any

import tomli_w

from gaiji.disk.packing import unpacked_name
from gaiji.disk.toml import NotToml, parse_toml
from gaiji.errors import JobError, nearest
from gaiji.errors.messages import fault, mark, tr
from gaiji.run.job import FIELD_SECTION, KEYS, RECORD_SECTION, Job, make_job, section
from gaiji.run.keys import Key

SECTIONS = ("target", "output", "review", "policy", "people")
"""Tables of a job that stand as they are under ``[defaults]``, a system or a file."""
SHORT = ("key", "household", "pictures", "dots")
"""Keys of ``[review]`` that stand beside those of ``[source]``."""
TOWN: dict[str, Key] = {
    "name": Key(str, None, mark("the municipality, whose 外字 these are")),
    "code": Key(str, "", mark("its 団体コード of six digits")),
    "folder": Key(str, "migration", mark("where queue, tables of decisions, outputs and proofs go")),
    "queue": Key(str, "", mark("the review queue of all systems (default: review.sqlite in that folder)")),
}
SYSTEM: dict[str, Key] = {
    "name": Key(str, None, mark("what the system is called; its outputs go to a folder of that name")),
    "maker": Key(str, "", mark("whose system it is, for people")),
}
FILE: dict[str, Key] = {
    "path": Key(str, None, mark("an input file, or a pattern for several of a kind (juki-*.dat)")),
    "name": Key(str, "", mark("what its output and its job are named after (default: the input's name)")),
    "person": Key(str, "", mark("the field that tells its residents, where it is not that of [identity]")),
    "called": Key(list, (), mark("the fields that are a resident's name together (氏, 名)")),
    "output": Key(str, "", mark("its output; {name} stands for the input's name (default: {name}.csv)")),
}
IDENTITY: dict[str, Key] = {
    "key": Key(str, "", mark("the field whose equal values mean one resident in every system")),
    "second": Key(
        str, "", mark("the same where a system has not the first; a file that has both (附票) joins the two")
    ),
    "match": Key(
        bool,
        False,
        mark("whether residents of systems without such a field are told by what they have in common"),
    ),
    "kana": Key(list, (), mark("match: the fields that are a reading (default: fields of that role)")),
    "birth": Key(list, ("生年月日",), mark("match: the fields that are a birth date")),
    "eras": Key(
        dict, {}, mark('match: what stands for an era before a birth date\'s year ({ "3" = "昭和" })')
    ),
    "sex": Key(list, ("性別",), mark("match: the fields that are a sex")),
    "address": Key(list, (), mark("match: the fields that are an address (default: fields of that role)")),
    "municipality": Key(
        list,
        (),
        mark("match: how addresses begin with the municipality, where it is no name of 市, 町 or 村"),
    ),
}
PATHS: dict[str, tuple[str, ...]] = {
    "source": ("path", "layout", "tables"),
    "target": ("pua", "shrink"),
    "output": ("path", "items"),
    "review": ("queue", "pictures"),
}
"""The keys of a job that name files. What has no suffix in ``layout`` or ``shrink`` is a name of ours."""
HEAD = mark("Made by gaiji run from {town}: change that file, not this one.")


@dataclass(frozen=True, slots=True)
class TownFile:
    """One input of a town: the system it is of, its name there, and its job with the text of its job file.

    ``path``: of the job file. ``here``: the same job with its files as the project file names them, which
    can be looked at before there is a job file. ``person``: the field that tells its residents ("": the
    town's); ``called``: the fields that are their name together (none: the usual ones).
    """

    system: str
    name: str
    path: Path
    text: bytes
    job: Job
    here: Job
    person: str = ""
    called: tuple[str, ...] = ()

    @property
    def label(self) -> str:
        """What people call it: system and name."""
        return f"{self.system}/{self.name}"

    @property
    def input(self) -> Path:
        """The file that is read."""
        return Path(self.here.file(self.here.source["path"]))


@dataclass(frozen=True, slots=True)
class Town:
    """A checked project file. ``files`` are in its order; ``systems``: name → maker; ``part``: some of its
    systems only."""

    path: Path
    name: str
    code: str
    folder: Path
    queue: str | Path
    systems: Mapping[str, str]
    files: tuple[TownFile, ...]
    identity: Mapping[str, Any] = field(default_factory=dict)
    part: bool = False

    def of(self, systems: tuple[str, ...]) -> Town:
        """The town with some of its systems only; JobError for one that it has not."""
        for name in systems:
            if name not in self.systems:
                raise JobError(
                    fault("E0750", "has no system {name!r}", name=name),
                    path=self.path,
                    key="system.name",
                    next=nearest(name, self.systems),
                )
        if not systems:
            return self
        kept = {name: maker for name, maker in self.systems.items() if name in systems}
        files = tuple(file for file in self.files if file.system in kept)
        return replace(self, systems=kept, files=files, part=True)


def load_town(path: str | Path) -> Town:
    """Read and check a project file; JobError names what is wrong or has no answer yet. Reads no data."""
    path = Path(path)
    try:
        data = parse_toml(path.read_bytes())
    except OSError as error:
        raise JobError(
            fault("E0751", "cannot be read: {reason}", reason=error.strerror),
            path=path,
            next=tr("give the path of a project file (gaiji init --town FOLDER writes one)"),
        ) from error
    except NotToml as error:
        raise JobError(
            fault("E0752", "is not valid TOML: {error}", error=error), path=path, next=tr("correct that line")
        ) from error
    _check_sections(data, path)
    town = section("town", data.get("town", {}), str(path), TOWN)
    _check_code(town["code"], path)
    folder = path.parent / town["folder"]
    queue = town["queue"] or os.path.join(town["folder"], "review.sqlite")
    layers = _Layers(path, town, str(queue), _job_part(data.get("defaults", {}), "defaults", path, {})[1])
    systems: dict[str, str] = {}
    files: list[TownFile] = []
    for given in _tables(data, "system", path):
        own, part = _job_part(given, "system", path, SYSTEM, ("file",))
        name = check_name(own["name"], "system.name", path)
        _check_system(name, path)
        if name in systems:
            raise _twice(name, "system.name", path)
        systems[name] = own["maker"]
        files += layers.files(name, part, _tables(given, "file", path, "system.file"))
    layers.check_answered(["name"] if not town["name"] else [])
    _check_outputs(files, path)
    identity = section("identity", data.get("identity", {}), str(path), IDENTITY)
    where: str | Path = queue if "://" in str(queue) else path.parent / queue
    return Town(path, town["name"], town["code"], folder, where, systems, tuple(files), identity)


def is_town(path: str | Path) -> bool:
    """Whether a file is a project file, by its sections; false for what cannot be read, which its reader
    tells."""
    try:
        data = parse_toml(Path(path).read_bytes())
    except (OSError, NotToml):
        return False
    return "town" in data or "system" in data


# -- one file ------------------------------------------------------------------------------------------


class _Layers:
    """Brings what the town and a system say to each of its files; keeps what has no answer."""

    def __init__(self, path: Path, town: Mapping[str, Any], queue: str, defaults: dict[str, Any]) -> None:
        self.path = path
        self.town = town
        self.queue = queue
        self.defaults = defaults
        self.unanswered: list[tuple[str, list[str]]] = []

    def files(self, system: str, part: dict[str, Any], given: list[dict[str, Any]]) -> Iterator[TownFile]:
        """The files of a system, patterns resolved."""
        for table in given:
            own, mine = _job_part(table, "system.file", self.path, FILE, (FIELD_SECTION, RECORD_SECTION))
            told = {name: table[name] for name in (FIELD_SECTION, RECORD_SECTION) if name in table}
            output = own["output"]
            base = {"source": {"gaiji_set": system}, "review": {"site": self.town["name"]}}
            whole = _merged(_merged(_merged(base, self.defaults), part), mine)
            label = str(own["path"])
            missing = _missing(whole, told)
            if missing:
                self.unanswered.append((label, missing))
                continue
            found = self._found(own["path"], label)
            if len(found) > 1 and (own["name"] or "{name}" not in (output or "{name}")):
                raise JobError(
                    fault("E0753", "is one name for {count} files", count=len(found)),
                    path=f"{self.path} {label}",
                    key="system.file.name" if own["name"] else "system.file.output",
                    next=tr("write {name} where the input's name shall stand", name="{name}"),
                )
            for name in found:
                called = check_name(own["name"] or _called(name), f"system.file.name ({name})", self.path)
                made = self._file(system, called, name, output or "{name}.csv", whole, told)
                yield replace(made, person=own["person"], called=own["called"])

    def _found(self, pattern: str, label: str) -> list[str]:
        """The files that a path or a pattern means, as seen from the project file."""
        if not glob.has_magic(pattern) or (self.path.parent / pattern).is_file():
            return [pattern]
        found = sorted(glob.glob(pattern, root_dir=self.path.parent, recursive=True))
        found = [name for name in found if (self.path.parent / name).is_file()]
        if not found:
            raise JobError(
                fault("E0754", "means no file"),
                path=f"{self.path} {label}",
                key="system.file.path",
                next=tr("check the pattern; it is seen from the folder of the project file"),
            )
        return found

    def _file(
        self, system: str, called: str, name: str, output: str, whole: dict[str, Any], told: dict[str, Any]
    ) -> TownFile:
        folder = self.town["folder"]
        job_path = self.path.parent / folder / "jobs" / system / f"{called}.toml"
        parts = {section: dict(values) for section, values in whole.items()}
        parts["source"]["path"] = name
        parts.setdefault("output", {}).setdefault("path", output.replace("{name}", called))
        parts["output"]["path"] = os.path.join(folder, system, parts["output"]["path"])
        parts["review"].setdefault("queue", self.queue)
        records = [_record(one, os.path.join(folder, system)) for one in told.get(RECORD_SECTION, [])]
        here = {**parts, **told} | ({RECORD_SECTION: records} if records else {})
        there = _moved(here, self.path, job_path)
        label = f"{self.path} {system}/{called}"
        seen = make_job(here, base=self.path.parent, path=label)
        job = replace(make_job(there, base=job_path.parent, path=label), path=str(job_path))
        head = f"# {tr(HEAD, town=self.path.name)}\n"
        text = (head + tomli_w.dumps(there)).encode()
        return TownFile(
            system, called, job_path, text, job, replace(seen, path=str(job_path), digest=job.digest)
        )

    def check_answered(self, town: list[str]) -> None:
        """JobError where the town or its files have keys without an answer, all of them in one line."""
        shown = [f"town ({', '.join(town)})"] if town else []
        if not self.unanswered and not town:
            return
        shown += [f"{label} ({', '.join(keys)})" for label, keys in self.unanswered]
        more = [tr("{count} more", count=len(shown) - 8)] if len(shown) > 8 else []
        raise JobError(
            fault("E0755", "does not say yet: {files}", files="; ".join(shown[:8] + more)),
            path=self.path,
            next=tr("write the answers; what gaiji init guessed stands beside them as a comment"),
        )


def _missing(whole: Mapping[str, Any], told: Mapping[str, Any]) -> list[str]:
    """The keys that a file cannot be converted without, and that nobody answered."""
    source = whole["source"]
    missing = [key for key in ("charset", "format") if not source.get(key)]
    laid = source.get("layout") or told.get(FIELD_SECTION) or told.get(RECORD_SECTION)
    return missing + ([] if laid or source.get("format", "csv") in ("", "csv") else ["layout"])


def _job_part(
    given: Any, name: str, path: Path, rules: Mapping[str, Key], also: tuple[str, ...] = ()
) -> tuple[dict[str, Any], dict[str, Any]]:
    """What a table says by keys of its own (``rules``, checked), and what it says of jobs."""
    if not isinstance(given, dict):
        raise JobError(
            fault("E0257", "must be a table"),
            path=path,
            key=name,
            next=tr("write [{name}] above its keys", name=name),
        )
    own: dict[str, Any] = {}
    part: dict[str, Any] = {"source": {}, "review": {}}
    for key, value in given.items():
        if key in SECTIONS and isinstance(value, dict):
            part[key] = {**part.get(key, {}), **value}
        elif key in rules:
            own[key] = value
        elif key in SHORT:
            part["review"][key] = value
        elif key in KEYS["source"] and key != "path":
            part["source"][key] = value
        elif key not in also:
            known = [*rules, *SHORT, *(key for key in KEYS["source"] if key != "path"), *SECTIONS, *also]
            raise JobError(
                fault("E0258", "is not a key"), path=path, key=f"{name}.{key}", next=nearest(key, known)
            )
    return section(name, own, str(path), rules), part


def _merged(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """Job parts, one over the other: keys replace, tables of names add up, site tables stand in order."""
    out = {name: dict(values) for name, values in below.items()}
    for name, values in above.items():
        there = out.setdefault(name, {})
        for key, value in values.items():
            if isinstance(value, dict) and isinstance(there.get(key), dict):
                there[key] = {**there[key], **value}
            elif (name, key) == ("source", "tables") and isinstance(value, list):
                there[key] = [*there.get(key, []), *value]
            else:
                there[key] = value
    return out


def _record(rule: Any, folder: str) -> Any:
    """A record type whose output goes to the system's folder."""
    if not isinstance(rule, dict) or not isinstance(rule.get("output"), str):
        return rule
    return {**rule, "output": os.path.join(folder, rule["output"])}


def _moved(data: dict[str, Any], town: Path, job: Path) -> dict[str, Any]:
    """A job's data with its paths as they are seen from the job file, not from the project file."""
    base, folder = (Path(os.path.realpath(path.parent)) for path in (town, job))  # as .. leads out of links

    def seen(value: Any) -> Any:
        if isinstance(value, list):
            return [seen(one) for one in value]
        named = isinstance(value, str) and value and value != "-" and "://" not in value
        return PurePath(os.path.relpath(base / value, folder)).as_posix() if named else value

    def columns(given: Any) -> Any:
        """The ``[[output.column]]`` tables, which may name a table of code values."""
        if not isinstance(given, list):
            return given
        return [
            {**one, "codes": seen(one["codes"])} if isinstance(one, dict) and "codes" in one else one
            for one in given
        ]

    out = {name: dict(value) if isinstance(value, dict) else value for name, value in data.items()}
    for name, keys in PATHS.items():
        for key in keys:
            if key in out.get(name, {}) and (key != "shrink" or PurePath(out[name][key]).suffix):
                out[name][key] = seen(out[name][key])
    if "column" in out.get("output", {}):
        out["output"]["column"] = columns(out["output"]["column"])
    out[RECORD_SECTION] = [_record_seen(rule, seen, columns) for rule in out.get(RECORD_SECTION, ())]
    return {name: value for name, value in out.items() if name != RECORD_SECTION or value}


def _record_seen(rule: Any, seen: Callable[[Any], Any], columns: Callable[[Any], Any]) -> Any:
    """A record type with its files as they are seen from the job file."""
    if not isinstance(rule, dict):
        return rule
    files = {key: seen(rule[key]) for key in ("output", "items") if key in rule}
    if PurePath(str(rule.get("layout", ""))).suffix:
        files["layout"] = seen(rule["layout"])
    return {**rule, **files} | ({"column": columns(rule["column"])} if "column" in rule else {})


# -- checks --------------------------------------------------------------------------------------------


def _check_sections(data: Mapping[str, Any], path: Path) -> None:
    known = ("town", "defaults", "identity", "system")
    for name in data:
        if name not in known:
            raise JobError(
                fault("E0756", "is not a section of a project file"),
                path=path,
                key=name,
                next=nearest(name, known),
            )


def _tables(data: Mapping[str, Any], name: str, path: Path, shown: str = "") -> list[dict[str, Any]]:
    found = data.get(name, [])
    if not isinstance(found, list) or not found or not all(isinstance(one, dict) for one in found):
        raise JobError(
            fault("E0757", "must be [[{name}]] tables, one at least", name=shown or name),
            path=path,
            key=shown or name,
            next=tr("write [[{name}]] above each", name=shown or name),
        )
    return found


def _check_code(code: str, path: Path) -> None:
    """A 団体コード has five digits and a sixth that checks them (総務省「地方公共団体コード」: the digits
    by the weights 6 5 4 3 2, their sum from the next multiple of 11, of that the last digit)."""
    digits = code.isascii() and code.isdigit() and len(code) == 6
    total = (
        sum(int(one) * weight for one, weight in zip(code[:5], (6, 5, 4, 3, 2), strict=True)) if digits else 0
    )
    if code and not (digits and (11 - total % 11) % 10 == int(code[5])):
        raise JobError(
            fault("E0758", "is no 団体コード"),
            path=path,
            key="town.code",
            next=tr("write its six digits; the last one checks the others"),
        )


def check_name(name: str, key: str, path: Path) -> str:
    """A name that a folder or a file can have on every system."""
    wrong = not name.strip() or name.strip(" .") != name or len(name.encode()) > 120
    wrong |= bool(re.fullmatch(r"(con|prn|aux|nul|com[1-9]|lpt[1-9])(\..*)?", name.casefold()))
    if wrong or not name.isprintable() or set(name) & set('/\\:*?"<>|'):
        raise JobError(
            fault("E0759", "cannot be the name of a folder or a file"),
            path=path,
            key=key,
            next=tr('leave out / \\ : * ? " < > | and blanks or dots at its ends'),
        )
    return name


OURS = {"jobs", "kept", "run", "review.sqlite", "book.json", "book.html", "heard.json", "run.json"}
OURS |= {"contradictions.tsv"}
"""What lies in a town's folder beside the systems' own."""


def _check_system(name: str, path: Path) -> None:
    """No system has the name of something else in the town's folder."""
    if name.casefold() in OURS or name.casefold().startswith(("decisions-", "review.sqlite")):
        raise JobError(
            fault("E0777", "is what something else in the town's folder is called: {name}", name=name),
            path=path,
            key="system.name",
            next=tr("give the system another name"),
        )


def _called(name: str) -> str:
    """The name of an input without its folders and suffixes."""
    return unpacked_name(Path(name)).stem


def _twice(name: str, key: str, path: Path) -> JobError:
    return JobError(
        fault("E0760", "stands for two: {name}", name=name),
        path=path,
        key=key,
        next=tr("give each a name of its own"),
    )


def _check_outputs(files: list[TownFile], path: Path) -> None:
    """Two files of a system are never one, nor is an output another's."""
    named = Counter((f.system.casefold(), f.name.casefold()) for f in files)
    outputs = Counter(os.path.realpath(f.job.output_path) for f in files)
    for one in files:
        if named[one.system.casefold(), one.name.casefold()] > 1:
            raise _twice(one.label, "system.file.name", path)
        if outputs[os.path.realpath(one.job.output_path)] > 1:
            raise _twice(one.job.output_path.name, "system.file.output", path)

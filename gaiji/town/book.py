"""The proof book of a town: one document over all its files, to print and sign, and the same for programs.

Owns what stands in it. Every figure is a manifest's, a proof's or the queue's; the book adds them up and
gives the digest of each file that it speaks of. It holds no names of residents.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from html import escape
from pathlib import Path
from typing import Any

from gaiji import __version__
from gaiji.disk.files import write_whole
from gaiji.errors.messages import mark, tr
from gaiji.proof.page import CLASS_NAMES, REASONS, STYLE, signatures, table
from gaiji.queue.audit import now
from gaiji.run.manifest import manifest_path, verify_paths
from gaiji.town.hearing import last
from gaiji.town.project import Town, TownFile
from gaiji.town.queued import decided_files, has_queue
from gaiji.town.running import TownRun
from gaiji.town.standing import Standing, digest_of
from gaiji.town.status import PROOFS, STATES, Status

FILES_HEAD = (
    *(mark("ファイル"), mark("入力"), mark("出力"), mark("レコード"), mark("変化"), mark("確認待ち")),
    mark("検証"),
)
DIGESTS_HEAD = (mark("種別"), mark("名前"), mark("バイト"), mark("SHA-256"))
WHAT = {
    "project": mark("プロジェクトファイル"),
    "input": mark("入力"),
    "output": mark("出力"),
    "quarantine": mark("隔離"),
    "job file": mark("ジョブファイル"),
    "manifest": mark("変換の記録"),
    "proof": mark("検証の記録"),
    "page of the proof": mark("検証報告書"),
    "decisions": mark("同定の結果"),
    "table": mark("対応表"),
    "book": mark("この証明書のデータ"),
}


def book_paths(town: Town) -> tuple[Path, Path]:
    """Where the book of a town lies: for programs, and to print."""
    return town.folder / "book.json", town.folder / "book.html"


def write_book(run: TownRun, status: Status) -> Path:
    """Write both forms of the book of a run over the whole town; returns the one to print."""
    plain, printed = book_paths(run.town)
    data = book_of(run, status)
    raw = (json.dumps(data, ensure_ascii=False, indent=2) + "\n").encode()
    write_whole(plain, raw, own=True, again=True)
    shown = page(data, hashlib.sha256(raw).hexdigest())
    write_whole(printed, shown.encode(), own=True, again=True)
    return printed


def book_of(run: TownRun, status: Status) -> dict[str, Any]:
    """The book as data: systems, files, tables, decisions, counts and findings, each file with its digest."""
    town, standings = run.town, run.now
    errors = {one.label: one.error for one in run.failed}
    files = [
        _file(file, standings.get(file.label, Standing("failed")), errors.get(file.label, ""))
        for file in town.files
    ]
    cells, flagged = Counter[str](), Counter[str]()
    for one in files:
        cells.update(one["cells"])
        flagged.update(one["flagged"])
    audit = _audit(town)
    proved = all(one["state"] == "converted" and one["proof"] == "holds" for one in files)
    return {
        "town": {"name": town.name, "code": town.code, "project": _digest(town.path, town.path.name)},
        "holds": proved and not audit["audit_wrong"],
        "systems": [
            {"name": name, "maker": maker, "files": [one for one in files if one["system"] == name]}
            for name, maker in town.systems.items()
        ],
        "records": {
            key: sum(one["records"].get(key, 0) for one in files)
            for key in ("read", "written", "dropped", "quarantined", "skipped")
        },
        "cells": dict(cells),
        "flagged": dict(flagged),
        "tables": _tables(standings.values()),
        "decisions": list(_decisions(town)),
        "review": {"codes": status.codes, "decided": status.decided, "waiting": status.waiting}
        | {"unapplied": status.unapplied}
        | audit,
        "people": _people(town),
        "left": status.left,
        "gaiji": __version__,
        "made": now(),
    }


def _file(file: TownFile, standing: Standing, error: str) -> dict[str, Any]:
    """What the book says of one file."""
    told: dict[str, Any] = {
        "system": file.system,
        "name": file.name,
        "state": standing.state,
        "proof": standing.proof,
    }
    told |= {
        "why": list(standing.why),
        "error": error,
        "records": {},
        "cells": {},
        "flagged": {},
        "files": [],
    }
    manifest, proved = standing.manifest, standing.proved
    if not manifest:
        return told
    named = file.job.named_path
    outputs = dict(manifest).get("outputs") or [manifest["output"]]
    paths = [manifest_path(named), *verify_paths(named)]
    files = [
        {"what": "input", "path": file.here.source["path"]} | _size(manifest["input"]),
        *({"what": "output", "path": Path(one["path"]).name} | _size(one) for one in outputs),
        *({"what": "quarantine"} | one for one in manifest["quarantine"]["files"]),
        {"what": "job file"} | _digest(file.path, file.path.name),
        *(
            {"what": what} | _digest(path, path.name)
            for what, path in zip(("manifest", "proof", "page of the proof"), paths, strict=True)
            if path.exists()
        ),
    ]
    return told | {
        "charset": manifest["charset"],
        "repertoire": manifest["repertoire"],
        "gaiji": manifest["gaiji"],
        "converted": manifest["finished"],
        "records": dict(manifest["records"]),
        "cells": dict(proved.get("cells", {})),
        "flagged": {reason: one["units"] for reason, one in manifest["flagged"].items()},
        "checks": [check for check in proved.get("checks", ()) if not check["holds"]],
        "changed": len(proved.get("changed", ())),
        "files": files,
    }


def _size(told: Mapping[str, Any]) -> dict[str, Any]:
    return {"bytes": told["bytes"], "sha256": told["sha256"]}


def _digest(path: Path, name: str) -> dict[str, Any]:
    return {"path": name, "bytes": path.stat().st_size, "sha256": digest_of(path)}


def _people(town: Town) -> dict[str, Any]:
    """What was heard of the people over all systems; empty where the project file does not say who is who."""
    heard = last(town)
    return (
        {name: value for name, value in asdict(heard).items() if name not in ("digest", "new")}
        if heard
        else {}
    )


def _tables(standings: Any) -> list[dict[str, str]]:
    """Every table that gave a code its meaning anywhere in the town, once."""
    found = {
        (one["id"], one["sha256"]): dict(one)
        for standing in standings
        if standing.manifest
        for one in standing.manifest["tables"]
    }
    return [found[key] for key in sorted(found)]


def _decisions(town: Town) -> Iterator[dict[str, Any]]:
    """The tables of decisions and corrections, with their rows counted."""
    for path in decided_files(town):
        rows = max(path.read_bytes().count(b"\n") - 1, 0)
        yield {"rows": rows} | _digest(path, path.name)


def _audit(town: Town) -> dict[str, Any]:
    """How many acts the queue's log chains, its newest hash, and what is wrong with it."""
    if not has_queue(town):
        return {"acts": 0, "audit": "", "audit_wrong": ""}
    from gaiji.queue.decisions import audit_head, verify_audit
    from gaiji.queue.queue import open_queue

    queue = open_queue(town.queue)
    try:
        acts, wrong = verify_audit(queue)
        return {"acts": acts, "audit": audit_head(queue), "audit_wrong": wrong}
    finally:
        queue.close()


# -- the page ------------------------------------------------------------------------------------------


def page(data: Mapping[str, Any], digest: str) -> str:
    """The book to print, in Japanese; ``digest``: of the book for programs, which it names."""
    town = data["town"]
    title = tr("{town}　文字移行 証明書", town=escape(town["name"]))
    verdict = (
        tr("すべてのファイルを変換し、検証がすべて一致しました。")
        if data["holds"]
        else tr("未完了：変換または検証が終わっていない、または一致しないファイルがあります。")
    )
    files = [one for system in data["systems"] for one in system["files"]]
    parts = [
        f"<h1>{title}</h1><p>",
        tr(
            "団体コード {code}　作成 {made}　gaiji {version}",
            code=escape(town["code"] or "―"),
            made=escape(data["made"]),
            version=escape(data["gaiji"]),
        ),
        f"</p><div class=v>{verdict}</div>",
        *_systems(data, files),
        *_totals(data),
        *_digests(data, files, digest),
        signatures(),
    ]
    head = f"<!doctype html><html lang=ja><meta charset=utf-8><title>{title}</title><style>{STYLE}</style>"
    return f"{head}<body>{''.join(parts)}</body></html>\n"


def _systems(data: Mapping[str, Any], files: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """Every file by its system: how far it is, how many records, what its proof found."""
    for system in data["systems"]:
        maker = f"（{escape(system['maker'])}）" if system["maker"] else ""
        yield f"<h2>{escape(system['name'])}{maker}</h2>"
        rows = [
            (
                one["name"],
                next((f["path"] for f in one["files"] if f["what"] == "input"), ""),
                "、".join(f["path"] for f in one["files"] if f["what"] == "output"),
                one["records"].get("written", 0),
                one["cells"].get("changed", 0),
                one["cells"].get("flagged", 0),
                tr(PROOFS[one["proof"]]) if one["state"] == "converted" else tr(STATES[one["state"]]),
            )
            for one in system["files"]
        ]
        yield table([tr(name) for name in FILES_HEAD], rows)
    for one in files:
        if one["error"]:
            yield f"<p><b>{escape(one['error'])}</b></p>"


def _totals(data: Mapping[str, Any]) -> Iterator[str]:
    """Counts over the town: records, cells of the proofs, findings, decisions."""
    records, review = data["records"], data["review"]
    yield f"<h2>{tr('全体の件数')}</h2>" + table(
        (tr("読込"), tr("出力"), tr("除外（方針）"), tr("隔離"), tr("対象外のレコード")),
        [tuple(records[key] for key in ("read", "written", "dropped", "quarantined", "skipped"))],
    )
    if data["cells"]:
        yield f"<h2>{tr('検証の結果（項目の数）')}</h2>" + table(
            [tr(CLASS_NAMES[name]) for name in data["cells"]], [tuple(data["cells"].values())]
        )
    if data["flagged"]:
        rows = [(tr(REASONS.get(name, name)), count) for name, count in sorted(data["flagged"].items())]
        yield f"<h2>{tr('確認が必要な文字')}</h2>" + table((tr("理由"), tr("回数")), rows)
    told = tr(
        "コード {codes:,}、確定 {decided:,}、残り {waiting:,}。記録 {acts:,} 件、最新のハッシュ値",
        **{key: review[key] for key in ("codes", "decided", "waiting", "acts")},
    )
    yield f"<h2>{tr('同定')}</h2><p>{told} <code>{review['audit'] or '―'}</code></p>"
    if data["people"]:
        shown = tr(
            "住民 {residents:,}人。システムの間で氏名が食い違う人 {contradicted:,}人、"
            "解決済みの食い違い {settled:,}件",
            **{key: data["people"][key] for key in ("residents", "contradicted", "settled")},
        )
        yield f"<h2>{tr('住民')}</h2><p>{shown}</p>"
    if review["audit_wrong"]:
        yield f"<p><b>{tr('同定の記録が壊れています')}: {escape(review['audit_wrong'])}</b></p>"
    if review["unapplied"]:
        yield f"<p><b>{tr('同定の結果が対応表に反映されていません。')}</b></p>"


def _digests(data: Mapping[str, Any], files: Sequence[Mapping[str, Any]], digest: str) -> Iterator[str]:
    """The digest of every file that the book speaks of, its own form for programs among them."""
    rows: list[Sequence[object]] = [(tr(WHAT["project"]), *_cells(data["town"]["project"]))]
    rows += [(tr(WHAT[f["what"]]), *_cells(f, one["system"])) for one in files for f in one["files"]]
    rows += [
        (
            tr(WHAT["decisions"]),
            tr("{path}（{rows}行）", path=one["path"], rows=one["rows"]),
            *_cells(one)[1:],
        )
        for one in data["decisions"]
    ]
    tables = [
        (tr(WHAT["table"]), f"{one['id']} {one['edition']}", "", one["sha256"]) for one in data["tables"]
    ]
    rows += [*tables, (tr(WHAT["book"]), "book.json", "", digest)]
    if data["left"]:
        told = tr("このプロジェクトにない、以前の変換の出力が残っています")
        yield f"<p><b>{told}: {escape('、'.join(data['left']))}</b></p>"
    yield f"<h2>{tr('ファイルと対応表')}</h2>" + table([tr(name) for name in DIGESTS_HEAD], rows)


def _cells(file: Mapping[str, Any], system: str = "") -> tuple[str, int, str]:
    shown = f"{system}/{file['path']}" if system and file["what"] != "input" else str(file["path"])
    return shown, int(file["bytes"]), str(file["sha256"])

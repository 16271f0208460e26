"""The commands of the review loop. Parse, one public call, print."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from gaiji.cli.options import overrides
from gaiji.errors import UsageError

QUEUE_FILE = "review.sqlite"
_queue_option = click.option(
    "--queue",
    default="",
    metavar="FILE_OR_URL",
    help=(
        "The review queue (default: GAIJI_QUEUE, else the only review.sqlite in this folder or under its "
        "out folders)."
    ),
)


@click.group()
def review() -> None:
    """The queue of glyphs that a person must look at."""


@review.command("export")
@_queue_option
@click.option(
    "--format", "format_", type=click.Choice(["csv", "xlsx", "html"]), default="csv", show_default=True
)
@click.option("--output", default="", help="The file to write (default: review.FORMAT beside the queue).")
@click.option(
    "--font",
    "fonts",
    multiple=True,
    help="A font with MJ or GJ glyph names; repeatable (default: IPAmj 明朝).",
)
def review_export(queue: str, format_: str, output: str, fonts: tuple[str, ...]) -> None:
    """Write the queue for clerks: one row for each code, with its picture and candidates."""
    from gaiji.review.sheets.exchange import export

    with _queue(queue) as opened:
        path = Path(output) if output else opened.folder / f"review.{format_}"
        done = export(opened, path, format_, fonts=fonts)
    for note in done.notes:
        click.echo(note, err=True)
    click.echo(f"{done.rows} codes written to {path}")


@review.command("learn")
@click.argument("job", type=click.Path())
@click.option(
    "--set",
    "settings",
    multiple=True,
    metavar="KEY=VALUE",
    help="Override a key of the job file; repeatable.",
)
def review_learn(job: str, settings: tuple[str, ...]) -> None:
    """Read a job's dump again: what its names and readings say of the codes that wait."""
    from gaiji.review.evidence.learn import learn

    done = learn(job, overrides=overrides(settings), progress=True)
    click.echo(f"the names propose characters for {done.proposed} of {done.codes} codes")


@review.command("shapes")
@_queue_option
@click.option(
    "--font",
    "fonts",
    multiple=True,
    type=click.Path(path_type=Path),
    help="IPAmj 明朝 or GJ font; repeatable.",
)
def review_shapes(queue: str, fonts: tuple[Path, ...]) -> None:
    """Compare the pictures of the codes that wait with every MJ and GJ glyph; the first run builds an index
    of the fonts.
    """
    from gaiji.review.evidence.shapes import propose_shapes

    with _queue(queue) as opened:
        done = propose_shapes(opened, fonts=fonts or None, progress=True)
    click.echo(
        f"{done.codes} codes compared in {done.seconds:.1f} s: {done.near_certain} near certain, "
        f"{done.likely} likely among"
    )
    click.echo(f"the candidates, {done.unknown} probably not in MJ/GJ")
    for note in done.notes:
        click.echo(note, err=True)
    if not done.codes:
        click.echo(
            "no code that waits has a picture that can be compared; gaiji review pictures gives them",
            err=True,
        )


@review.command("tables")
@_queue_option
@click.argument("tables", nargs=-1, required=True, type=click.Path())
@click.option(
    "--system",
    required=True,
    help="The code system whose codes they map, as the queue names it (JEF, KEIS, CP932 …).",
)
def review_tables(queue: str, tables: tuple[str, ...], system: str) -> None:
    """Propose what other towns' site tables say of the same codes."""
    from gaiji.review.evidence.candidates import propose_from_tables

    with _queue(queue) as opened:
        count = propose_from_tables(opened, system, tables)
    click.echo(f"candidates for {count} codes")


@review.command("pictures")
@_queue_option
@click.argument("source", type=click.Path())
@click.option("--charset", required=True, help="Charset of the dump, such as fujitsu-jef-ebcdik.")
@click.option("--site", default="", help="Name of the municipality, as in [review] site of the job.")
@click.option("--dots", default="", help="Width x height of a raw dot matrix, such as 24x24.")
def review_pictures(queue: str, source: str, charset: str, site: str, dots: str) -> None:
    """Give the codes of a queue their pictures: a font (EUDC.TTE, TTF), a BDF, a folder of PNG or BMP, raw
    dots.
    """
    from gaiji.codes.charset import load_charset
    from gaiji.shape.pictures import parse_dots, read_pictures

    loaded = load_charset(charset)
    pictures = read_pictures(source, loaded, dots=parse_dots(dots))
    with _queue(queue) as opened:
        given, reopened = opened.add_pictures(loaded.system, site, pictures)
    click.echo(
        f"{len(pictures)} pictures read, {given} codes of the queue have one; {reopened} decided codes "
        "are open again"
    )


@review.command("suggest")
@_queue_option
@click.argument("code", default="")
@click.option(
    "--image",
    "images",
    multiple=True,
    type=click.Path(path_type=Path),
    help="A picture instead of a code; repeatable.",
)
@click.option("--limit", default=9, show_default=True, help="Candidates shown at most.")
@click.option("--forms", is_flag=True, help="Also the related forms of the first candidate.")
def review_suggest(queue: str, code: str, images: tuple[Path, ...], limit: int, forms: bool) -> None:
    """Show the candidates for a code of the queue, or for pictures of one character, with their reasons."""
    from gaiji.review.evidence.candidates import forms_of, suggest

    if images:
        from gaiji.shape.find import find_glyph, lines

        for line in lines(find_glyph(list(images), limit=limit, progress=True)):
            click.echo(line)
        return
    if not code:
        raise UsageError("no code is given", next="give a code of the queue, or a picture with --image")
    with _queue(queue) as opened:
        items = [i for i in opened.items() if i.code == code.upper()]
        if not items:
            raise UsageError(
                f"no item has the code {code[:20]!r}",
                where=opened.name,
                next="gaiji review export lists the codes",
            )
        for item in items:
            verdict = f"; by its shape {item.verdict}" if item.verdict else ""
            click.echo(f"{item.system} {item.code} {item.reason}: {item.people} records{verdict}")
            found = suggest(opened, item.id, limit=limit)
            for number, candidate in enumerate(found, 1):
                click.echo(
                    f"  {number}. {candidate.glyph} {candidate.text}  {candidate.score:.2f}  "
                    f"{candidate.reason}"
                )
            if not found:
                click.echo("  nothing is known of it; gaiji review learn JOB reads the names of the dump")
            if forms and found:
                click.echo(f"  related: {' '.join(forms_of(found[0].glyph))}")


@review.command("import")
@_queue_option
@click.argument("file", type=click.Path())
@click.option(
    "--confirm", type=click.Choice(["one-person", "two-person"]), default="one-person", show_default=True
)
@click.option("--dry-run", is_flag=True, help="Check the sheet and write nothing.")
def review_import(queue: str, file: str, confirm: str, dry_run: bool) -> None:
    """Take the decisions of a CSV or XLSX sheet; with one wrong row nothing is taken."""
    from gaiji.review.sheets.exchange import Refused, import_sheet

    with _queue(queue) as opened:
        try:
            done = import_sheet(opened, Path(file), confirm=confirm, dry_run=dry_run)
        except Refused as error:
            for refusal in error.refusals:
                click.echo(str(refusal), err=True)
            raise
    would = "would be " if dry_run else ""
    click.echo(
        f"{done.decided} {would}decided, {done.confirmed} {would}confirmed, {done.unchanged} unchanged"
    )


@review.command("apply")
@_queue_option
@click.option(
    "--folder",
    default="",
    help="Where the site tables go (default: beside the queue, where convert finds them).",
)
def review_apply(queue: str, folder: str) -> None:
    """Write the confirmed decisions as site tables, which the next conversion uses."""
    from gaiji.review.sheets.apply import apply

    with _queue(queue) as opened:
        written = apply(opened, Path(folder) if folder else opened.folder)
    for path, rows in written.items():
        there = f"{rows} decisions written to {path}"
        click.echo(there if rows else f"no decision stands there: {path} removed")
    if not written:
        click.echo("no confirmed decision that a table can carry")


@review.command("status")
@_queue_option
def review_status(queue: str) -> None:
    """Progress by state: codes, records (people) that they concern, occurrences."""
    from gaiji.queue.decisions import Decisions
    from gaiji.queue.words import STATES

    with _queue(queue) as opened:
        for state, counts in Decisions(opened).status().items():
            click.echo(
                f"{state:10} {STATES[state]}  {counts['items']} codes, {counts['people']} records,"
                f" {counts['occurrences']} occurrences"
            )


@review.command("serve")
@_queue_option
@click.option("--port", default=0, help="Port on 127.0.0.1 (default: a free one).")
@click.option(
    "--confirm", type=click.Choice(["one-person", "two-person"]), default="one-person", show_default=True
)
@click.option(
    "--font",
    "fonts",
    multiple=True,
    help="A font with MJ or GJ glyph names; repeatable (default: IPAmj 明朝).",
)
@click.option("--idle", default=30, show_default=True, help="Minutes without use after which a session ends.")
def review_serve(queue: str, port: int, confirm: str, fonts: tuple[str, ...], idle: int) -> None:
    """The review screen for clerks, a page on this machine only, until Ctrl-C."""
    from gaiji.review.web import serve

    with _queue(queue) as opened:
        where = opened.url

    def ready(url: str, _: object) -> None:
        click.echo(f"{url}\nopen this address in a browser on this machine; Ctrl-C ends it")

    serve(where, port=port, confirm=confirm, fonts=fonts, idle=idle * 60, ready=ready)


@review.command("audit")
@_queue_option
@click.option(
    "--head", default="", help="The head noted at an earlier time: it must still be a line of the log."
)
def review_audit(queue: str, head: str) -> None:
    """Verify the audit log: that no line and no decision was changed unseen.

    Prints the head (the newest line's hash). Note it outside the queue: with --head it proves later
    that the log was only added to.
    """
    from gaiji.queue.decisions import audit_head, audit_lines, verify_audit

    with _queue(queue) as opened:
        lines, wrong = verify_audit(opened)
        now = audit_head(opened)
        if not wrong and head and head not in {line["hash"] for line in audit_lines(opened)}:
            wrong = "the noted head is no line of this log"
    if wrong:
        click.echo(f"gaiji: {opened.name}: {wrong}; restore the queue from a backup", err=True)
        sys.exit(1)
    click.echo(f"{lines} lines hold; head {now or 'none yet'}")


@contextmanager
def _queue(given: str) -> Iterator[Any]:
    """An existing queue, closed again."""
    from gaiji.queue.queue import open_queue

    where = given or os.environ.get("GAIJI_QUEUE", "") or _the_only_queue()
    if "://" not in where and not Path(where).exists():
        raise UsageError(
            "is not there", where=where, next="run gaiji convert first; it prints where its queue is"
        )
    opened = open_queue(where)
    try:
        yield opened
    finally:
        opened.close()


def _the_only_queue() -> str:
    """The queue under the working folder; UsageError when there is none, or more than one."""
    found = [Path(QUEUE_FILE)] if Path(QUEUE_FILE).exists() else []
    patterns = (f"out/{QUEUE_FILE}", f"out/*/{QUEUE_FILE}", f"*/out/{QUEUE_FILE}", f"*/out/*/{QUEUE_FILE}")
    found = found or sorted({path for pattern in patterns for path in Path().glob(pattern)})
    if len(found) != 1:
        names = ", ".join(str(path) for path in found[:5])
        what = f"there are {len(found)} queues here ({names})" if found else "there is no review queue here"
        raise UsageError(what, next="name one with --queue; gaiji convert prints where its queue is")
    return str(found[0])

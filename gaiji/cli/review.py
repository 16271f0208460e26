"""The commands of the review loop. Parse, one public call, print."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TextIO

import click

from gaiji.cli.groups import Group
from gaiji.cli.options import asked_password, left_lines, listen_options, overrides, password_option
from gaiji.errors import QueueError, UsageError
from gaiji.errors.messages import fault, tr

QUEUE_FILE = "review.sqlite"
queue_option = click.option(
    "--queue",
    default="",
    metavar="FILE_OR_URL",
    help=(
        "The review queue (default: GAIJI_QUEUE, else the only review.sqlite in this folder or under its "
        "out folders)."
    ),
)


@click.group(cls=Group, rooms={"seats": ("user", "assign", "progress", "views")})
def review() -> None:
    """The queue of glyphs that a person must look at."""


@review.command("export")
@queue_option
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
@click.option("--places", is_flag=True, help="One row for each place that no table can settle (CSV).")
def review_export(queue: str, format_: str, output: str, fonts: tuple[str, ...], places: bool) -> None:
    """Write the queue for clerks: one row for each code, with its picture and candidates."""
    from gaiji.review.sheets.exchange import export

    if places:
        from gaiji.review.sheets.places import export_places

        with opened_queue(queue) as opened:
            path = Path(output) if output else opened.folder / "places.csv"
            count = export_places(opened, path)
        click.echo(tr("{count} places written to {path}", count=count, path=path))
        return
    with opened_queue(queue) as opened:
        path = Path(output) if output else opened.folder / f"review.{format_}"
        done = export(opened, path, format_, fonts=fonts)
    for note in done.notes:
        click.echo(note, err=True)
    click.echo(tr("{rows} codes written to {path}", rows=done.rows, path=path))


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
    click.echo(
        tr(
            "the names propose characters for {proposed} of {codes} codes",
            proposed=done.proposed,
            codes=done.codes,
        )
    )


@review.command("places")
@click.argument("job", type=click.Path())
@click.option(
    "--set",
    "settings",
    multiple=True,
    metavar="KEY=VALUE",
    help="Override a key of the job file; repeatable.",
)
def review_places(job: str, settings: tuple[str, ...]) -> None:
    """Read a job's dump again: list every place that was lost before, broken or outside all areas, each to be
    answered on its own.
    """
    from gaiji.review.evidence.places import list_places

    done = list_places(job, overrides=overrides(settings))
    click.echo(
        tr("{places} places in {records} records to be answered", places=done.places, records=done.records)
    )


@review.command("inquiry")
@queue_option
@click.option("--output", default="inquiry.html", show_default=True, help=".html (with pictures) or .csv.")
def review_inquiry(queue: str, output: str) -> None:
    """Write the characters that are in no list for an inquiry: picture, code, 典拠, counts; no names."""
    from gaiji.review.sheets.inquiry import export_inquiry

    with opened_queue(queue) as opened:
        count = export_inquiry(opened, Path(output))
    click.echo(tr("{count} characters to ask about written to {output}", count=count, output=output))


@review.command("shapes")
@queue_option
@click.option(
    "--font",
    "fonts",
    multiple=True,
    type=click.Path(path_type=Path),
    help="IPAmj 明朝 or GJ font; repeatable.",
)
def review_shapes(queue: str, fonts: tuple[Path, ...]) -> None:
    """Compare the pictures of the codes that wait with every MJ and GJ glyph, and bring together codes of
    several sets whose pictures are of one shape; the first run builds an index of the fonts.
    """
    from gaiji.review.evidence.shapes import group_shapes, propose_shapes

    with opened_queue(queue) as opened:
        families, codes = group_shapes(opened)
        if families:
            click.echo(tr("{families} shapes in several sets, {codes} codes", families=families, codes=codes))
        done = propose_shapes(opened, fonts=fonts or None, progress=True)
    click.echo(
        tr(
            "{codes} codes compared in {seconds:.1f} s: {near_certain} near certain, {likely} likely among",
            codes=done.codes,
            seconds=done.seconds,
            near_certain=done.near_certain,
            likely=done.likely,
        )
    )
    click.echo(tr("the candidates, {unknown} probably not in MJ/GJ", unknown=done.unknown))
    for note in done.notes:
        click.echo(note, err=True)
    if not done.codes:
        click.echo(
            tr("no code that waits has a picture that can be compared; gaiji review pictures gives them"),
            err=True,
        )


@review.command("tables")
@queue_option
@click.argument("tables", nargs=-1, required=True, type=click.Path())
@click.option(
    "--system",
    required=True,
    help="The code system whose codes they map, as the queue names it (JEF, KEIS, CP932 …).",
)
@click.option("--site", help="Only the codes of this municipality (default: of all in the queue).")
@click.option("--gaiji-set", help="Only those of this 外字 set of the site.")
def review_tables(
    queue: str, tables: tuple[str, ...], system: str, site: str | None, gaiji_set: str | None
) -> None:
    """Propose what other towns' site tables say of the same codes."""
    from gaiji.review.evidence.candidates import propose_from_tables

    with opened_queue(queue) as opened:
        count = propose_from_tables(opened, system, tables, site=site, gaiji_set=gaiji_set)
    click.echo(tr("candidates for {count} codes", count=count))


@review.command("pictures")
@queue_option
@click.argument("source", type=click.Path())
@click.option("--charset", required=True, help="Charset of the dump, such as fujitsu-jef-ebcdik.")
@click.option("--site", default="", help="Name of the municipality, as in [review] site of the job.")
@click.option("--gaiji-set", default="", help="The site's 外字 set, as in [source] gaiji_set of the job.")
@click.option("--dots", default="", help='Width x height of raw dots: 24x24; or with order: "24x24 columns".')
def review_pictures(queue: str, source: str, charset: str, site: str, gaiji_set: str, dots: str) -> None:
    """Give the codes of a queue their pictures: a font (EUDC.TTE, TTF), a BDF, PCF or FONTX2, pictures
    named by code, a folder of all of them, raw dots.
    """
    from gaiji.codes.charset import load_charset
    from gaiji.run.decided import own_set
    from gaiji.shape.drawn import parse_dots, read_pictures

    loaded = load_charset(charset)
    drawn = read_pictures(source, loaded, dots=parse_dots(dots))
    with opened_queue(queue) as opened:
        given, reopened = opened.add_pictures(
            loaded.system, site, drawn.pictures, gaiji_set=own_set(gaiji_set, site)
        )
    click.echo(
        tr(
            "{count} pictures read, {given} codes of the queue have one; {reopened} decided "
            "codes are open again",
            count=len(drawn.pictures),
            given=given,
            reopened=reopened,
        )
    )
    for line in left_lines(drawn.left):
        click.echo(line)


@review.command("suggest")
@queue_option
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
        raise UsageError(
            fault("E0019", "no code is given"), next=tr("give a code of the queue, or a picture with --image")
        )
    with opened_queue(queue) as opened:
        items = [i for i in opened.items() if i.code == code.upper()]
        if not items:
            raise UsageError(
                fault("E0020", "no item has the code {code!r}", code=code[:20]),
                where=opened.name,
                next=tr("gaiji review export lists the codes"),
            )
        for item in items:
            verdict = tr("; by its shape {verdict}", verdict=item.verdict) if item.verdict else ""
            click.echo(
                tr(
                    "{system} {code} {reason}: {people} records{verdict}",
                    system=item.system,
                    code=item.code,
                    reason=item.reason,
                    people=item.people,
                    verdict=verdict,
                )
            )
            found = suggest(opened, item.id, limit=limit)
            for number, candidate in enumerate(found, 1):
                click.echo(
                    f"  {number}. {candidate.glyph} {candidate.text}  {candidate.score:.2f}  "
                    f"{candidate.reason}"
                )
            if not found:
                click.echo(tr("  nothing is known of it; gaiji review learn JOB reads the names of the dump"))
            if forms and found:
                click.echo(tr("  related: {value}", value=" ".join(forms_of(found[0].glyph))))


@review.command("import")
@queue_option
@click.argument("file", type=click.Path())
@click.option(
    "--confirm", type=click.Choice(["one-person", "two-person"]), default="one-person", show_default=True
)
@click.option("--dry-run", is_flag=True, help="Check the sheet and write nothing.")
@click.option(
    "--user", default="", help="Who brings the sheet, in a queue with accounts: its rows must be theirs."
)
@password_option
@click.option(
    "--marked",
    default="",
    type=click.Path(),
    help="Where a sheet with mistakes goes back to its clerk, with every wrong cell marked (.xlsx).",
)
def review_import(
    queue: str, file: str, confirm: str, dry_run: bool, user: str, password_file: TextIO | None, marked: str
) -> None:
    """Take the decisions of a CSV or XLSX sheet, or the answers of a sheet of places; with one wrong cell
    nothing is taken, and all wrong cells are told.
    """
    from gaiji.queue.accounts import signed_in
    from gaiji.review.sheets.marked import write_marked
    from gaiji.review.sheets.refusals import Refused
    from gaiji.review.sheets.taking import take

    with opened_queue(queue) as opened:
        try:
            who = signed_in(opened, user, asked_password(password_file)) if user else ""
            done = take(opened, Path(file), confirm=confirm, dry_run=dry_run, user=who)
        except Refused as error:
            for refusal in error.refusals:
                click.echo(str(refusal), err=True)
            if marked:
                write_marked(Path(file), error, Path(marked), queue=opened)
                click.echo(tr("the sheet with its mistakes marked: {path}", path=marked), err=True)
            raise
    for note in done.notes:
        click.echo(note, err=True)
    values = {"decided": done.decided, "confirmed": done.confirmed, "unchanged": done.unchanged}
    if dry_run:
        said = tr(
            "{decided} would be decided, {confirmed} would be confirmed, {unchanged} unchanged", **values
        )
    else:
        said = tr("{decided} decided, {confirmed} confirmed, {unchanged} unchanged", **values)
    put = tr(", {put} put off or left out", put=done.put) if done.put else ""
    click.echo(said + put)


@review.command("apply")
@queue_option
@click.option(
    "--folder",
    default="",
    help="Where the site tables go (default: beside the queue, where convert finds them).",
)
def review_apply(queue: str, folder: str) -> None:
    """Write the confirmed decisions as site tables, which the next conversion uses."""
    from gaiji.review.sheets.apply import apply

    with opened_queue(queue) as opened:
        if opened.served and not folder:
            raise UsageError(
                fault("E0569", "is on a server, and in no folder where convert would look for tables"),
                where=opened.name,
                next=tr("give --folder: where the outputs of the jobs lie"),
            )
        written = apply(opened, Path(folder) if folder else opened.folder)
    for path, rows in written.items():
        there = tr("{rows} decisions written to {path}", rows=rows, path=path)
        click.echo(there if rows else tr("no decision stands there: {path} removed", path=path))
    if not written:
        click.echo(tr("no confirmed decision that a table can carry"))


@review.command("status")
@queue_option
def review_status(queue: str) -> None:
    """Progress by state: codes, records (people) that they concern, occurrences."""
    from gaiji.queue.decisions import Decisions
    from gaiji.queue.words import STATES

    with opened_queue(queue) as opened:
        for state, counts in Decisions(opened).status().items():
            click.echo(
                tr(
                    "{state:10} {value}  {items} codes, {people} records, {occurrences} occurrences",
                    state=state,
                    value=tr(STATES[state]),
                    items=counts["items"],
                    people=counts["people"],
                    occurrences=counts["occurrences"],
                )
            )


@review.command("serve")
@queue_option
@click.option("--port", default=0, help="Port to listen on (default: a free one).")
@listen_options
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
@click.option(
    "--town",
    default="",
    type=click.Path(),
    help="A town's project file: its queue, and first a page of how far the town is.",
)
def review_serve(
    queue: str, port: int, confirm: str, fonts: tuple[str, ...], idle: int, town: str, **where: Any
) -> None:
    """The review screen for clerks, until Ctrl-C: a page on this machine only, or by --listen for a LAN."""
    from gaiji.review.web import serve
    from gaiji.review.web.listening import PROXIES, listening

    names = {"names": where.pop("names"), "proxies": where.pop("proxies") or PROXIES}
    at = listening(where.pop("listen"), port, **names, **where)

    shown = None
    if town:
        from gaiji.town.project import load_town
        from gaiji.town.status import glance, on_screen

        project = load_town(town)
        queue = queue or str(project.queue)

        def shown() -> dict[str, Any]:
            return on_screen(glance(load_town(town)))

    with opened_queue(queue) as opened:
        address = opened.url

    def ready(url: str, _: object) -> None:
        if at.alone:
            click.echo(tr("{url}\nopen this address in a browser on this machine; Ctrl-C ends it", url=url))
        else:
            click.echo(tr("{url}\nopen this address in a browser and sign in; Ctrl-C ends it", url=url))

    serve(address, listen=at, confirm=confirm, fonts=fonts, idle=idle * 60, town=shown, ready=ready)


@review.command("audit")
@queue_option
@click.option(
    "--head", default="", help="The head noted at an earlier time: it must still be a line of the log."
)
def review_audit(queue: str, head: str) -> None:
    """Verify the audit log: that no line and no decision was changed unseen.

    Prints the head (the newest line's hash). Note it outside the queue: with --head it proves later
    that the log was only added to.
    """
    from gaiji.queue.decisions import audit_head, audit_lines, verify_audit
    from gaiji.queue.viewing import verify_views

    with opened_queue(queue) as opened:
        lines, wrong = verify_audit(opened)
        seen, changed = verify_views(opened)
        wrong = wrong or (tr("who saw what: {wrong}", wrong=changed) if changed else "")
        now = audit_head(opened)
        if not wrong and head and head not in {line["hash"] for line in audit_lines(opened)}:
            wrong = tr("the noted head is no line of this log")
    if wrong:
        raise QueueError(
            fault("E0013", "the audit log does not hold: {reason}", reason=wrong),
            where=opened.name,
            next=tr("restore the queue from a backup"),
        )
    click.echo(tr("{lines} lines hold; head {now}", lines=lines, now=now or tr("none yet")))
    if seen:
        click.echo(tr("{lines} lines of who saw what hold", lines=seen))


@contextmanager
def opened_queue(given: str) -> Iterator[Any]:
    """An existing queue, closed again."""
    from gaiji.queue.queue import open_queue

    where = given or os.environ.get("GAIJI_QUEUE", "") or _the_only_queue()
    if "://" not in where and not Path(where).exists():
        raise UsageError(
            fault("E0021", "is not there"),
            where=where,
            next=tr("run gaiji convert first; it prints where its queue is"),
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
        what = (
            fault("E0022", "there are {count} queues here ({names})", count=len(found), names=names)
            if found
            else fault("E0023", "there is no review queue here")
        )
        raise UsageError(what, next=tr("name one with --queue; gaiji convert prints where its queue is"))
    return str(found[0])


COMMANDS = (review,)

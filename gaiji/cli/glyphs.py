"""Commands on charsets and glyphs: ``charset``, ``lookup``, ``repertoire``, ``glyph``."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from gaiji.cli.options import charset_options, options_of
from gaiji.errors.messages import tr


@click.group()
def charset() -> None:
    """The charsets that can be read."""


@charset.command("list")
def charset_list() -> None:
    """Every charset and its title."""
    from gaiji.codes.spec import charset_names, load_spec

    for name in charset_names():
        click.echo(f"{name:24} {load_spec(name).title}")
    click.echo(tr("Not supported: NEC's internal code (of it only one open description was found)."))


@charset.command("show")
@click.argument("name")
def charset_show(name: str) -> None:
    """One charset: tables, ranges, shifts, options."""
    from gaiji.codes.charset import load_charset

    click.echo(load_charset(name).describe())


@charset.command("count")
@click.argument("prefixes", nargs=-1)
def charset_count(prefixes: tuple[str, ...]) -> None:
    """Count the rows of the shipped tables whose ids begin so (fujitsu, nec/jips-j; all without any): mapped,
    findings by kind, and by grade of evidence. What docs/charsets holds is printed by this."""
    from gaiji.codes.evidence import counts_markdown

    click.echo(counts_markdown(prefixes or ("",)), nl=False)


@charset.command("sheet")
@click.argument("name")
@click.option("--rows", default="", help="Only these lead bytes in hex, such as 41-47,B0.")
@click.option("--table", "tables", multiple=True, type=click.Path(), help="A site table; repeatable.")
@click.option("--font", "fonts", multiple=True, help="A font with MJ or GJ glyph names; repeatable.")
@click.option(
    "--output",
    default="",
    type=click.Path(),
    help="The chart's name without suffix (default: chart-NAME), or the site table of --import.",
)
@click.option(
    "--import",
    "chart",
    default="",
    type=click.Path(),
    help="A chart's CSV with what differs on the host ticked.",
)
@charset_options
def charset_sheet(
    name: str,
    rows: str,
    tables: tuple[str, ...],
    fonts: tuple[str, ...],
    output: str,
    chart: str,
    options: tuple[str, ...],
) -> None:
    """Write a code chart (HTML for A4, CSV) and a file to print on the host, to compare a table with it.

    With --import the rows that somebody ticked in the CSV become a site table; the exit code is 3 where rows
    could not be taken.
    """
    if chart:
        _import_chart(chart, name, output, tables, options_of(options))
        return
    from gaiji.tables.chart import write_chart

    done = write_chart(
        name, output or f"chart-{name}", rows=rows, tables=tables, fonts=fonts, options=options_of(options)
    )
    if done.missing:
        click.echo(done.missing, err=True)
    paths = ", ".join(map(str, done.paths))
    click.echo(tr("{codes} codes written to {paths}", codes=done.codes, paths=paths))


def _import_chart(
    chart: str, name: str, output: str, tables: tuple[str, ...], options: dict[str, str]
) -> None:
    from gaiji.tables.compared import import_chart

    came = import_chart(chart, name, output, tables=tables, options=options)
    for one in came.refusals[:20]:
        click.echo(f"  {tr('row {row}', row=one.row)}: {one.code} {one.why}")
    if len(came.refusals) > 20:
        click.echo(tr("  and {count} more", count=len(came.refusals) - 20))
    click.echo(
        tr(
            "{read} rows: {same} without a tick, {taken} written to {table}, {refused} not taken: {listed}",
            read=came.read,
            same=came.same,
            taken=came.taken,
            table=came.table,
            refused=len(came.refusals),
            listed=came.listed,
        )
    )
    sys.exit(3 if came.refusals else 0)


@charset.command("compare")
@click.argument("name")
@click.argument("pictures", type=click.Path())
@click.option("--table", "tables", multiple=True, type=click.Path(), help="A site table; repeatable.")
@click.option("--font", "fonts", multiple=True, help="IPAmj 明朝 or GJ font; repeatable.")
@click.option("--dots", default="", help="Size of a raw dot matrix, such as 24x24 or '24x24 columns'.")
@click.option(
    "--output",
    default="",
    type=click.Path(),
    help="Name of what is written, without suffix (default: compare-NAME).",
)
@charset_options
def charset_compare(
    name: str,
    pictures: str,
    tables: tuple[str, ...],
    fonts: tuple[str, ...],
    dots: str,
    output: str,
    options: tuple[str, ...],
) -> None:
    """Compare the host's own font (BDF, PCF, pictures by code, …) with the glyphs of a charset's rows.

    Writes a page and a CSV of the codes that do not look like their glyph; a person ticks the CSV, and
    `gaiji charset sheet --import` takes it. The exit code is 3 when there are any.
    """
    from gaiji.tables.host import WORDS, compare_pictures

    done = compare_pictures(
        name,
        pictures,
        output or f"compare-{name}",
        tables=tables,
        fonts=fonts,
        dots=dots,
        options=options_of(options),
    )
    for line in (*done.left, *filter(None, [done.missing])):
        click.echo(line, err=True)
    for state, word in WORDS.items():
        if done.counts.get(state):
            click.echo(f"{done.counts[state]:7} {tr(word)}")
    click.echo(tr("{count} mapped codes have no picture", count=done.without))
    paths = ", ".join(map(str, done.paths))
    click.echo(tr("{listed} codes to look at written to {paths}", listed=done.listed, paths=paths))
    sys.exit(3 if done.listed else 0)


@charset.command("check")
@click.argument("names", nargs=-1)
@click.option("--all", "every", is_flag=True, help="Check every charset (also the default).")
def charset_check(names: tuple[str, ...], every: bool) -> None:
    """Load charsets with every check of their tables."""
    from gaiji.codes.check import check
    from gaiji.codes.spec import charset_names

    chosen = charset_names() if every or not names else names
    wrong = check(chosen)
    for line in wrong:
        click.echo(f"gaiji: {line}", err=True)
    if wrong:
        sys.exit(1)
    click.echo(tr("{count} charsets are clean", count=len(chosen)))


@click.command()
@click.argument("query")
@click.option("--limit", default=20, show_default=True, help="Glyphs shown at most.")
def lookup(query: str, limit: int) -> None:
    """Show a glyph by character, name, number or vendor code (辻, MJ025761, J+845B, 戸籍:349920,
    jef:C4D4)."""
    from gaiji.codes.lookup import code_lines, describe
    from gaiji.codes.lookup import lookup as find

    found = find(query)
    for glyph in found[:limit]:
        click.echo(describe(glyph))
    if len(found) > limit:
        click.echo(tr("and {count} more (--limit)", count=len(found) - limit))
    for line in code_lines(query):
        click.echo(line)


@click.group()
def repertoire() -> None:
    """The standard repertoire: the MJ list and your copy of the GJ list."""


@repertoire.command("import-gj")
@click.argument("font_or_list", type=click.Path())
def repertoire_import_gj(font_or_list: str) -> None:
    """Read the official GJ font (acgjm.ttf) or a CSV/XLSX list; used from then on."""
    from gaiji.standard.repertoire import import_gj

    done = import_gj(font_or_list)
    click.echo(
        tr(
            "{count} GJ glyphs imported as release {release}; in use now",
            count=done.count,
            release=done.release,
        )
    )


@repertoire.command("update")
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--job", "jobs", multiple=True, type=click.Path(path_type=Path), help="A job to look at; repeatable."
)
@click.option("--town", "project", default="", help="A project file: every file of the town is looked at.")
@click.option("--dry-run", is_flag=True, help="Say what would change and take nothing.")
@click.option("--older", is_flag=True, help="Take it even where it is older than the one in use.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def repertoire_update(
    file: Path, jobs: tuple[Path, ...], project: str, dry_run: bool, older: bool, as_json: bool
) -> None:
    """Compare an official list as it is published with the one in use, say what changes for jobs, and
    take it.

    FILE is MJ文字情報一覧表 (XLSX or CSV), MJ縮退マップ (JSON), or a GJ font or list; a ZIP of one is
    read too. It is kept in your data folder; the toolkit's own lists stay (gaiji repertoire use goes back
    to them)."""
    import json

    from gaiji.reports.editions import lines, update_lists

    town = {}
    if project:
        from gaiji.town.project import load_town

        town = {one.label: one.here for one in load_town(project).files}
    done = update_lists(file, jobs, town=town, dry_run=dry_run, older=older)
    if as_json:
        click.echo(json.dumps(done.data, ensure_ascii=False, indent=2))
        return
    for line in lines(done):
        click.echo(line)
    if done.taken:
        click.echo(tr("{list} {edition} is in use now", list=done.list, edition=done.to_come))
    elif done.same:
        click.echo(tr("it says what the list in use says: nothing was taken"))
    else:
        click.echo(tr("nothing was taken (--dry-run)"))


@repertoire.command("standing")
@click.argument("file", required=False, type=click.Path(path_type=Path))
@click.option("--drop", is_flag=True, help="Use no table of your own any more.")
def repertoire_standing(file: Path | None, drop: bool) -> None:
    """Keep your own table of what forms are, to be shown beside candidates with what the notices say.

    FILE is CSV or TSV in UTF-8 with the columns 文字図形名, 区分 (正字, 俗字, 誤字 or 別字), 正字 and 典拠.
    It decides nothing."""
    from gaiji.standard.standing import drop_standings, take_standings

    if drop == (file is not None):
        raise click.UsageError(tr("give a FILE, or --drop"))
    if file is None:
        there = drop_standings()
        click.echo(tr("the table is not used any more") if there else tr("there was none"))
    else:
        click.echo(tr("{count} rows are in use now", count=take_standings(file)))


@repertoire.command("use")
@click.argument("which", type=click.Choice(["mj", "shrink"]))
@click.argument("release")
def repertoire_use(which: str, release: str) -> None:
    """Use an edition of the MJ list or the 縮退マップ that was taken before, or the toolkit's "own"."""
    from gaiji.standard.editions import KINDS, use_edition

    chosen = use_edition(which, release)
    name = chosen.name if chosen else tr("the toolkit's own")
    click.echo(tr("{list}: {edition} is in use now", list=KINDS[which], edition=name))


@repertoire.command("releases")
def repertoire_releases() -> None:
    """The GJ releases that were imported, and the editions of the MJ list and the 縮退マップ that were
    taken."""
    from gaiji.standard.editions import KINDS, editions
    from gaiji.standard.repertoire import gj_releases

    for kind, name in KINDS.items():
        for edition in editions(kind):
            click.echo(
                tr(
                    "{current} {release}  {name} {version}, {count} rows  {source}",
                    current="*" if edition.current else " ",
                    release=edition.release,
                    name=name,
                    version=edition.version,
                    count=edition.count,
                    source=edition.source,
                )
            )

    for release in gj_releases():
        click.echo(
            tr(
                "{current} {release}  {count} glyphs  {source}",
                current="*" if release.current else " ",
                release=release.release,
                count=release.count,
                source=release.source,
            )
        )


@click.group()
def glyph() -> None:
    """Glyphs by what they look like."""


@glyph.command("find")
@click.argument("files", type=click.Path(), nargs=-1, required=True)
@click.option(
    "--font",
    "fonts",
    type=click.Path(path_type=Path),
    multiple=True,
    help="IPAmj 明朝 or GJ font; repeatable.",
)
@click.option("--strokes", type=click.IntRange(1, 99), help="The number of strokes, when it was counted.")
@click.option(
    "--limit", default=10, show_default=True, type=click.IntRange(1, 100), help="Glyphs shown at most."
)
def glyph_find(files: tuple[str, ...], fonts: tuple[Path, ...], strokes: int | None, limit: int) -> None:
    """Find the MJ or GJ glyph that picture files of one character show (PNG, BMP, GIF, TIFF).

    A proposal: somebody has to compare the glyphs. The first run builds an index of the fonts.
    """
    from gaiji.shape.find import find_glyph, lines

    answer = find_glyph(
        [Path(file) for file in files], fonts=fonts or None, strokes=strokes, limit=limit, progress=True
    )
    for line in lines(answer):
        click.echo(line)


COMMANDS = (charset, lookup, repertoire, glyph)

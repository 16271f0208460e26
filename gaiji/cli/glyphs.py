"""Commands on charsets and glyphs: ``charset``, ``lookup``, ``repertoire``, ``glyph``."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from gaiji.messages import tr


@click.group()
def charset() -> None:
    """The charsets that can be read."""


@charset.command("list")
def charset_list() -> None:
    """Every charset and its title."""
    from gaiji.codes.spec import charset_names, load_spec

    for name in charset_names():
        click.echo(f"{name:24} {load_spec(name).title}")
    click.echo(tr("Not supported: NEC's internal code (no open description of it could be found)."))


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


@repertoire.command("releases")
def repertoire_releases() -> None:
    """The GJ releases that were imported."""
    from gaiji.standard.repertoire import gj_releases

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

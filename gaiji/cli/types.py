"""What the screen says of record types, and of the way back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import click

from gaiji.errors.messages import mark, tr


def print_types(data: Mapping[str, Any], base: Path, echo: Callable[[str], None]) -> None:
    """How many records of each type there were, where they went, and what the trailers say."""
    for name, told in data["types"].items():
        read = told["records"]["read"]
        if told["skipped"]:
            echo(tr("{name}: {read} records left out", name=name, read=read))
            continue
        where = told["output"]["path"]
        echo(
            tr(
                "{name}: {written} of {read} records written to {where}",
                name=name,
                written=told["records"]["written"],
                read=read,
                where=tr("standard output") if where == "-" else base / where,
            )
        )
    for name, told in data["trailers"].items():
        counts = ", ".join(told["counts"])
        if told["holds"]:
            echo(
                tr(
                    "{name}: {checked} trailers count {counts} rightly",
                    name=name,
                    checked=told["checked"],
                    counts=counts,
                )
            )
        elif not told["checked"]:
            echo(
                tr(
                    "{name}: there is no trailer that counts {counts}: is the file whole?",
                    name=name,
                    counts=counts,
                )
            )
        for wrong in told["examples"][:20]:
            echo(
                tr(
                    "{name}: record {record} says {said} of {counts}, there are {counted}",
                    name=name,
                    record=wrong["record"],
                    said=tr("no number") if wrong["said"] is None else wrong["said"],
                    counts=counts,
                    counted=wrong["counted"],
                )
            )
        if told["checked"] and told["behind"]:
            echo(
                tr(
                    "{name}: {behind} of {counts} stand behind the last trailer",
                    name=name,
                    behind=told["behind"],
                    counts=counts,
                )
            )


def print_reversal(data: Mapping[str, Any]) -> None:
    """What the way back wrote, and whether it is what the input was."""
    found = sum(data["findings"].values())
    click.echo(
        tr(
            "{records} records written to {path}; {found} findings in {path2}",
            records=data["records"],
            path=data["output"]["path"],
            found=found,
            path2=data["findings_file"]["path"],
        )
    )
    if empty := sum(data["empty"]["fields"].values()):
        click.echo(
            tr(
                "{empty} empty fields are blanks now, whether they were blanks or low-values before",
                empty=empty,
            )
        )
    if data["same_as_input"] is not None:
        same = tr("these are the very bytes of the input")
        click.echo(same if data["same_as_input"] else tr("these are not the very bytes of the input"))


def doubt_line(doubt: Mapping[str, Any]) -> str:
    """A field that reads like another charset, or like double bytes without shifts."""
    return tr(
        "field {field} does not look like text of its kind: {share} of its characters are usual there "
        "as {charset}, {better} as {other}; nothing was changed by that",
        field=doubt["field"],
        share=f"{doubt['share']:.0%}",
        charset=doubt["charset"],
        better=f"{doubt['better']:.0%}",
        other=tr(" or ").join(doubt["looks_like"]),
    )


def column_lines(data: Mapping[str, Any]) -> list[str]:
    """What is to be told of columns of the job's own: fields that none is made of, and what does not agree
    with the receiver's list of items."""
    out = []
    parts = [("", data), *((f"{name}.", told) for name, told in data.get("types", {}).items())]
    for prefix, told in parts:
        items = told.get("items", {})
        for names, text in (
            (told.get("left_out"), mark("fields that are in no column: {names}")),
            (items.get("not_in_list"), mark("columns that the list of items does not have: {names}")),
            (items.get("missing"), mark("items that must be there and are no column: {names}")),
        ):
            if names:
                shown = [prefix + name for name in names[:10]]
                shown += [tr("{count} more", count=len(names) - 10)] if len(names) > 10 else []
                out.append(tr(text, names=", ".join(shown)))
    return out

"""A charset's output in a form beside the standard's own: what may not be mixed with it.

Owns the refusals. The texts of the forms are ``gaiji.standard.forms``'.
"""

from __future__ import annotations

from collections.abc import Mapping

from gaiji.codes.code import write_code
from gaiji.codes.kind import Kind
from gaiji.codes.layers import Entries
from gaiji.errors import CharsetError
from gaiji.errors.messages import fault, tr
from gaiji.model import Reason
from gaiji.standard.forms import form_file, is_special, private_characters, texts_in
from gaiji.standard.repertoire import Repertoire

STORED = (Reason.UNMAPPED_GAIJI, Reason.UNMAPPED_EXTENSION, Reason.ILLEGAL)
"""Reasons whose policies keep and pua write a private use character."""


def legal_texts(kind: Kind, name: str, repertoire: Repertoire, form: str) -> Mapping[str, str]:
    """Name → text in a form; CharsetError where the charset cannot be written in it: a plain character of
    Unicode has no row, so nothing would say which glyph it is there."""
    if is_special(form) and kind.unicode:
        raise CharsetError(
            fault("E0660", "{name} cannot be written in the form {form}", name=name, form=form[:60]),
            next=tr("use needed, always or never for text that comes as Unicode"),
        )
    return texts_in(repertoire, form)


def check_private(
    form: str,
    policy: Mapping[Reason, str],
    kind: Kind,
    entries: Entries,
    repertoire: Repertoire,
    private: Mapping[int, str],
) -> None:
    """CharsetError where a private use character of the form would also stand for something else: for a
    code without a row by the policies (``private``: code point → code), or for a row's own text."""
    path = form_file(form)
    if path is None:
        return
    given = {character: name for name, character in private_characters(repertoire, path).items()}
    stored = any(policy[reason] in ("pua", "keep") for reason in STORED)
    codes = {chr(point): code for point, code in private.items()} if stored else {}
    for character, name in given.items():
        if character in codes:
            raise _twice(path.name, character, name, codes[character])
    for (size, code), entry in entries.items():
        row = entry.row
        if row.text in given and not (row.sure and row.glyph):
            raise _twice(path.name, row.text, given[row.text], write_code(kind.form, code, size))


def _twice(file: str, character: str, name: str, code: str) -> CharsetError:
    return CharsetError(
        fault(
            "E0661",
            "{file} gives U+{character} to {name}, but the code {code} becomes it, too",
            file=file,
            character=f"{ord(character):04X}",
            name=name,
            code=code,
        ),
        next=tr("give the glyph another character, or keep no private use characters of the source"),
    )

"""Texts that a person meets: each is looked up in a catalogue before it is shown; errors have numbers.

Owns the look-up (``tr``), the mark for texts that are looked up later (``mark``) and the form in which an
error's number and text go together (``fault``). A text in the code is its own key: English, or Japanese where
clerks read it; without a catalogue it is shown as it stands. Knows no text itself: they stand where they are
said, ``tests/make_messages.py`` collects them, and docs/errors.md lists the errors by number.

A catalogue is ``locale/LANGUAGE/LC_MESSAGES/gaiji.mo`` in ``gaiji/``; LANGUAGE, LC_ALL, LC_MESSAGES and
LANG choose it, as gettext does everywhere.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gettext import NullTranslations

DOMAIN = "gaiji"
FOLDER = Path(__file__).parents[1] / "locale"


class Fault(str):
    """What went wrong, as it is shown, with the number of the error; made by ``fault``."""

    __slots__ = ("number",)
    number: str

    def __new__(cls, number: str, text: str) -> Fault:
        made = super().__new__(cls, text)
        made.number = number
        return made

    def __reduce__(self) -> tuple[type[Fault], tuple[str, str]]:
        return Fault, (self.number, str(self))


def tr(text: str, /, **values: object) -> str:
    """The text in the reader's language, with ``values`` put where it names them in braces.

    ``text`` is a literal (so that it can be collected) or was marked with ``mark``. Without values it is not
    a template: braces in it stand for themselves.
    """
    found = _catalogue()
    shown = found.gettext(text) if found and text else text
    return shown.format(**values) if values else shown


def mark(text: str) -> str:
    """The text itself: marks a literal in a table of constants that ``tr`` is given later."""
    return text


def fault(number: str, text: str, /, **values: object) -> Fault:
    """What went wrong, like ``tr``, under the number that this error has for good (``E0123``).

    A number belongs to one text and is never given again; docs/errors.tsv says which are taken.
    """
    return Fault(number, tr(text, **values))


def translated() -> bool:
    """Whether there is a catalogue for the reader's language."""
    return _catalogue() is not None


@cache
def _catalogue() -> NullTranslations | None:
    if not FOLDER.is_dir():
        return None
    import gettext

    path = gettext.find(DOMAIN, FOLDER)
    return gettext.translation(DOMAIN, FOLDER) if path else None

"""What happens, as events with facts: nothing by default, lines of JSON on request. No event holds a name.

Owns the events' form. A program that uses gaiji as a library attaches its own handler to the logger
``gaiji``: each record has the event's name as its message and the facts as ``record.facts``.
"""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TextIO

_logger = logging.getLogger("gaiji")
_logger.addHandler(logging.NullHandler())


def event(name: str, facts: Mapping[str, object], *, level: int = logging.INFO) -> None:
    """Tell that something happened; facts are counts, codes, file names: never what a field holds."""
    _logger.log(level, name, extra={"facts": dict(facts)})


class _Lines(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        facts = getattr(record, "facts", {})
        head = {"time": at, "level": record.levelname.lower(), "event": record.getMessage()}
        return json.dumps(head | facts, ensure_ascii=False)


def log_json(stream: TextIO | None = None) -> None:
    """From now on one line of JSON for each event (on standard error)."""
    for handler in [h for h in _logger.handlers if isinstance(h.formatter, _Lines)]:
        _logger.removeHandler(handler)
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(_Lines())
    _logger.addHandler(handler)
    _logger.setLevel(logging.INFO)
    _logger.propagate = False


def logs_json() -> bool:
    """Whether events are written as JSON: then nothing else should be written beside them."""
    return any(isinstance(handler.formatter, _Lines) for handler in _logger.handlers)

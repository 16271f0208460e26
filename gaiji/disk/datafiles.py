"""Where the toolkit's own data lie: mapping files, samples, and what a user imported.

Owns the three folders' locations; reads and writes nothing in them.
"""

from __future__ import annotations

import os
import sys
from importlib.util import find_spec
from pathlib import Path

from gaiji.errors import GaijiError
from gaiji.errors.messages import fault, tr

_CHECKOUT = Path(__file__).resolve().parents[2]


def mappings_dir() -> Path:
    """The folder with ``tables/``, ``charsets/`` and ``repertoire/``; GaijiError when it is missing."""
    return _data_dir(_CHECKOUT / "mappings", "gaiji_mappings", marker="repertoire")


def samples_dir() -> Path:
    """The folder with the sample dumps and jobs; GaijiError when it is missing."""
    return _data_dir(_CHECKOUT / "data" / "samples", "gaiji_samples", marker=".")


def user_data_dir() -> Path:
    """The folder for what this user imported (the GJ list). It need not exist yet.

    ``GAIJI_HOME`` decides when set; else ``%LOCALAPPDATA%\\gaiji`` on Windows, and elsewhere
    ``$XDG_DATA_HOME/gaiji`` or ``~/.local/share/gaiji`` (XDG Base Directory Specification, which
    also says to ignore a relative XDG_DATA_HOME).
    """
    if home := os.environ.get("GAIJI_HOME"):
        return Path(home)
    if sys.platform == "win32":
        local = os.environ.get("LOCALAPPDATA")
        return (Path(local) if local else Path.home() / "AppData" / "Local") / "gaiji"
    xdg = Path(os.environ.get("XDG_DATA_HOME", ""))
    return (xdg if xdg.is_absolute() else Path.home() / ".local" / "share") / "gaiji"


def user_cache_dir() -> Path | None:
    """The folder for what was computed and can be computed again; None where the user wants none.

    ``GAIJI_CACHE`` decides when set (``off``: none); else it is ``cache`` in ``GAIJI_HOME`` when that is set,
    or in ``%LOCALAPPDATA%\\gaiji`` on Windows, and elsewhere ``$XDG_CACHE_HOME/gaiji`` or
    ``~/.cache/gaiji``. None, too, where there is no home.
    """
    said = os.environ.get("GAIJI_CACHE", "")
    if said:
        return None if said == "off" else Path(said)
    try:
        if os.environ.get("GAIJI_HOME") or sys.platform == "win32":
            return user_data_dir() / "cache"
        xdg = Path(os.environ.get("XDG_CACHE_HOME", ""))
        return (xdg if xdg.is_absolute() else Path.home() / ".cache") / "gaiji"
    except RuntimeError:  # a user without a home
        return None


def _data_dir(checkout: Path, package: str, marker: str) -> Path:
    """The checkout's folder, else the data-only package that an install lays beside ours.

    ``pyproject.toml`` must lie beside a checkout's folder: in site-packages a folder of the same
    name may belong to anybody.
    """
    if (_CHECKOUT / "pyproject.toml").is_file() and (checkout / marker).is_dir():
        return checkout
    spec = find_spec(package)
    for location in (spec.submodule_search_locations if spec else None) or ():
        if (Path(location) / marker).is_dir():
            return Path(location)
    raise GaijiError(
        fault("E0082", "the data package {package} is missing", package=package),
        where=str(checkout),
        next=tr("install gaiji again"),
    )

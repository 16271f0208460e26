"""Spark on executors of their own: the same rows, findings and bytes as one process, whoever reads which piece.

Owns one session for all tests here (``local-cluster``: a master and two executors, processes of their own). Skipped
where there is no Spark or no Java; CI has both.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
import sqlalchemy as sa
from conftest import POSTGRES
from oracle.dumps import make
from oracle.run import write_job
from test_pieces import clean, made, queue_of, verdict
from test_rectypes import WHOLE, data, head, trail
from test_rectypes import write as write_types

import gaiji
from gaiji.disk.datafiles import samples_dir
from gaiji.queue.schema import metadata

pyspark = pytest.importorskip("pyspark")
if not shutil.which("java") and "JAVA_HOME" not in os.environ:
    pytest.skip("there is no Java", allow_module_level=True)
pytestmark = [pytest.mark.slow, pytest.mark.system]
JOBS = ("juki-jef", "juki-windows", "koseki-keis")


@pytest.fixture(scope="module")
def spark():
    from pyspark.sql import SparkSession

    from gaiji.spark import GaijiDataSource

    home = Path(pyspark.__file__).parent
    work, was = home / "work", (home / "work").exists()
    os.environ |= {"SPARK_HOME": str(home), "PYSPARK_PYTHON": sys.executable}
    builder = SparkSession.builder.master("local-cluster[2,1,1024]").appName("gaiji tests")
    keys = {
        "spark.ui.enabled": "false",
        "spark.deploy.maxExecutorRetries": "-1",
        "spark.log.level": "ERROR",
        "spark.sql.shuffle.partitions": "4",
    }
    for key, value in keys.items():
        builder = builder.config(key, value)
    session = builder.getOrCreate()
    session.dataSource.register(GaijiDataSource)
    yield session
    session.stop()
    if not was:
        shutil.rmtree(work, ignore_errors=True)


@pytest.fixture(scope="module")
def samples(tmp_path_factory):
    folder = tmp_path_factory.mktemp("spark") / "s"
    shutil.copytree(samples_dir(), folder, ignore=shutil.ignore_patterns("out", "*.py", "__pycache__"))
    return folder


def read(spark, job, **options):
    """The rows of a job, sorted by record."""
    reader = spark.read.format("gaiji").option("job", str(job))
    for key, value in options.items():
        reader = reader.option(key.replace("__", "."), str(value))
    return [row.asDict(recursive=True) for row in reader.load().orderBy("_record").collect()]


@pytest.mark.parametrize("job", JOBS)
def test_the_table_of_a_job_is_what_the_conversion_writes(spark, samples, job):
    manifest = gaiji.convert(samples / f"{job}.toml")
    output = samples / manifest.data["output"]["path"]
    written = cells_of(output)
    for partitions in (1, 5):
        rows = read(spark, samples / f"{job}.toml", partitions=partitions)
        assert [row.pop("_record") for row in rows] == list(range(1, len(written) + 1))
        found = [(f["field"], f["code"], f["reason"]) for row in rows for f in row.pop("_findings")]
        assert rows == written
        for told in manifest.data["findings"]:
            assert found.count((told["field"], told["code"], told["reason"])) == told["count"]
        assert len(found) == sum(told["count"] for told in manifest.data["findings"])


def cells_of(path):
    """The records of an output."""
    import csv

    import pyarrow.parquet

    if path.suffix == ".parquet":
        return pyarrow.parquet.read_table(path).to_pylist()
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_options_are_keys_of_the_job_and_inputs_may_be_a_pattern(spark, samples):
    for name in ("a", "b"):
        shutil.copy(samples / "juki-jef.dat", samples / f"copy-{name}.dat")
    rows = read(spark, samples / "juki-jef.toml", source__path="copy-*.dat", glyph_columns="true")
    assert {Path(row["_input"]).name for row in rows} == {"copy-a.dat", "copy-b.dat"}
    assert len(rows) == 2 * 2000 and rows[0]["氏名.glyphs"]
    columns = {key: {row[key] for row in rows} for key in ("_record", "_input")}
    assert len(columns["_record"]) == 2000 and len(columns["_input"]) == 2


def test_what_is_wrong_is_said_in_one_line_of_ours(spark, samples):
    with pytest.raises(Exception, match="E0878 partition: is no option of the source"):
        read(spark, samples / "juki-jef.toml", partition=3)
    with pytest.raises(Exception, match="E0882"):
        read(spark, samples / "juki-jef.toml", source__path="nothing-*.dat")


def both(spark_convert, job, *counts):
    """A job in one process and in Spark, in so many pieces; the proof of the last in both."""
    from gaiji.spark import verify

    gaiji.convert(job)
    whole = made(job)
    for count in counts:
        clean(job)
        spark_convert(job, partitions=count)
        assert made(job) == whole, count
    assert gaiji.verify(job).holds and verdict(verify(job)) == verdict(gaiji.verify(job))


@pytest.mark.parametrize("job", JOBS)
def test_the_samples_converted_by_spark_are_those_of_one_process(spark, samples, tmp_path, job):
    from gaiji.spark import convert

    folder = tmp_path / "s"
    shutil.copytree(samples, folder, ignore=shutil.ignore_patterns("out"))
    both(convert, folder / f"{job}.toml", 1, 64)


@pytest.mark.parametrize("format", ["fixed-crlf", "copybook", "lines", "vb-blocked", "csv"])
def test_every_way_in_which_records_lie(spark, tmp_path, format):
    from gaiji.spark import convert

    both(convert, write_job(tmp_path, make("eucjp-ms", format, 2000, 3)), 9)


def test_record_types_with_parents_and_trailers(spark, tmp_path):
    from gaiji.spark import convert

    records = [*WHOLE, *(data(n % 999, "MORI") for n in range(3000)), trail(7), b"\xe7" * 10, data(1, "A")]
    records += [record for n in range(900) for record in (head(n), data(1, "ITO"), trail(n % 2))]
    both(convert, write_types(tmp_path, records, "vb"), 9)


def executors():
    """The executors that run now."""
    found = subprocess.run(
        ["pgrep", "-P", str(gateway()), "-f", "CoarseGrainedExecutorBackend"], capture_output=True, text=True
    )
    return [int(line) for line in found.stdout.split()]


def gateway():
    """The process of this session's Java, whose children the executors are."""
    from pyspark import SparkContext

    return SparkContext._gateway.proc.pid


def test_an_executor_killed_in_the_middle_changes_nothing(spark, tmp_path):
    """It is killed (-9) as soon as the first piece is done, while others are at work."""
    from gaiji.spark import convert

    job = write_job(tmp_path, make("fujitsu-jef-ebcdik", "fixed", 2000, 3, times=20))
    gaiji.convert(job)
    whole, killed = made(job), []
    clean(job)

    def kill():
        while not killed:
            if len(list(tmp_path.glob(".*.pieces.part/*/done.json"))) >= 1:
                killed.append(executors()[0])
                os.kill(killed[0], signal.SIGKILL)
            time.sleep(0.01)

    waiting = threading.Thread(target=kill, daemon=True)
    waiting.start()
    convert(job, partitions=24)
    waiting.join(1)
    assert killed and not Path(f"/proc/{killed[0]}").exists()
    assert made(job) == whole and gaiji.verify(job).holds


def test_an_executor_killed_while_it_proves_changes_nothing(spark, tmp_path):
    """One part waits for the machine that proves it to die (-9); it is proved elsewhere then."""
    from gaiji.proof.gathered import verify_in_pieces
    from gaiji.proof.pieces import prove_piece
    from gaiji.spark import convert
    from gaiji.spark.engine import each_in

    job = write_job(tmp_path, make("fujitsu-jef-ebcdik", "fixed", 2000, 3))
    convert(job, partitions=12)
    begun = tmp_path / "begun"

    def proved(plan, window):
        """As ever, but the seventh part's first attempt tells its executor and never ends."""
        if window.number == 7 and not begun.exists():
            own = Path(f"/proc/{os.getppid()}/status").read_text().split("PPid:")[1].split()[0]
            begun.with_suffix(".part").write_text(own)
            begun.with_suffix(".part").rename(begun)
            while True:
                time.sleep(1)
        return prove_piece(plan, window)

    def kill():
        while not begun.exists():
            time.sleep(0.01)
        os.kill(int(begun.read_text()), signal.SIGKILL)

    waiting = threading.Thread(target=kill, daemon=True)
    waiting.start()
    each = each_in(spark)
    done = verify_in_pieces(
        job, lambda does, plan, given: each(proved if does is prove_piece else does, plan, given)
    )
    assert int(begun.read_text()) not in executors()
    assert done.holds and verdict(done) == verdict(gaiji.verify(job))


def test_the_command_verifies_in_spark(spark, samples, tmp_path):
    """What it prints, writes and exits with is what one process does; an output of one process is refused."""
    from click.testing import CliRunner

    from gaiji.cli import main

    folder = tmp_path / "s"
    shutil.copytree(samples, folder, ignore=shutil.ignore_patterns("out"))
    job, ask = str(folder / "juki-jef.toml"), CliRunner()
    assert ask.invoke(main, ["convert", job]).exit_code in (0, 3)
    refused = ask.invoke(main, ["verify", job, "--engine", "spark"])
    assert refused.exit_code == 2 and "E0778" in refused.stderr
    clean(Path(job))
    assert ask.invoke(main, ["convert", job, "--engine", "spark", "--partitions", "5"]).exit_code in (0, 3)
    one, many = ask.invoke(main, ["verify", job]), ask.invoke(main, ["verify", job, "--engine", "spark"])
    assert one.exit_code == many.exit_code and one.output == many.output
    both = ask.invoke(main, ["verify", job, "--engine", "spark", "--threads", "2"])
    assert both.exit_code == 2 and "E0891" in both.stderr


@pytest.mark.skipif(not POSTGRES, reason="GAIJI_TEST_POSTGRES names no server")
@pytest.mark.parametrize("job", ["juki-jef", "koseki-keis"])
def test_the_queue_on_a_server_is_filled_as_by_one_process(spark, samples, tmp_path, job):
    """By the driver, once; a second conversion replaces what the first one counted."""
    from gaiji.spark import convert

    folder = tmp_path / "s"
    shutil.copytree(samples, folder, ignore=shutil.ignore_patterns("out"))
    path, over = folder / f"{job}.toml", {"review.queue": POSTGRES}
    engine = sa.create_engine(POSTGRES)
    metadata.drop_all(engine)
    gaiji.convert(path, overrides=over)
    whole = queue_of(POSTGRES)
    assert whole["item"]
    metadata.drop_all(engine)
    clean(path)
    for partitions in (7, 3):
        convert(path, overrides=over, partitions=partitions)
        assert queue_of(POSTGRES) == whole
    metadata.drop_all(engine)
    engine.dispose()


def test_columns_in_spark_are_decoded_and_have_keys(spark):
    from gaiji.names.keys import keys as keys_of
    from gaiji.spark import decode, keys

    charset = gaiji.load_charset("fujitsu-jef-ebcdik")
    raw = [charset.encode(text) for text in ("渡辺", "髙橋", "")] + [b"\x80\xa1", None]
    frame = spark.createDataFrame([(n, one) for n, one in enumerate(raw)], "n int, raw binary")
    rows = (
        frame.select("n", decode("raw", "fujitsu-jef-ebcdik", type="dbcs").alias("d")).orderBy("n").collect()
    )
    done = charset.decode_many(raw, type="dbcs")
    assert [row.d.text if row.d else None for row in rows] == done.texts.to_list()
    found = [(row.n, f.position, f.code, f.reason) for row in rows if row.d for f in row.d.findings]
    assert found == done.findings.select("row", "position", "code", "reason").rows() and found
    names = ["渡邊󠄃 一郎", "渡辺一郎", None]
    frame = spark.createDataFrame([(n, one) for n, one in enumerate(names)], "n int, name string")
    for kind in ("base", "variant", "kana"):
        told = frame.select("n", keys("name", kind).alias("k")).orderBy("n").collect()
        assert [row.k for row in told] == [keys_of([name], kind)[0] if name else None for name in names]

"""Variable records in every form of descriptors: read with the keys of their form, refused by its name without them."""

from __future__ import annotations

import gzip
import json
import re
import tomllib
from collections import Counter
from itertools import product
from random import Random

import pytest

import gaiji
from gaiji.errors import GaijiError, RecordError
from gaiji.records.batch import Framing
from gaiji.records.forms import form_of
from gaiji.records.reader import Reader
from gaiji.run.reverse import reverse

WORDS = [
    "-".join(filter(None, words)) or "standard"
    for words in product(("", "second", "two"), ("", "little"), ("", "exclusive"))
]
EVERY = [
    {"rdw": rdw, "blocked": blocked, "spanned": spanned}
    for rdw, blocked, spanned in product(WORDS, (False, True), (False, True))
    if not (spanned and rdw.startswith("two"))
]
LONGEST = 59


def descriptor(words, count, mark=0):
    """A descriptor before ``count`` bytes, plainly: the oracle of this file."""
    size = 2 if "two" in words else 4
    said = count if "exclusive" in words else count + size
    half = said.to_bytes(2, "little" if "little" in words else "big")
    other = b"" if size == 2 else bytes([mark, 0])
    return other + half if "second" in words else half + other


def write(rng, records, keys):
    """The file that holds the records, in segments and blocks of any sizes."""
    pieces = []
    for record in records:
        cuts = sorted(rng.sample(range(1, len(record)), min(rng.choice([0, 1, 2, 3]), len(record) - 1)))
        cuts = cuts if keys["spanned"] else []
        parts = [record[a:b] for a, b in zip([0, *cuts], [*cuts, len(record)], strict=True)]
        for i, part in enumerate(parts):
            mark = 0 if len(parts) == 1 else 1 if i == 0 else 2 if i == len(parts) - 1 else 3
            pieces.append(descriptor(keys["rdw"], len(part), mark) + part)
    if not keys["blocked"]:
        return b"".join(pieces)
    out, at = b"", 0
    while at < len(pieces):
        count = rng.randint(1, 4)
        body = b"".join(pieces[at : at + count])
        out += descriptor(keys.get("bdw") or keys["rdw"], len(body)) + body
        at += count
    return out


def people(rng, count, shortest=20):
    """Made-up records: a number in EBCDIC, a packed one, double bytes."""
    out = []
    for _ in range(count):
        number = bytes(0xF0 + rng.randrange(10) for _ in range(6)) + bytes.fromhex("00012C")
        name = b"".join(
            bytes([rng.randint(0x45, 0x68), rng.randint(0x41, 0xFE)]) for _ in range((LONGEST - 9) // 2)
        )
        out.append((number + name)[: rng.randint(shortest, LONGEST)])
    return out


def cut(path, keys, batch=1 << 21, *, quarantine=False, start=None, longest=LONGEST):
    reader = Reader(
        str(path), Framing("vb", longest=longest, **keys), quarantine=quarantine, batch=batch, start=start
    )
    rows, chunks = [], []
    for part in reader:
        chunks.append((part.chunk.start(), len(rows)))
        rows += [bytes(part.src[a:b]) for a, b in zip(part.starts[0], part.ends[0], strict=True)]
    return rows, chunks


def named(error, keys):
    """The keys with what the error says of them."""
    found = re.search(r"this: (.*) in \[source\]", str(error))
    assert found, str(error)
    return keys | tomllib.loads(found.group(1).replace(", ", "\n"))


@pytest.mark.parametrize("keys", EVERY, ids=lambda k: f"{k['rdw']}-{k['blocked']:d}{k['spanned']:d}")
def test_each_form_is_read_with_its_keys_wherever_a_buffer_ends(tmp_path, keys):
    rng = Random(str(keys))
    path = tmp_path / "d"
    records = people(rng, 7)
    path.write_bytes(write(rng, records, keys))
    for batch in (1, 2, 3, 5, 17, 64, 4096):
        rows, chunks = cut(path, keys, batch)
        assert rows == records
        for start, before in chunks[:: max(1, len(chunks) // 4)]:
            assert cut(path, keys, batch, start=start)[0] == records[before:]


def check_pair(path, right, wrong, records, longest):
    """The wrong keys are refused with the right ones, which then read; nothing else ever comes out."""
    try:
        assert cut(path, wrong, longest=longest)[0] == records
        return
    except RecordError as error:
        told = named(error, wrong)
        assert error.number == "E0445" and (error.record, error.offset) == (1, 0) and len(error.raw) in (2, 4)
    assert cut(path, told, longest=longest)[0] == records, (right, wrong, told)


@pytest.mark.parametrize("seed", range(3))
def test_a_wrong_key_is_refused_by_the_name_of_the_right_one(tmp_path, seed):
    rng = Random(seed)
    path = tmp_path / "d"
    for right in EVERY:
        records = people(rng, rng.choice([1, 2, 3, 10, 40]))
        path.write_bytes(write(rng, records, right))
        for wrong in rng.sample(EVERY, 6):
            check_pair(path, right, wrong, records, rng.choice([LONGEST, 0]))


def leads_to_the_right_form(path, keys, records, longest):
    """Whether what the errors name leads to the records, in three steps at most; nothing else ever comes out."""
    for _ in range(3):
        try:
            assert cut(path, keys, longest=longest)[0] == records
            return True
        except RecordError as error:
            if error.number != "E0445":
                return False
            keys = named(error, keys)
    return False


@pytest.mark.slow
@pytest.mark.parametrize("right", EVERY, ids=lambda k: f"{k['rdw']}-{k['blocked']:d}{k['spanned']:d}")
def test_every_wrong_key_for_every_form(tmp_path, right):
    """Refused always. By the right name in a file of many records; of 240 pairs over a few records, which another
    form can read almost, in all but 16."""
    rng = Random(str(right))
    path = tmp_path / "d"
    unnamed = Counter()
    for count, longest in ((1, LONGEST), (2, 0), (5, LONGEST), (300, 0)):
        records = people(rng, count)
        path.write_bytes(write(rng, records, right))
        for wrong in EVERY:
            unnamed[count] += not leads_to_the_right_form(path, wrong, records, longest)
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr("gaiji.records.reader.BATCH", 7)
                unnamed[count] += not leads_to_the_right_form(path, wrong, records, longest)
    assert unnamed[300] == 0 and unnamed.total() <= 16, unnamed


def odd(rng, kind):
    """A record with contents that could be taken for descriptors."""
    if kind == "zeros":
        return bytes(rng.randint(1, 50))
    if kind == "random":
        return rng.randbytes(rng.randint(1, 60))
    number = rng.randrange(300).to_bytes(4, rng.choice(["big", "little"]))
    return number * (kind == "number") + people(rng, 1)[0]


@pytest.mark.slow
def test_a_right_file_is_never_refused(tmp_path):
    """Contents that look like descriptors, low-values, binary numbers, empty records, one record: with their own
    keys they are read."""
    path = tmp_path / "d"
    for seed in range(6000):
        rng = Random(seed)
        keys = rng.choice(EVERY)
        kinds = ["zeros", "number", "random", "person"]
        kinds = kinds if rng.random() < 0.5 else [rng.choice(kinds[1:])]
        records = [odd(rng, rng.choice(kinds)) for _ in range(rng.choice([1, 2, 3, 20]))]
        if all(record == bytes(len(record)) for record in records):
            continue
        if "two" in keys["rdw"] and all(r[:2] in HALVES for r in records):
            continue  # nothing but the layout can tell, which the next test holds
        path.write_bytes(write(rng, records, keys))
        assert cut(path, keys, rng.choice([5, 1 << 21]), longest=0)[0] == records, seed


HALVES = {bytes([n, 0]) for n in (0, 1, 2, 3, 0x10, 0x11)}


def test_the_layout_tells_two_bytes_before_zeros_from_four(tmp_path):
    records = [number.to_bytes(4, "big") + b"\xc1" * 20 for number in (1, 2, 3)]
    path = tmp_path / "d"
    path.write_bytes(b"".join(descriptor("two", len(r)) + r for r in records))
    keys = {"rdw": "two", "blocked": False, "spanned": False}
    assert cut(path, keys, longest=24)[0] == records
    with pytest.raises(RecordError, match='rdw = "standard"'):
        cut(path, keys, longest=22)


def test_the_bits_of_a_segment_written_as_hex(tmp_path):
    path = tmp_path / "d"
    path.write_bytes(
        b"".join(descriptor("", 2, mark) + b"%02d" % mark for mark in (1, 0x11, 0x10, 0, 1, 0x10))
    )
    keys = {"rdw": "standard", "blocked": False, "spanned": True}
    assert cut(path, keys)[0] == [b"011716", b"00", b"0116"]
    with pytest.raises(RecordError, match="spanned = true"):
        cut(path, keys | {"spanned": False})


@pytest.mark.parametrize(
    "marks", [(2,), (1, 0), (1, 1, 2), (0, 3), (1, 3), (4,), (1, 2, 2)], ids=lambda m: "-".join(map(str, m))
)
def test_segments_out_of_order_are_refused(tmp_path, marks):
    path = tmp_path / "d"
    path.write_bytes(b"".join(descriptor("", 3, mark) + b"abc" for mark in marks))
    with pytest.raises(RecordError):
        cut(path, {"rdw": "standard", "spanned": True})


def test_blocks_and_records_in_different_forms(tmp_path):
    rng = Random(3)
    records = people(rng, 9)
    keys = {"rdw": "exclusive", "bdw": "standard", "blocked": True, "spanned": False}
    path = tmp_path / "d"
    path.write_bytes(write(rng, records, keys))
    assert cut(path, keys)[0] == records
    wrong = {"rdw": "standard", "blocked": True}
    with pytest.raises(RecordError) as error:
        cut(path, wrong)
    assert named(error.value, wrong) == {"rdw": "exclusive", "bdw": "standard", "blocked": True}


@pytest.mark.parametrize("rdw", ["standard", "exclusive"])
def test_blocks_of_more_than_32_kibibytes(tmp_path, rdw):
    """The first bit of a block's descriptor: a length of 31 bits (DFSMS, large block interface)."""
    records, own = [b"%05d" % n * 7 for n in range(3000)], 0 if rdw == "exclusive" else 4
    body = b"".join((len(r) + own).to_bytes(2, "big") + b"\0\0" + r for r in records)
    path = tmp_path / "d"
    path.write_bytes((0x8000_0000 | len(body) + own).to_bytes(4, "big") + body)
    assert cut(path, {"blocked": True, "rdw": rdw}, 4096)[0] == records
    if own:
        with pytest.raises(RecordError, match="blocked = true"):
            cut(path, {"blocked": False})


def test_a_broken_descriptor_in_a_right_file_goes_aside(tmp_path):
    records = people(Random(1), 30)
    right = b"".join(descriptor("", len(r)) + r for r in records)
    at = sum(len(r) + 4 for r in records[:20])
    path = tmp_path / "d"
    path.write_bytes(right[:at] + b"\x40" + right[at + 1 :])
    assert cut(path, {}, quarantine=True)[0] == records[:20]
    with pytest.raises(RecordError, match="RDW") as error:
        cut(path, {})
    assert error.value.offset == at


def test_an_unfinished_record_in_segments_goes_aside_whole(tmp_path):
    path = tmp_path / "d"
    first = descriptor("", 3) + b"abc"
    left = descriptor("", 3, 1) + b"def" + descriptor("", 9, 2) + b"gh"
    path.write_bytes(first + left)
    for batch in (1, 8, 4096):
        reader = Reader(str(path), Framing("vb", spanned=True), quarantine=True, batch=batch)
        bad = [b for part in reader for b in part.bad]
        assert [(b.record, b.offset, b.raw) for b in bad] == [(2, 7, left)]


@pytest.mark.parametrize(
    ("ending", "keys"), [(b"", "none"), (b"\n", 'newline = "lf"'), (b"\r\n", 'newline = "crlf"')]
)
def test_stripped_descriptors_are_refused_with_what_reads_the_records(tmp_path, ending, keys):
    records = people(Random(5), 12, LONGEST)
    job = job_of(tmp_path, b"".join(r + ending for r in records), {})
    with pytest.raises(GaijiError, match='format = "fixed"') as error:
        gaiji.convert(job)
    assert keys in str(error.value) and "(bytes" not in str(error.value)  # what stands there is data
    found = tomllib.loads(re.search(r"set (.*) in \[source\]", str(error.value)).group(1).replace(", ", "\n"))
    overrides = {f"source.{k}": v for k, v in found.items()} | {"source.record_length": LONGEST}
    assert gaiji.convert(job, overrides=overrides).data["records"]["written"] == 12


@pytest.mark.parametrize("before", range(6))
def test_a_file_with_some_records_behind_descriptors_is_not_taken_for_one_without(tmp_path, before):
    """Its length may be that of whole records by chance: from the third on, descriptors are there."""
    head = b"".join(descriptor("", 20) + b"\xf1" * 20 for _ in range(before))
    job = job_of(tmp_path, head.ljust(6 * LONGEST, b"\x40"), {})
    with pytest.raises(GaijiError) as error:
        gaiji.convert(job)
    assert ('format = "fixed"' in str(error.value)) == (before < 3)


@pytest.mark.parametrize(("records", "credible"), [((0,), 0), ((0, 3), 0), ((0, 3, 3), 1), ((3,), 1)])
def test_a_form_in_which_half_of_the_records_are_empty_is_not_named(tmp_path, records, credible):
    """Two bytes alone, by chance, in a file that is in no form."""
    path = tmp_path / "d"
    path.write_bytes(b"".join((size + 2).to_bytes(2, "big") + b"abc"[:size] for size in records))
    with pytest.raises(RecordError) as error:
        cut(path, {}, longest=0)
    assert ('rdw = "two"' in str(error.value)) == credible


def job_of(place, data, source):
    (place / "in.dat").write_bytes(data)
    keys = {"path": "in.dat", "charset": "ibm-930", "format": "vb", "on_bad_record": "fail", **source}
    text = "[source]\n" + "".join(f"{k} = {json.dumps(v)}\n" for k, v in keys.items())
    text += '[output]\npath = "out.csv"\n'
    for name, at, length, kind in (("no", 0, 6, "sbcs"), ("sum", 6, 3, "packed"), ("name", 9, 50, "dbcs")):
        text += f'[[field]]\nname = "{name}"\noffset = {at}\nlength = {length}\ntype = "{kind}"\n'
    (place / "job.toml").write_text(text)
    return place / "job.toml"


@pytest.mark.parametrize("keys", EVERY[::3], ids=lambda k: f"{k['rdw']}-{k['blocked']:d}{k['spanned']:d}")
def test_a_job_in_each_form_is_converted_proved_and_written_back(tmp_path, keys):
    rng = Random(str(keys))
    records = [r[: len(r) - (len(r) + 1) % 2] for r in people(rng, 20)]
    job = job_of(tmp_path, write(rng, records, keys), keys)
    gaiji.convert(job)
    standard = tmp_path / "standard"
    standard.mkdir()
    same = job_of(standard, b"".join(descriptor("", len(r)) + r for r in records), {})
    gaiji.convert(same)
    assert (tmp_path / "out.csv").read_bytes() == (standard / "out.csv").read_bytes()
    assert gaiji.verify(job).holds
    reverse(job)
    back = tmp_path / "out.csv.reversed.dat"
    reverse(same)
    assert cut(back, keys)[0] == cut(standard / "out.csv.reversed.dat", {})[0]
    (tmp_path / "in.dat.gz").write_bytes(gzip.compress(back.read_bytes()))
    again = gaiji.convert(job, overrides={"source.path": "in.dat.gz", "output.path": "again.csv"})
    assert again.data["records"]["written"] == 20


def test_words_in_any_order_name_a_form():
    assert form_of("Exclusive little").name == form_of("little+exclusive").name == "little-exclusive"
    assert form_of("big").name == form_of("").name == "standard" and form_of("middle") is None


@pytest.mark.parametrize(
    ("keys", "says"), [({"rdw": "exlusive"}, "exclusive"), ({"rdw": "two", "spanned": True}, "four bytes")]
)
def test_keys_that_name_no_form(tmp_path, keys, says):
    with pytest.raises(GaijiError, match=says):
        gaiji.convert(job_of(tmp_path, b"", keys))


def test_a_record_that_no_descriptor_can_hold_is_no_traceback(tmp_path):
    fields = '[[field]]\nname = "a"\noffset = 0\nlength = 70000\n'
    (tmp_path / "d").write_bytes(b"".join(descriptor("", 35000, m) + b"\xc1" * 35000 for m in (1, 2)))
    text = f'[source]\npath = "d"\ncharset = "ibm-930"\nformat = "vb"\nspanned = true\n[output]\npath = "o.csv"\n{fields}'
    (tmp_path / "j.toml").write_text(text)
    assert gaiji.convert(tmp_path / "j.toml").data["records"]["written"] == 1
    reverse(tmp_path / "j.toml")
    assert cut(tmp_path / "o.csv.reversed", {"spanned": True}, longest=0)[0] == [b"\xc1" * 70000]
    with pytest.raises(GaijiError, match="more than a descriptor can say"):
        reverse(tmp_path / "j.toml", overrides={"source.spanned": False})

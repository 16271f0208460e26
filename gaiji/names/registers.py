"""A register made ready for matching: keys of names and readings, words of names, day, sex, place.

Owns what is computed once a record, columnar, and how the sex codes of two registers are brought together.
Comparing two records is in ``gaiji.names.compare``.
"""

from __future__ import annotations

import polars as pl

from gaiji.errors import UsageError
from gaiji.errors.messages import fault, tr
from gaiji.names.addresses import places
from gaiji.names.dates import date_keys, unordered
from gaiji.names.keys import KEYS, fold, key_expr
from gaiji.names.romaji import romaji_key

COLUMNS = ("id", "name", "kana", "birth", "sex", "address")
"""The columns of a register, all text; ``kana``, ``birth``, ``sex`` and ``address`` may be empty
everywhere."""
OTHER_NAMES = {"alias": ("alias", "alias_kana"), "former": ("former", "former_kana")}
"""Further columns that a register may have: 通称 (a whole name) and 旧氏 (a surname), each with its
reading."""
_SEXES = {
    "m": ("男", "男性", "男子", "おとこ", "オトコ", "m", "male", "1", "01"),
    "f": ("女", "女性", "女子", "おんな", "オンナ", "f", "female", "2", "02"),
    "": ("0", "00", "9", "09", "不明", "不詳", "未詳", "u", "x"),
}
"""Written forms of a sex; the numbers are those of ISO/IEC 5218."""
_ENOUGH = 20
"""Pairs equal in name and birth date from which the codes of two registers are learned."""
_SURE = 0.9
_BREAKS = r"[\s\u{3000}\u{30FB}\u{FF65}\u{00B7}\u{2022}\u{2027},，、]+"
_KANA_NAME = r"^[\p{Hiragana}\p{Katakana}ー・\s]+$"
_LATIN_NAME = r"^[\p{Latin}\s.,'\-]+$"


def prepared(frame: pl.DataFrame, which: str) -> pl.DataFrame:
    """A row for each name of each record: ``row`` is the record from 0; UsageError for a missing column.

    Columns: g, v, k (glyph, variant and kana key), vw and kw (words of name and reading, a space between),
    latin (for names in kana or Latin letters, words in order), script (kana, latin or ""), birth, day (whole
    dates, month and day in order), sex, town, aza, numbers, place (block key).
    """
    missing = [name for name in COLUMNS if name not in frame.columns]
    if missing:
        raise UsageError(
            fault(
                "E0190", "register {which} has no column {missing}", which=which, missing=", ".join(missing)
            ),
            next=tr("give an empty column for what it lacks"),
        )
    text = frame.select(pl.col(*frame.columns).cast(pl.String).fill_null("")).with_row_index("row")
    _check_ids(text, which)
    named = pl.concat([text.select("row", "name", "kana"), *_other_names(text)])
    keyed = _keyed(named).with_columns(pl.col("row").cast(pl.Int64))
    return keyed.join(_about(text), on="row", how="left", maintain_order="left")


def _check_ids(text: pl.DataFrame, which: str) -> None:
    """UsageError when two records have one number: a result could not say which of them is meant."""
    twice = text.select("row", "id").filter(pl.col("id").is_duplicated())
    if twice.height:
        first = twice.filter(pl.col("id") == twice["id"][0])["row"] + 1
        raise UsageError(
            fault(
                "E0377",
                "register {which}: {height} records share their number with another, first "
                "records {first} and {first2}",
                which=which,
                height=twice.height,
                first=first[0],
                first2=first[1],
            ),
            next=tr("name a column whose values are unique, or take the double records out"),
        )


def _other_names(text: pl.DataFrame) -> list[pl.DataFrame]:
    """Rows for 通称, and for 旧氏 with the given name."""
    out = []
    for kind, (name, kana) in OTHER_NAMES.items():
        if name not in text.columns:
            continue
        reading = pl.col(kana) if kana in text.columns else pl.lit("")
        rows = text.filter(pl.col(name) != "")
        if kind == "former":
            given = pl.col("name").str.extract(r"[\s\u{3000}](.+)$", 1).fill_null("")
            given_kana = pl.col("kana").str.extract(r"[\s\u{3000}](.+)$", 1).fill_null("")
            rows = rows.filter(pl.col("name").str.contains(r"[\s\u{3000}]\S"))
            whole = pl.when(reading != "").then(reading + " " + given_kana).otherwise(pl.lit(""))
            out.append(rows.select("row", name=pl.col(name) + " " + given, kana=whole))
        else:
            out.append(rows.select("row", pl.col(name).alias("name"), reading.alias("kana")))
    return out


def words(text: pl.Expr, kind: str) -> pl.Expr:
    """The key of a name with one space between its words."""
    for folding in KEYS[kind]:
        if folding == "space":
            text = text.str.replace_all(_BREAKS, " ").str.strip_chars(" ")
        else:
            text = fold(text, folding)
    return text


def _keyed(named: pl.DataFrame) -> pl.DataFrame:
    """Keys of distinct names and readings, joined back to the rows."""
    in_kana = pl.col("name").str.contains(_KANA_NAME)
    in_latin = pl.col("name").str.normalize("NFKC").str.contains(_LATIN_NAME)
    named = named.with_columns(
        kana=pl.when((pl.col("kana") == "") & in_kana).then(pl.col("name")).otherwise(pl.col("kana"))
    )
    names = named.select(pl.col("name").unique()).with_columns(
        g=key_expr(pl.col("name"), "glyph"),
        vw=words(pl.col("name"), "variant"),
        script=pl.when(in_kana)
        .then(pl.lit("kana"))
        .when(in_latin)
        .then(pl.lit("latin"))
        .otherwise(pl.lit("")),
    )
    names = names.with_columns(v=pl.col("vw").str.replace_all(" ", "", literal=True))
    names = names.join(_latin(names), on="name", how="left", maintain_order="left")
    readings = named.select(pl.col("kana").unique()).with_columns(kw=words(pl.col("kana"), "kana"))
    readings = readings.with_columns(k=key_expr(pl.col("kana"), "kana"))
    whole = named.join(names, on="name", how="left", maintain_order="left")
    return whole.join(readings, on="kana", how="left", maintain_order="left").drop("name", "kana")


def _latin(names: pl.DataFrame) -> pl.DataFrame:
    """Names in kana or Latin letters with their words in Latin letters, sorted."""
    spelled = romaji_key(fold(pl.col("vw"), "kana")).str.split(" ").list.sort().list.join(" ")
    return names.filter(pl.col("script") != "").select("name", latin=spelled)


def _about(text: pl.DataFrame) -> pl.DataFrame:
    """What a record says beside names."""
    spelled = {form: sex for sex, forms in _SEXES.items() for form in forms}
    sex = pl.col("sex").str.normalize("NFKC").str.strip_chars().str.to_lowercase()
    sexes = text.select(pl.col("sex").unique()).with_columns(
        code=sex.replace_strict(spelled, default=sex, return_dtype=pl.String)
    )
    dates = text.select(pl.col("birth").unique())
    dates = dates.with_columns(key=date_keys(dates["birth"])).with_columns(day=unordered(pl.col("key")))
    about = text.select(pl.col("row").cast(pl.Int64), "birth", "sex")
    about = about.join(dates, on="birth", how="left", maintain_order="left")
    about = about.join(sexes, on="sex", how="left", maintain_order="left")
    about = about.select("row", "day", birth="key", sex="code")
    return pl.concat([about, places(text["address"])], how="horizontal")


def align_sexes(left: pl.DataFrame, right: pl.DataFrame) -> tuple[pl.DataFrame, str]:
    """The right register with its sexes in the codes of the left, and what there is to tell ("" for nothing).

    Known words and ISO/IEC 5218 numbers are one code already. Where records of one name and birth date say
    otherwise throughout, what they say counts; codes that nothing explains are left out of the comparison.
    """
    ours, theirs = (set(frame["sex"].unique()) - {""} for frame in (left, right))
    if not ours or not theirs:
        return right, ""
    pairs = _same_day_and_name(left, right)
    learned = _learned(pairs) if pairs.height >= _ENOUGH else {}
    kept = ours | ({"m", "f"} if ours <= {"m", "f"} else set())
    mapping = {code: learned.get(code, code if code in kept else "") for code in theirs}
    changed = {code: other for code, other in mapping.items() if code != other}
    if not changed:
        return right, ""
    told = ", ".join(f"{code}={other or '?'}" for code, other in sorted(changed.items()))
    note = f"sex codes of the two registers differ; B's are read as {told} (? is not compared)"
    sexes = pl.col("sex").replace_strict(mapping | {"": ""}, return_dtype=pl.String)
    return right.with_columns(sex=sexes), note


def _same_day_and_name(left: pl.DataFrame, right: pl.DataFrame) -> pl.DataFrame:
    """Sexes (ours, theirs, pairs) of records that alone have their name and whole birth date in each
    register."""
    sides = [
        frame.filter(pl.col("day").is_not_null() & (pl.col("sex") != ""))
        .select("v", "birth", "sex")
        .unique(["v", "birth"], keep="none")
        for frame in (left, right)
    ]
    return sides[0].join(sides[1], on=["v", "birth"])


def _learned(pairs: pl.DataFrame) -> dict[str, str]:
    """Their code → ours, where nearly all pairs agree on it."""
    counts = pairs.group_by("sex_right", "sex").len()
    share = counts.with_columns(share=pl.col("len") / pl.col("len").sum().over("sex_right"))
    sure = share.filter((pl.col("share") >= _SURE) & (pl.col("len") >= _ENOUGH // 4))
    return dict(sure.select("sex_right", "sex").iter_rows())

"""Whether the first record of a CSV is a header, where the job does not say so.

Owns what is taken for one: names that are known, or a first record that cannot be like those below it.
Anything else is asked about, and never shown: it may be a person.
"""

from __future__ import annotations

from collections.abc import Sequence

from gaiji.errors import JobError
from gaiji.errors.messages import fault, tr
from gaiji.layout.roles import load_preset, preset_names
from gaiji.model.pattern import Pattern

ROWS = 50
"""Records below the first that it is held against."""
NUMBER = Pattern(r"[-+]?\d[\d,./:年月日\-]*+")
NAME = Pattern(r"[a-z_][a-z0-9_.\-]*+")
ABOUT = (
    "世帯主|世帯|宛名|個人|住民票|住民|台帳|整理|管理|識別|通知|自治体|市町村|行政区|地区|送付先|旧|現|新|前|届出|異動|転入|転出"
    "|出生|死亡|作成|更新|父|母|配偶者|本人|漢字|カナ|英字|外国人|法人|登録|申請|受付|処理|電話|郵便|学校|児童|保護者|口座|納税|保険"
)
WORDS = (
    "番号|コード|区分|氏名|名前|氏|名|姓|名称|フリガナ|ふりがな|カナ|住所|所在地|方書|生年月日|年月日|性別|続柄|備考|外字|本籍"
    "|筆頭者|通称|行政区|地区|件数|金額|年度|年齢|理由|摘要|電話|no\\.?|id|name|kana|address|code|birthday|sex|tel|zip|memo|note"
)
KNOWN = Pattern(
    rf"(?i)(?:(?:{ABOUT})_?)*(?:{WORDS})(?:[_（(・]?(?:漢字|カナ|フリガナ|コード|番号|区分|名|ローマ字|外国人)[)）]?)*[_\d]*"
)
"""Words that columns are named by, whole, and people and places are not."""


def check_header(names: Sequence[str], rows: Sequence[Sequence[str]], path: str) -> None:
    """JobError, which shows nothing of it, where the first record is not surely a header.

    ``names``: its cells; ``rows``: those of the records below, as far as they were read; ``path`` of the job.
    """
    if names and not is_header([n.strip(" \u3000\0") for n in names], rows):
        raise JobError(
            fault("E0456", "the first record of the CSV may be column names or data"),
            path=path,
            key="source.header",
            next=tr("set header = true where they are names, header = false where they are data"),
        )


def is_header(names: Sequence[str], rows: Sequence[Sequence[str]]) -> bool:
    """Whether the cells are surely column names."""
    filled = [name for name in names if name]
    if (
        filled
        and 2 * sum(map(_known, filled)) >= len(filled)
        and any(len(n) > 1 for n in filled if _known(n))
    ):
        return True  # 父 alone may be a value: of a column 続柄
    if not filled or len(set(filled)) < len(filled) or any(NUMBER.fullmatch(name) for name in filled):
        return False
    if all(NAME.fullmatch(name) for name in filled):
        return True
    below = (
        [row[column] for row in rows if column < len(row) and row[column].strip(" \u3000\0")]
        for column, name in enumerate(names)
        if name
    )
    return any(cells and all(NUMBER.fullmatch(cell.strip()) for cell in cells) for cells in below)


def _known(name: str) -> bool:
    """Whether columns are called so: by a preset, or a word of the field. Rules of roles are too wide for it:
    they find an address in the name of a place."""
    if not name or NUMBER.fullmatch(name):
        return False
    presets = (load_preset(preset) for preset in preset_names())
    return bool(KNOWN.fullmatch(name[:60])) or any(preset.role(name) for preset in presets)

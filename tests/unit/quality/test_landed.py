"""Where the rows of an entity end: at a number at which programs cut, or by themselves."""

from __future__ import annotations

import pytest

from onefunnel.landing import LandedFile
from onefunnel.quality.landed import Landed
from onefunnel.sources import DatabaseSource, FilesSource, RestSource, Source

NAMED = {"name": "s", "system": "template"}
FILES = FilesSource(**NAMED, connector="files", entities={"leads": {"path": "*.csv"}})
TABLE = DatabaseSource(**NAMED, connector="database", url_env="URL", entities={"leads": {"table": "leads"}})
BARE = RestSource(**NAMED, connector="rest", base_url="https://x.io", entities={"leads": {"path": "/leads"}})
PAGED = RestSource(
    **NAMED,
    connector="rest",
    base_url="https://x.io",
    entities={"leads": {"path": "/leads", "paging": {"by": "page", "param": "page", "size": 100}}},
)


@pytest.mark.parametrize(
    ("source", "rows", "cut_at"),
    [
        (FILES, [10_000], 10_000),
        (FILES, [1_048_575], 1_048_575),
        (FILES, [9_999], None),
        (FILES, [100], None),
        (FILES, [1000, 1000], 1000),
        (FILES, [1000, 1000, 40], None),
        (FILES, [], None),
        (TABLE, [1000], 1000),
        (BARE, [100], 100),
        (BARE, [101], None),
        (PAGED, [100], None),
        (PAGED, [10_000], 10_000),
    ],
)
def test_a_round_number_of_rows_is_where_an_export_was_cut(source: Source, rows: list[int], cut_at: int | None) -> None:
    current = [(None, LandedFile(f"{number}.csv", "", "", "", count - 1, rejected=1)) for number, count in enumerate(rows)]
    assert Landed(source, "leads", None, current, sum(rows), None, 0.0).cut_at == cut_at

"""Targets in parts are asked for; a row that stands there twice is one."""

from __future__ import annotations

import pytest
from conftest_landing import Landing

from onefunnel.errors import ConfigError

HEADER = "month,kpi,value,channel"


def _land(csv: Landing, header: str, *rows: str) -> int:
    csv.system, csv.entity = "template", "targets"
    csv.write("a.csv", "\n".join([header, *rows, ""]))
    return csv.land().rows


@pytest.mark.parametrize(
    ("header", "rows"),
    [
        (f"{HEADER},manager", ["2026-01,leads,100,,Anna", "2026-01,leads,100,,Ben", "2026-02,leads,90,,Anna"]),
        (HEADER, [f"2026-01-{day:02},leads,25,seo" for day in (5, 12, 19, 26)]),
        (f"week,{HEADER}", ["1,2026-01,leads,25,", "2,2026-01,leads,25,"]),
    ],
)
def test_targets_in_parts_are_asked_for(csv: Landing, header: str, rows: list[str]) -> None:
    with pytest.raises(ConfigError, match=r"rows are 1 targets told in parts, from 2026-01 on[\s\S]*add up to"):
        _land(csv, header, *rows)


@pytest.mark.parametrize(
    ("header", "rows"),
    [
        (HEADER, ["2026-01,leads,100,", "2026-01,leads,100,"]),
        (f"{HEADER},note", ["2026-01,leads,100,,a", "2026-02,leads,100,,b", "2026-01,sql,100,,c", "2026-01,leads,100,seo,d"]),
    ],
)
def test_targets_of_their_own_are_read(csv: Landing, header: str, rows: list[str]) -> None:
    assert _land(csv, header, *rows) == len(rows)


def test_a_column_that_says_nothing_may_be_left_out(csv: Landing) -> None:
    csv.options["ignore_columns"] = ["exported_at"]
    assert _land(csv, f"{HEADER},exported_at", "2026-01,leads,100,,1", "2026-01,leads,100,,2") == 2

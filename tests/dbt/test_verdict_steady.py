"""A source that does not record or date every stage accuses nobody: where nothing changes, at most one month in twenty names somebody.

ONEFUNNEL_STEADY_SEEDS=20 runs twenty agencies of each kind; one is run otherwise.
"""

from __future__ import annotations

import os
from collections import Counter
from datetime import date

import pytest
from steady_agency import RECORDINGS, write_agency

from benchmarks.verdict_incidents import Laboratory

pytestmark = pytest.mark.slow

SEEDS = range(1, int(os.environ.get("ONEFUNNEL_STEADY_SEEDS", "1")) + 1)
END = date(2026, 3, 31)
# the months of the last year and the quarters that end in it, as cohorts and as flows, against those before and a year ago:
# of each agency 48 + 16 headlines on each count
HEADLINES = """
    select metric, basis, comparison, month, main_department, headline_en
    from marts.mart_verdict
    where metric in ('new_clients', 'sql', 'leads') and month > date '2025-03-31'
    order by all
"""


@pytest.mark.parametrize("name", RECORDINGS)
def test_nobody_is_named_where_nothing_changes(laboratory: Laboratory, name: str) -> None:
    told, named, newest = Counter(), [], []
    for seed in SEEDS:
        sources = write_agency(laboratory.folder / "steady" / name / str(seed), seed, RECORDINGS[name], end=END)
        with laboratory.build(sources, END) as db:
            rows = db.execute(HEADLINES).fetchall()
        told += Counter(metric for metric, *_ in rows)
        accused = [(seed, *row) for row in rows if row[4] is not None]
        named += accused
        newest += [row for row in accused if row[4] == END.replace(day=1)]
    accusations = Counter(metric for _, metric, *_ in named)
    for metric, headlines in told.items():
        print(f"{name}: {accusations[metric]} of {headlines} headlines on {metric} name somebody; of the newest month {len(newest)} in all")
    assert told["new_clients"] == told["leads"] == 64 * len(SEEDS)
    for metric, headlines in told.items():
        assert accusations[metric] <= headlines / 20, [row for row in named if row[1] == metric]

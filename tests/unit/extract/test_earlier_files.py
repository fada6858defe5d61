"""Files that landed before and are delivered no more, or not as they were: what still counts, and what is told."""

from __future__ import annotations

from collections import defaultdict
from contextlib import suppress
from datetime import date, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from conftest_landing import Landing
from hypothesis import given, settings
from hypothesis import strategies as st

from onefunnel.errors import ConfigError


def test_files_that_are_gone_and_old_ones_that_are_back_are_told(csv: Landing) -> None:
    csv.write("a.csv", "a\n1\n")
    csv.write("b.csv", "a\n2\n")
    csv.land("2024-06-01")
    csv.write("a.csv", "a\n1\n3\n")
    assert csv.land("2024-06-02").warnings == ()
    csv.write("a.csv", "a\n1\n").parent.joinpath("b.csv").unlink()
    back, gone = csv.land("2024-06-03").warnings
    assert "a.csv: an old delivery is back" in back
    assert "1 landed file(s) are there no more: b.csv" in gone


def test_a_file_restored_on_the_day_it_was_spoilt_counts_again_at_once(csv: Landing) -> None:
    csv.write("a.csv", "a\n1\n")
    csv.write("b.csv", "a\n7\n")
    csv.land("2024-06-01")
    csv.write("a.csv", "a\n2\n3\n")
    csv.land("2024-06-02")
    csv.write("a.csv", "a\n1\n")
    (warning,) = csv.land("2024-06-02").warnings
    assert warning.startswith("a.csv: an old delivery is back")
    assert sorted(csv.rows()) == [("1",), ("7",)]
    assert sorted(csv.rows()) == [("1",), ("7",)]


def test_what_landed_earlier_in_a_day_and_is_gone_still_counts(csv: Landing) -> None:
    csv.write("old.csv", "a\n1\n2,x\n")
    csv.land("2024-06-01")
    (csv.folder / "in" / "old.csv").unlink()
    csv.write("new.csv", "a\n3\n")
    manifest = csv.land("2024-06-01")
    assert "1 landed file(s) are there no more: old.csv" in manifest.warnings[0]
    assert sorted(csv.rows()) == [("1",), ("3",)]
    assert csv.rejected() == [("old.csv", 2, "too_many_columns")]
    assert (manifest.rows, manifest.rejected_rows) == (2, 1)


def test_a_delta_that_grows_is_no_delta_where_rows_add_up(csv: Landing) -> None:
    csv.options |= {"delivery": "delta", "overlap": "add"}
    csv.write("a.csv", "a\n1\n2\n")
    csv.land("2024-06-01")
    csv.write("a.csv", "a\n3\n1\n")
    csv.land("2024-06-02")
    csv.write("a.csv", "a\n1\n3\n4\n")
    with pytest.raises(ConfigError, match="it holds all 2 rows of the delivery before: under `overlap: add` they") as error:
        csv.land("2024-06-03")
    assert "a.csv" in str(error.value)
    assert "`delivery: full`" in str(error.value)
    csv.options["overlap"] = "replace"
    assert csv.land("2024-06-03").warnings == ()


def test_a_delta_does_not_take_the_place_of_another_of_its_day(csv: Landing) -> None:
    csv.options["delivery"] = "delta"
    csv.write("a.csv", "a\n1\n")
    csv.land("2024-06-01")
    csv.write("a.csv", "a\n2\n")
    with pytest.raises(ConfigError, match=r"1 row\(s\) that landed under this name .* would be lost") as error:
        csv.land("2024-06-01")
    assert "deliver each part under a name of its own" in str(error.value)
    csv.write("a.csv", "a\n1\n2\n")
    csv.land("2024-06-01")
    assert sorted(csv.rows()) == [("1",), ("2",)]
    (csv.folder / "in" / "a.csv").unlink()
    csv.write("b.csv", "a\n3\n")
    assert csv.land("2024-06-01").warnings == ()
    assert sorted(csv.rows()) == [("1",), ("2",), ("3",)]


STATES = st.dictionaries(st.sampled_from(["a.csv", "b.csv", "c.csv"]), st.integers(1, 4), min_size=1)


def deliver(landing: Landing, state: dict[str, int]) -> None:
    """The folder holds these files and no others."""
    for path in (landing.folder / "in").glob("*.csv"):
        path.unlink()
    for name, content in state.items():
        landing.write(name, f"a\n{content}\n")


@pytest.mark.slow
@settings(max_examples=10, deadline=None)
@given(extractions=st.lists(st.tuples(st.booleans(), STATES), min_size=2, max_size=6))
def test_every_delta_counts_once_for_ever_or_is_refused(extractions: list[tuple[bool, dict[str, int]]]) -> None:
    ever: set[int] = set()
    moment = date(2024, 6, 1)
    with TemporaryDirectory() as folder:
        landing = Landing(Path(folder), {"path": "*.csv", "delivery": "delta"})
        for is_next_day, state in extractions:
            deliver(landing, state)
            moment += timedelta(days=is_next_day)
            with suppress(ConfigError):
                landing.land(moment.isoformat())
                ever |= set(state.values())
            assert sorted(int(value) for (value,) in landing.rows()) == sorted(ever)


@pytest.mark.slow
@settings(max_examples=25, deadline=None)
@given(extractions=st.lists(st.tuples(st.booleans(), STATES), min_size=2, max_size=6))
def test_what_the_folder_says_counts_once_and_what_it_said_under_the_same_name_no_more(
    extractions: list[tuple[bool, dict[str, int]]],
) -> None:
    """Files that are changed, renamed, swapped, copied, gone and back, extracted anew on the same day or on the next."""
    last: dict[str, int] = {}
    names: dict[int, set[str]] = defaultdict(set)
    moment = date(2024, 6, 1)
    with TemporaryDirectory() as folder:
        landing = Landing(Path(folder), {"path": "*.csv"})
        for is_next_day, state in extractions:
            deliver(landing, state)
            for name, content in state.items():
                names[content].add(name)
            moment += timedelta(days=is_next_day)
            landing.land(moment.isoformat())
            last |= state
            rows = [int(value) for (value,) in landing.rows()]
            # what a file that is gone said last counts on; where another name said the same, it may be that one's to say
            gone = {content for content in last.values() if len(names[content]) == 1}
            assert {*state.values(), *gone} <= set(rows) <= set(last.values())
            assert len(rows) == len(set(rows))


def test_a_file_that_grew_under_a_new_name_would_be_added_twice(csv: Landing) -> None:
    csv.system, csv.entity = "template", "ad_spend"
    csv.options["overlap"] = "add"
    spend = "date,channel,cost,currency\n2026-01-05,seo,5,EUR\n2026-01-06,seo,6,EUR\n"
    csv.write("old.csv", spend)
    csv.land("2024-06-01")
    (csv.folder / "in" / "old.csv").rename(csv.folder / "in" / "new.csv")
    assert "landed before" in csv.land("2024-06-02").warnings[0]
    csv.write("new.csv", spend + "2026-01-07,seo,7,EUR\n")
    with pytest.raises(ConfigError, match=r"all 2 rows of old.csv, which is gone[\s\S]*under its old name"):
        csv.land("2024-06-03")
    csv.write("new.csv", "date,channel,cost,currency\n2026-01-07,seo,7,EUR\n")
    csv.land("2024-06-03")
    assert len(csv.rows()) == 3

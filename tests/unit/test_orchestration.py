"""Which day a DAG run is about, what its tasks hand to Airflow, and what the plan refuses."""

from __future__ import annotations

from datetime import UTC, date, datetime
from types import SimpleNamespace

import pytest

from onefunnel.errors import ConfigError
from onefunnel.orchestration import MAX_RETURN_BYTES, Plan, compact, night_of, read_plan


def context(end: datetime | None = None, run_after: datetime | None = None, **params: object) -> dict:
    return {"params": params, "data_interval_end": end, "dag_run": SimpleNamespace(run_after=run_after), "run_id": "scheduled__x"}


def test_the_night_reports_the_last_whole_local_day_of_its_interval():
    # 03:00 on 1 April in Berlin
    assert night_of(context(datetime(2026, 4, 1, 1, tzinfo=UTC)), "Europe/Berlin").as_of == date(2026, 3, 31)


def test_the_local_day_counts_not_the_utc_day():
    # 23:30 UTC is half past one the next day in Berlin
    assert night_of(context(datetime(2026, 3, 31, 23, 30, tzinfo=UTC)), "Europe/Berlin").as_of == date(2026, 3, 31)
    assert night_of(context(datetime(2026, 3, 31, 23, 30, tzinfo=UTC)), "UTC").as_of == date(2026, 3, 30)


def test_a_run_without_an_interval_counts_from_the_moment_it_runs_after():
    assert night_of(context(run_after=datetime(2026, 4, 1, 12, tzinfo=UTC)), "UTC").as_of == date(2026, 3, 31)


def test_the_trigger_chooses_day_and_manner():
    night = night_of(context(datetime(2026, 4, 1, 1, tzinfo=UTC), as_of="2025-12-24", full_refresh=True, force=True), "UTC")
    assert (night.as_of, night.full_refresh, night.force, night.run_id) == (date(2025, 12, 24), True, True, "scheduled__x")


def test_a_day_that_is_not_over_is_refused():
    with pytest.raises(ConfigError, match="not over yet"):
        night_of(context(datetime(2026, 4, 1, 1, tzinfo=UTC), as_of="2999-01-01"), "UTC")


def test_a_result_for_airflow_is_plain_json_and_small():
    assert compact({"day": date(2026, 3, 31), "rows": 3}) == {"day": "2026-03-31", "rows": 3}
    assert "see the task log" in compact({"text": "x" * MAX_RETURN_BYTES})["note"]


def test_the_plan_takes_schedule_and_time_zone_from_sources(tmp_path):
    path = tmp_path / "sources.yml"
    sources = "sources: [{name: crm}, {name: old, enabled: false}]"
    path.write_text(f"schedule: 30 2 * * 1-5\nreporting: {{time_zone: Europe/Berlin}}\n{sources}", encoding="utf-8")
    assert read_plan(path) == Plan(("crm",), "Europe/Berlin", "30 2 * * 1-5")


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("sources: []", "no source is enabled"),
        ("sources: {", "not a list of sources"),
        ("sources: [{}]", "not a list of sources"),
        ("", "not a list of sources"),
    ],
)
def test_a_plan_that_names_no_source_says_so(tmp_path, text, complaint):
    path = tmp_path / "sources.yml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError, match=complaint) as caught:
        read_plan(path)
    assert caught.value.where == str(path)
    assert caught.value.hint


def test_a_missing_plan_names_the_variable_to_set(tmp_path):
    with pytest.raises(ConfigError) as caught:
        read_plan(tmp_path / "none.yml")
    assert "ONEFUNNEL_SOURCES" in caught.value.hint

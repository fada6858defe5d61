"""What is embedded: columns that exist, nothing of a single client, small enough, safe inside a script element."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest

from onefunnel.project import project_root
from onefunnel.publish.contents import PERSONAL_COLUMNS
from onefunnel.report.columns import unpack_table
from onefunnel.report.extracts import EXTRACTS
from onefunnel.report.payload import Limit, build_payload, columns_of, encode, fitted_payload, read_checks

SEEDS = project_root() / "seeds"
OF_ONE_CLIENT = PERSONAL_COLUMNS | {"client_key", "lead_id", "lead_key", "lead_attempt_key", "payment_id"}


def test_every_column_the_page_asks_for_is_in_the_contract(version: Path) -> None:
    with duckdb.connect(str(version), read_only=True) as db:
        missing = {
            f"{extract.relation}.{column}"
            for extract in EXTRACTS.values()
            if extract.columns != ("*",)
            for column in set(extract.columns) - set(columns_of(db, extract.relation))
        }
    assert not missing


def test_nothing_of_a_single_client_is_embedded(version: Path) -> None:
    with duckdb.connect(str(version), read_only=True) as db:
        tables = build_payload(db, Limit(None), SEEDS)["tables"]
    columns = {column for table in tables.values() for column in table["c"]}
    assert not columns & OF_ONE_CLIENT


def test_months_beyond_the_limit_are_left_out_and_said(version: Path) -> None:
    with duckdb.connect(str(version), read_only=True) as db:
        payload = build_payload(db, Limit(2), SEEDS)
    assert payload["months"] == ["2026-02-01", "2026-03-01"]
    assert payload["cut"]["of_months"] == 3
    assert {row["month"] for row in unpack_table(payload["tables"]["kpi"])} == {"2026-02-01", "2026-03-01"}


def test_channels_beyond_the_limit_are_left_out_but_the_total_stays(make_version: Callable[..., Path]) -> None:
    rows = [
        {"month": "2026-03-01", "kpi": "leads", "channel_key": key, "value": value, "is_partial": False}
        for key, value in (("all", 60), ("seo", 30), ("blog", 20), ("radio", 10))
    ]
    with duckdb.connect(str(make_version({"marts.mart_kpi_monthly": rows})), read_only=True) as db:
        payload = build_payload(db, Limit(None, 2), SEEDS)
    assert {row["channel_key"] for row in unpack_table(payload["tables"]["kpi"])} == {"all", "seo", "blog"}


def test_a_budget_that_is_too_small_takes_the_next_limit(version: Path) -> None:
    with duckdb.connect(str(version), read_only=True) as db:
        whole = fitted_payload(db, SEEDS, limits=[Limit(None)])
        cut = fitted_payload(db, SEEDS, budget=len(whole.encode()) - 1, limits=[Limit(None), Limit(1)])
    assert json.loads(cut)["cut"]["months"] == 1


def test_a_version_without_a_mart_still_makes_a_payload(make_version: Callable[..., Path]) -> None:
    older = make_version(without=("marts.mart_verdict", "marts.mart_change_factors", "marts.mart_winback"))
    with duckdb.connect(str(older), read_only=True) as db:
        tables = build_payload(db, Limit(None), SEEDS)["tables"]
    assert "kpi" in tables
    assert not {"verdicts", "factors", "winback"} & set(tables)


@pytest.mark.parametrize("text", ["</script><script>alert(1)</script>", "<!--", "a\u2028b", "&lt;"])
def test_text_cannot_leave_the_script_element(text: str) -> None:
    encoded = encode({"text": text})
    assert not set("<>&\u2028\u2029") & set(encoded)
    assert json.loads(encoded)["text"] == text


def test_pooled_channels_add_up_to_the_effects_of_the_mart(make_version: Callable[..., Path]) -> None:
    same = {"month": "2026-03-01", "comparison": "previous_month", "metric": "new_clients", "basis": "period", "factor": "step_paid"}
    rows = [
        {**same, "channel_key": "seo", "is_pooled": True, "effect": -1.5, "stderr": 0.5},
        {**same, "channel_key": "blog", "is_pooled": True, "effect": -0.5, "stderr": 0.25},
        {**same, "channel_key": "ppc_search", "is_pooled": False, "effect": 3.0, "stderr": 1.0},
    ]
    with duckdb.connect(str(make_version({"marts.mart_change_factors": rows})), read_only=True) as db:
        payload = build_payload(db, Limit(None), SEEDS)
    found = {row["channel_key"]: (row["effect"], row["stderr"]) for row in unpack_table(payload["tables"]["factors"])}
    assert found == {"(pooled)": (-2, 0.75), "ppc_search": (3, 1)}
    assert {row["channel_key"] for row in unpack_table(payload["tables"]["pooled"])} == {"seo", "blog"}


def test_checks_come_from_the_manifest_beside_the_version(version: Path) -> None:
    assert read_checks(version) == {}
    version.with_suffix(".json").write_text(json.dumps({"quality": {"status": "warn", "checks": {"pass": 3}, "warnings": ["late"]}}))
    assert read_checks(version) == {"status": "warn", "checks": {"pass": 3}, "warnings": ["late"]}
    version.with_suffix(".json").write_text("{")
    assert read_checks(version) == {}

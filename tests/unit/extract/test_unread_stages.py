"""Stages that a CRM tells in columns of its leads are told of; where stage entries are delivered, or no days stand there, they are not."""

from __future__ import annotations

import pytest
from conftest_landing import Landing

COLUMNS = ["Date entered Demo held", "SQL date", "Proposal sent on", "Дата договора", "became_sql_date", "contract_signed_at"]


def _told(csv: Landing, column: str, *cells: str) -> list[str]:
    csv.system, csv.entity = "template", "leads"
    rows = [f"{row},2026-01-05 10:00,seo,{cell}" for row, cell in enumerate(cells)]
    csv.write("a.csv", "\n".join([f"lead_id,created_at,channel,{column}", *rows, ""]))
    return [each for each in csv.land().warnings if "say days of stages" in each]


@pytest.mark.parametrize("column", COLUMNS)
def test_days_of_stages_in_columns_are_told(csv: Landing, column: str) -> None:
    (warning,) = _told(csv, column, "2026-01-07", "", "2026-02-03 11:00")
    assert f"columns {column} are read by nobody" in warning
    csv.options["ignore_columns"] = [column]
    assert not _told(csv, column, "2026-01-07", "")


@pytest.mark.parametrize(("column", "cell"), [("SQL date", "yes"), ("Demo", "2026-01-07"), ("birth_date", "1990-01-07"), ("SQL date", "")])
def test_other_columns_are_not(csv: Landing, column: str, cell: str) -> None:
    assert not _told(csv, column, cell, cell)


def test_when_a_deal_was_won_is_read(csv: Landing) -> None:
    assert _told(csv, "Won time", "2026-01-07")
    assert not _told(csv, "closed_at,Won time", "2026-01-07,2026-01-07")


def test_where_stage_entries_are_delivered_they_are_not(csv: Landing) -> None:
    csv.source["entities"] = {"leads": {"path": "*.csv"}, "stage_events": {"path": "events.csv"}}
    csv.write("events.csv", "event_id,lead_id,stage,entered_at\n1,1,sql,2026-01-07\n")
    csv.source["entities"]["leads"]["path"] = "a.csv"
    assert not _told(csv, "SQL date", "2026-01-07")

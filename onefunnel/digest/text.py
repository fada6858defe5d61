"""The morning message in words: verdict, five figures, signals, who must act. All words are data (headline_templates)."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import duckdb

from onefunnel.report.payload import columns_of
from onefunnel.words import headline_texts

FIGURES = ("new_clients", "revenue", "leads", "sql", "cpl")
MOST_SIGNALS = 5
# A month that has just begun says little: below so many days the last whole one is told, as on the page.
LEAST_DAYS = 7


def write_digest(version: Path, language: str, link: str) -> tuple[str, str]:
    """Title and body for a published file, opened read-only. Holds counts and figures, nothing of a single lead or client."""
    say = headline_texts(language)
    with duckdb.connect(str(version), read_only=True) as db:
        as_of = db.execute("select as_of from marts.mart_publication").fetchone()[0]
        month = as_of.replace(day=1)
        if as_of.day < LEAST_DAYS:
            month = db.execute("select cast(cast(? as date) - to_months(1) as date)", [month]).fetchone()[0]
        parts = [
            _verdict(db, month, language),
            _figures(db, month, language, say),
            _signals(db, language, say),
            _waiting(db, say),
            [say["digest_link"].format(link=link)] if link else [],
        ]
    return say["digest_title"].format(month=f"{month:%Y-%m}", day=as_of), "\n\n".join("\n".join(part) for part in parts if part)


def _verdict(db: duckdb.DuckDBPyConnection, month: date, language: str) -> list[str]:
    """The page's first line: cohorts once they are old enough to be judged, until then what happened in the month."""
    if not columns_of(db, "marts.mart_verdict"):
        return []
    row = db.execute(
        f"select headline_{language} from marts.mart_verdict where month = ? and comparison = 'previous_month' and is_first_line "
        "order by case when basis = 'cohort' and window_kind <> 'to_date' then 0 when basis = 'period' then 1 else 2 end limit 1",
        [month],
    ).fetchone()
    return [row[0]] if row else []


def _figures(db: duckdb.DuckDBPyConnection, month: date, language: str, say: dict[str, str]) -> list[str]:
    rows = db.execute(
        f"select kpi, label_{language}, unit, value, mom_pct, to_date_mom_pct, is_partial, base_currency from marts.mart_kpi_monthly "
        "join facts.dim_kpi on kpi = kpi_key cross join marts.mart_publication "
        "where month = ? and channel_key = 'all' and list_contains(?, kpi) and value is not null order by list_position(?, kpi)",
        [month, list(FIGURES), list(FIGURES)],
    ).fetchall()
    lines = []
    for _, label, unit, value, whole_pct, to_date_pct, is_partial, currency in rows:
        figure = say["digest_figure"].format(label=label, value=_number(value, currency if "currency" in unit else ""))
        change = to_date_pct if is_partial else whole_pct
        template = say["digest_change_to_date" if is_partial else "digest_change"]
        lines.append(figure if change is None else template.format(figure=figure, change=f"{change:+.0f}"))
    return lines


def _number(value: Any, currency: str) -> str:
    return f"{float(value):,.0f}".replace(",", " ") + (f" {currency}" if currency else "")


def _signals(db: duckdb.DuckDBPyConnection, language: str, say: dict[str, str]) -> list[str]:
    if not columns_of(db, "marts.mart_signal"):
        return []
    rows = db.execute(
        f"select sentence_{language} from marts.mart_signal where is_open "
        "order by channel_key <> 'all', not is_worse, display_order, channel_key"
    ).fetchall()
    if not rows:
        return [say["digest_no_signals"]]
    more = [f"- {say['digest_more'].format(n=len(rows) - MOST_SIGNALS)}"] if len(rows) > MOST_SIGNALS else []
    return [say["digest_signals"].format(n=len(rows)), *(f"- {sentence}" for (sentence,) in rows[:MOST_SIGNALS]), *more]


def _waiting(db: duckdb.DuckDBPyConnection, say: dict[str, str]) -> list[str]:
    if not columns_of(db, "marts.mart_open_leads"):
        return []
    rows = db.execute(
        "select department, count(*), count(case when is_overdue then 1 end) from marts.mart_open_leads "
        "where next_step_key is not null group by department order by department"
    ).fetchall()
    if not rows:
        return [say["digest_nobody_waits"]]
    lines = [
        say["digest_waiting"].format(department=say[f"department_{department}"], waiting=waiting, overdue=overdue)
        for department, waiting, overdue in rows
    ]
    return [say["digest_act"], *(f"- {line}" for line in lines)]

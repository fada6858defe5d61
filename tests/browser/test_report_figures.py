"""What the page shows is what the marts hold."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest
from playwright.sync_api import Page

pytestmark = [pytest.mark.browser, pytest.mark.slow]
OpenPage = Callable[..., Page]
# the page embeds five significant digits below 1 and cents above 100
CLOSE = {"rel": 1e-4, "abs": 0.006}


def numbers(page: Page, selector: str, attribute: str = "data-value") -> list[float | None]:
    return page.eval_on_selector_all(
        selector,
        "(elements, name) => elements.map(element => element.hasAttribute(name) ? Number(element.getAttribute(name)) : null)",
        attribute,
    )


def one(page: Page, selector: str, attribute: str = "data-value") -> float | None:
    found = numbers(page, selector, attribute)
    assert len(found) == 1, f"{selector}: {len(found)} elements"
    return found[0]


@pytest.mark.parametrize("channel", ["all", "ppc_search", "referral"])
def test_every_kpi_of_every_month_equals_the_mart(report: Path, demo: duckdb.DuckDBPyConnection, open_page: OpenPage, channel: str) -> None:
    page = open_page(report, f"lang=en&month=2026-02&channel={channel}&tables=kpis")
    shown = page.eval_on_selector_all(
        "#figure-kpis tbody tr",
        "rows => Object.fromEntries(rows.map(row => [row.querySelector('a').hash.replace('#at=def-', ''),"
        " [...row.querySelectorAll('td')].map(cell => cell.dataset.value === undefined ? null : Number(cell.dataset.value))]))",
    )
    expected: dict[str, list[float | None]] = {}
    for kpi, value in demo.execute(
        "select kpi, value from marts.mart_kpi_monthly where channel_key = ? and month between '2025-02-01' and '2026-02-01' "
        "order by kpi, month",
        [channel],
    ).fetchall():
        expected.setdefault(kpi, []).append(value)
    assert set(shown) == set(expected)
    for kpi, values in expected.items():
        for number, value in enumerate(values):
            assert shown[kpi][number] == (None if value is None else pytest.approx(value, **CLOSE)), f"{kpi}, month {number}"


@pytest.mark.parametrize(("month", "channel"), [("2026-03", "all"), ("2025-11", "ppc_search")])
def test_scorecard_changes_and_plans_equal_the_mart(
    report: Path, demo: duckdb.DuckDBPyConnection, open_page: OpenPage, month: str, channel: str
) -> None:
    page = open_page(report, f"lang=en&month={month}&channel={channel}")
    for kpi in ("leads", "cpl", "sal_ratio", "new_clients", "average_check", "plan_fulfilment", "revenue", "first_contact_minutes"):
        value, mom, yoy = demo.execute(
            "select value, mom_pct, yoy_pct from marts.mart_kpi_monthly "
            "where kpi = ? and channel_key = ? and month = cast(? || '-01' as date)",
            [kpi, channel, month],
        ).fetchone()
        block = f'[data-kpi="{kpi}"]'
        for attribute, selector, expected in (
            ("data-value", f"{block} [data-value]", value),
            ("data-pct", f'{block} [data-change="mom"]', mom),
            ("data-pct", f'{block} [data-change="yoy"]', yoy),
        ):
            assert one(page, selector, attribute) == (None if expected is None else pytest.approx(expected, **CLOSE)), (kpi, selector)


@pytest.mark.parametrize("channel", ["all", "seo"])
def test_the_funnel_equals_the_mart_and_marks_the_lowest_step(
    report: Path, demo: duckdb.DuckDBPyConnection, open_page: OpenPage, channel: str
) -> None:
    page = open_page(report, f"lang=en&month=2026-03&channel={channel}")
    rows = demo.execute(
        "select stage_key, entries, flow_conversion, entries_previous from marts.mart_funnel_period "
        "where event_month = '2026-03-01' and channel_key = ? order by stage_order",
        [channel],
    ).fetchall()
    for stage, entries, conversion, _ in rows:
        assert one(page, f'.funnel [data-stage="{stage}"] .value') == entries
        if conversion is not None:
            assert one(page, f'.funnel [data-stage="{stage}"] b', "data-conversion") == pytest.approx(conversion, **CLOSE)
    enough = [(conversion, stage) for stage, _, conversion, before in rows if conversion is not None and before >= 10]
    marked = page.eval_on_selector_all(".tag.lowest", "tags => tags.map(tag => tag.closest('li').dataset.stage)")
    assert marked == ([min(enough)[1]] if enough else [])


def test_cohorts_equal_the_mart_at_every_window(report: Path, demo: duckdb.DuckDBPyConnection, open_page: OpenPage) -> None:
    page = open_page(report, "lang=en&month=2026-03&window=60&heat=step")
    for month in ("2025-06-01", "2025-12-01"):
        expected = [
            value
            for (value,) in demo.execute(
                "select step_conversion from marts.mart_funnel_cohort where channel_key = 'all' and window_days = 60 "
                "and lead_month = cast(? as date) and stage_order > 1 order by stage_order",
                [month],
            ).fetchall()
        ]
        shown = numbers(page, f'#cohorts tr[data-month="{month}"] td.heat')
        assert shown == [None if value is None else pytest.approx(value, **CLOSE) for value in expected]


def test_channel_economics_equal_the_mart(report: Path, demo: duckdb.DuckDBPyConnection, open_page: OpenPage) -> None:
    page = open_page(report, "lang=en&month=2026-01&span=1")
    rows = demo.execute(
        "select channel_key, cost, leads, cpl, sql, cost_per_sql, sal_ratio, clients, cac, revenue, romi from marts.mart_channel_economics "
        "where month = '2026-01-01' and (cost <> 0 or leads > 0 or revenue <> 0)"
    ).fetchall()
    for channel, *values in rows:
        shown = numbers(page, f'.channels tr[data-channel="{channel}"] td.number')[: len(values)]
        assert shown == [None if value is None else pytest.approx(float(value), **CLOSE) for value in values], channel
    assert page.locator(".channels tbody tr").count() == len(rows)


def test_channel_economics_of_a_year_are_ratios_of_sums(report: Path, demo: duckdb.DuckDBPyConnection, open_page: OpenPage) -> None:
    page = open_page(report, "lang=en&month=2026-03&span=12")
    cost, leads = demo.execute(
        "select sum(cost), sum(leads) from marts.mart_channel_economics where channel_key = 'ppc_search' and month >= '2025-04-01'"
    ).fetchone()
    shown = numbers(page, '.channels tr[data-channel="ppc_search"] td.number')
    assert shown[:3] == [pytest.approx(float(cost), **CLOSE), leads, pytest.approx(float(cost) / leads, **CLOSE)]


@pytest.mark.parametrize("metric", ["new_clients", "sql", "revenue"])
@pytest.mark.parametrize("compare", ["previous_month", "previous_year"])
@pytest.mark.parametrize("basis", ["cohort", "period"])
def test_the_verdict_equals_the_mart_and_its_bars_add_up(
    report: Path, demo: duckdb.DuckDBPyConnection, open_page: OpenPage, metric: str, compare: str, basis: str
) -> None:
    page = open_page(report, f"lang=en&month=2026-01&metric={metric}&compare={compare}&basis={basis}")
    headline, delta, *effects = demo.execute(
        "select headline_en, delta, marketing_effect, sales_effect, market_effect from marts.mart_verdict "
        "where month = '2026-01-01' and metric = ? and comparison = ? and basis = ?",
        [metric, compare, basis],
    ).fetchone()
    assert page.inner_text("#headline").replace("→", "->").replace("−", "-").replace("\u00a0", " ") == headline
    assert numbers(page, "[data-effect]") == [pytest.approx(float(effect), **CLOSE) for effect in effects]
    assert sum(numbers(page, "[data-factor]")) == pytest.approx(float(delta), rel=1e-3, abs=0.01)


def test_speed_plan_rejections_and_winback_equal_the_marts(report: Path, demo: duckdb.DuckDBPyConnection, open_page: OpenPage) -> None:
    page = open_page(report, "lang=en&month=2026-03")
    for step, median in demo.execute(
        "select step_key, median_minutes from marts.mart_speed where owner = 'all' and month = '2026-03-01'"
    ).fetchall():
        shown = numbers(page, f'#speed tr[data-step="{step}"][data-owner="all"] td')[1]
        assert shown == (None if median is None else pytest.approx(median, **CLOSE))
    fulfilment = demo.execute("select fulfilment from marts.mart_payment_plan where plan_key = 'all' and month = '2026-03-01'").fetchone()[
        0
    ]
    assert one(page, "#plan-lead b") == pytest.approx(fulfilment, **CLOSE)
    reasons = dict(
        demo.execute("select reason_key, sum(leads) from marts.mart_rejections where month = '2026-03-01' group by 1").fetchall()
    )
    shown_reasons = page.eval_on_selector_all(
        "#figure-reasons li", "rows => rows.map(row => [row.dataset.key, Number(row.querySelector('.value').dataset.value)])"
    )
    assert len(shown_reasons) == min(len(reasons), 10)
    assert all(reasons[key] == leads for key, leads in shown_reasons)
    due = demo.execute("select count(*) from marts.mart_winback where is_due").fetchone()[0]
    assert sum(value or 0 for value in numbers(page, "#winback td:nth-child(2)")) == due


def test_excluded_rows_and_money_stand_beside_the_figures(report: Path, demo: duckdb.DuckDBPyConnection, open_page: OpenPage) -> None:
    page = open_page(report)
    left, landed = demo.execute("select sum(rows_quarantined), sum(rows_in) from marts.mart_data_quality where rule = 'all'").fetchone()
    assert f"{left:,} of {landed:,}" in page.inner_text("#excluded")
    assert page.inner_text("#quality").count(demo.execute("select version from marts.mart_publication").fetchone()[0]) == 1
    assert page.locator("#quality tr[data-source]").count() >= 1


def test_drivers_of_paid_channels_equal_the_mart_and_sum_to_the_change(
    report: Path, demo: duckdb.DuckDBPyConnection, open_page: OpenPage
) -> None:
    page = open_page(report, "lang=en&month=2026-02&tables=drivers")
    rows = demo.execute(
        "select channel_key, any_value(current_leads - base_leads), "
        "max(effect) filter (driver = 'budget'), max(effect) filter (driver = 'auction_price'), "
        "max(effect) filter (driver = 'click_rate'), max(effect) filter (driver = 'landing_rate') "
        "from marts.mart_lead_drivers where month = '2026-02-01' and comparison = 'previous_month' group by channel_key"
    ).fetchall()
    assert len(rows) > 2
    for channel, *expected in rows:
        shown = numbers(page, f"#figure-drivers tr[data-channel='{channel}'] td")
        assert shown == pytest.approx(expected, **CLOSE), channel
        assert sum(shown[1:]) == pytest.approx(shown[0], abs=0.05), channel

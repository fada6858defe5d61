"""Using the page: filters, keyboard, tables, languages, themes, print, phone; hostile, partial and empty data."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

pytestmark = [pytest.mark.browser, pytest.mark.slow]
OpenPage = Callable[..., Page]
LATEST = "(select max(month) from marts.mart_kpi_monthly)"


def test_opens_from_a_file_within_two_seconds(report: Path, open_page: OpenPage) -> None:
    best = min(open_page(report).evaluate("performance.getEntriesByName('interactive')[0].startTime") for _ in range(3))
    assert best < 2000
    assert report.stat().st_size < 3_000_000


def test_filters_change_the_figures_and_the_address(report: Path, open_page: OpenPage) -> None:
    page = open_page(report)
    leads = '[data-kpi="leads"] .value'
    whole = page.inner_text(leads)
    headline = page.inner_text("#headline")
    page.select_option("#choose-channel", "ppc_search")
    assert page.inner_text(leads) != whole
    expect(page).to_have_url(re.compile("channel=ppc_search"))
    page.select_option("#choose-month", "2025-10-01")
    assert page.inner_text("#headline") != headline
    page.click("#compare-previous_year")
    assert "a year" in page.inner_text("#verdict") or "October 2024" in page.inner_text("#verdict")
    again = open_page(report, page.evaluate("location.hash.slice(1)"))
    assert again.inner_text(leads) == page.inner_text(leads)
    assert again.locator("#choose-month").input_value() == "2025-10-01"


def test_an_address_that_names_nothing_known_is_ignored(report: Path, open_page: OpenPage) -> None:
    page = open_page(report, "lang=en&month=1999-01&channel=<script>&compare=x&tables=<b>&theme=blue&at=nowhere")
    assert page.locator("#choose-channel").input_value() == "all"
    assert page.locator("#choose-month").input_value() == "2026-03-01"


def test_a_figure_leads_to_its_definition_and_keeps_the_choices(report: Path, open_page: OpenPage) -> None:
    page = open_page(report, "lang=en&month=2026-01&channel=seo")
    page.click('[data-kpi="cpl"] a.define')
    expect(page.locator("#def-cpl")).to_be_focused()  # the browser tells the page of its new address after the click has returned
    assert page.locator("#def-cpl").is_visible()
    assert "cost / leads" in page.inner_text("#def-cpl")
    assert page.locator("#choose-channel").input_value() == "seo"


def test_every_figure_has_a_definition(report: Path, open_page: OpenPage) -> None:
    page = open_page(report, "lang=en&tables=kpis")
    targets = page.eval_on_selector_all("a.define", "links => links.map(link => link.hash.replace('#at=', ''))")
    assert len(targets) > 40
    assert page.evaluate("ids => ids.filter(id => !document.getElementById(id))", targets) == []


def test_every_chart_can_be_a_table(report: Path, open_page: OpenPage) -> None:
    page = open_page(report)
    names = page.eval_on_selector_all(".flip", "buttons => buttons.map(button => button.id)")
    assert len(names) >= 10
    for name in names:
        page.click(f"#{name}")
        figure = f"#figure-{name.removeprefix('flip-')}"
        assert page.locator(f"#{name}").get_attribute("aria-pressed") == "true"
        assert page.locator(f"{figure} table tbody tr").count() > 0, name
        assert page.evaluate("document.activeElement.id") == name
    assert page.locator(".chart").count() == 0


def test_the_keyboard_reaches_every_control(report: Path, open_page: OpenPage) -> None:
    page = open_page(report)
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.id") == "skip"
    reached = set()
    for _ in range(60):
        page.keyboard.press("Tab")
        reached.add(page.evaluate("document.activeElement.id"))
        assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") != "none"
    wanted = {"choose-month", "choose-channel", "compare-previous_year", "lang-ru", "theme", "print", "metric-revenue", "basis-cohort"}
    assert wanted <= reached
    page.focus("#lang-ru")
    page.keyboard.press("Enter")
    assert page.evaluate("document.documentElement.lang") == "ru"
    assert page.evaluate("document.activeElement.id") == "lang-ru"


def test_landmarks_headings_and_names(report: Path, open_page: OpenPage) -> None:
    page = open_page(report)
    for landmark in ("header", "main", "nav[aria-label]", "footer"):
        assert page.locator(landmark).count() == 1
    assert page.locator("h1").count() == 1
    levels = page.eval_on_selector_all("h1, h2, h3, h4", "all => all.map(each => Number(each.tagName[1]))")
    assert all(below - above <= 1 for above, below in itertools.pairwise(levels))
    assert (
        page.evaluate("[...document.querySelectorAll('button, select, a')].filter(e => !e.textContent.trim() && !e.ariaLabel).length") == 0
    )
    ids = page.eval_on_selector_all("[id]", "all => all.map(each => each.id)")
    assert len(ids) == len(set(ids))


def test_russian_words_and_labels(report: Path, open_page: OpenPage) -> None:
    page = open_page(report, "lang=ru")
    text = page.inner_text("main")
    for words in ("Показатели отделов", "Количество заявок", "Маркетинг", "Первый контакт", "Контекстная реклама: поиск"):
        assert words in text
    assert page.evaluate("document.documentElement.lang") == "ru"
    assert page.inner_text("#choose-month option:first-child").startswith("март 2026")


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1440])
@pytest.mark.parametrize("language", ["en", "ru"])
def test_nothing_sticks_out(report: Path, open_page: OpenPage, tmp_path: Path, width: int, theme: str, language: str) -> None:
    page = open_page(report, f"lang={language}", width=width, theme=theme)
    page.screenshot(path=str(tmp_path / "page.png"), full_page=True)
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert ground == ("rgb(250, 249, 246)" if theme == "light" else "rgb(21, 24, 27)")
    if width == 360:
        small = page.evaluate(
            "[...document.querySelectorAll('button, select')].filter(e => e.offsetParent && !e.matches('.pick, .sort'))"
            ".filter(e => e.getBoundingClientRect().height < 24).map(e => e.id)"
        )
        assert small == []


def test_the_theme_button_overrules_the_system(report: Path, open_page: OpenPage) -> None:
    page = open_page(report, theme="dark")
    page.click("#theme")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(250, 249, 246)"
    page.click("#theme")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(21, 24, 27)"


def test_prints_every_section_without_the_controls(report: Path, open_page: OpenPage) -> None:
    page = open_page(report, theme="dark")
    page.evaluate(
        "addEventListener('beforeprint', () => { window.charts = [...document.querySelectorAll('.chart')].map(chart => ({"
        " drawn: Boolean(chart.querySelector('svg')), text: chart.querySelector('text')?.getAttribute('fill') })) })"
    )
    assert len(re.findall(rb"/Type\s*/Page\b", page.pdf(format="A4"))) >= 4
    charts = page.evaluate("window.charts")
    assert len(charts) >= 4
    assert all(chart["drawn"] and chart["text"] == "#565d66" for chart in charts), "also those below the fold, dark on white"
    page.emulate_media(media="print")
    assert not page.locator(".filters").is_visible()
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"


def test_markup_in_the_fields_of_a_lead_stays_text(altered: Callable[..., Path], open_page: OpenPage) -> None:
    hostile = "<script>alert(1)</script><img src=x onerror=alert(2)>"
    page = open_page(
        altered(
            f"update marts.mart_speed set owner = '{hostile}' "
            "where owner = (select min(owner) from marts.mart_speed where owner not in ('all', '(none)'))",
            f"update marts.mart_rejections set requested_service = '{hostile}', is_unmet_demand = true",
            f"update marts.mart_verdict set headline_en = '{hostile}'",
            f"update facts.dim_channel set label_en = '{hostile}' where channel_key = 'seo'",
            f"update facts.dim_reason set label_en = '{hostile}' where reason_key = 'price'",
        ),
        "lang=en&channel=seo",
    )
    assert hostile in page.inner_text("#headline")
    page.select_option("#choose-channel", "all")
    assert hostile in page.inner_text("#rejections")
    assert hostile in page.inner_text("#speed")
    page.hover("#figure-cpl-history .chart")
    assert page.evaluate("document.querySelectorAll('img, script:not([type]):not([src])').length") == 2, "the page's own two scripts"


def test_a_running_month_is_compared_to_date_only(altered: Callable[..., Path], open_page: OpenPage) -> None:
    page = open_page(
        altered(
            "update marts.mart_kpi_monthly set is_partial = true, mom_pct = null, yoy_pct = null, to_date_mom_pct = 12.5 "
            f"where month = {LATEST}",
            "update marts.mart_publication set as_of = date '2026-03-18'",
        )
    )
    assert page.locator('[data-kpi="leads"] [data-change="mom"]').get_attribute("data-pct") == "12.5"
    assert "like for like" in page.inner_text("#scorecard")
    assert "to date" in page.inner_text("#choose-month option:first-child")


def test_a_stage_that_no_source_dates_has_no_count_by_month(altered: Callable[..., Path], open_page: OpenPage) -> None:
    undated = altered(
        "update marts.mart_funnel_period set entries = null, flow_conversion = null where stage_key = 'sql'",
        "update marts.mart_funnel_period set entries_previous = null, flow_conversion = null where stage_key = 'sal'",
        "update marts.mart_kpi_monthly set value = null, numerator = null where kpi in ('sql', 'sal_ratio')",
        "update facts.dim_stage set is_dated = false where stage_key = 'sql'",
        "update facts.dim_kpi set unknown_because = 'not_dated' where kpi_key in ('sql', 'sal_ratio')",
    )
    page = open_page(undated)
    assert page.locator("#funnel-cohort").get_attribute("aria-pressed") == "true"
    assert page.locator('[data-kpi="sal_ratio_cohort"]').count() == 1
    assert "not dated" in page.inner_text('[data-kpi="sql"]')
    page.click("#funnel-period")
    assert page.inner_text('.funnel [data-stage="sql"] .value') == "not dated by the source"
    assert page.locator('.funnel [data-stage="sql"] .tag').count() == 0
    assert "SQL" in page.inner_text("#funnel .note.warn")


def test_a_source_that_stopped_is_said_first(altered: Callable[..., Path], open_page: OpenPage) -> None:
    stale = altered("""update marts.mart_publication set data_through_by_source = '{"crm": "2026-03-20", "ads": "2026-03-31"}'""")
    page = open_page(stale)
    assert "crm" in page.inner_text("#notice")
    assert "ads" not in page.inner_text("#notice")


def test_empty_marts_are_said_in_words(altered: Callable[..., Path], open_page: OpenPage) -> None:
    names = ["verdict", "change_factors", "funnel_period", "funnel_cohort", "channel_economics", "speed", "rejections", "payment_plan"]
    page = open_page(
        altered(*[f"delete from marts.mart_{name}" for name in [*names, "ltv_cohort", "winback", "restatements", "data_quality"]])
    )
    assert page.locator(".empty").count() >= 10
    assert page.locator('[data-kpi="leads"]').count() == 1


def test_a_version_with_nothing_in_it_says_so(altered: Callable[..., Path], open_page: OpenPage) -> None:
    page = open_page(altered("delete from marts.mart_kpi_monthly", "delete from marts.mart_publication"))
    assert "Nothing is published yet" in page.inner_text("main")

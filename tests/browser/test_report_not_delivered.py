"""The pages of agencies that deliver little, in both languages: words where nothing is known, and never a figure."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest
from little_delivered import AGENCIES
from playwright.sync_api import Browser, Page

pytestmark = [pytest.mark.slow, pytest.mark.browser]
OpenPage = Callable[..., Page]
WORDS = {
    "en": {"not_delivered": "not delivered", "not_recorded": "not recorded", "not_dated": "not dated by the source"},
    "ru": {"not_delivered": "нет данных от источника", "not_recorded": "не отмечается", "not_dated": "источник не даёт дат"},
}


@pytest.mark.parametrize("language", WORDS)
@pytest.mark.parametrize("name", AGENCIES)
def test_no_figure_is_shown_of_what_is_not_known(
    browser: Browser, little_home: Callable[[str], Path], open_page: OpenPage, name: str, language: str
) -> None:
    home = little_home(name)
    with duckdb.connect(str(home / "published/current.duckdb"), read_only=True) as db:
        unknown = dict(db.execute("select kpi_key, unknown_because from facts.dim_kpi where unknown_because is not null").fetchall())
        unrecorded = [stage for (stage,) in db.execute("select stage_key from facts.dim_stage where not is_recorded").fetchall()]
    page = open_page(home / "published/report/index.html", f"lang={language}&month=2026-02")
    shown = {kpi: page.locator(f'[data-kpi="{kpi}"]') for kpi in unknown}
    shown = {kpi: places for kpi, places in shown.items() if places.count()}
    assert shown
    for kpi, places in shown.items():
        for text in places.all_inner_texts():
            assert WORDS[language][unknown[kpi]] in text, (kpi, text)
            assert not {"%", "€"} & set(text), (kpi, text)
    for stage in unrecorded:
        for text in page.locator(f'.funnel [data-stage="{stage}"] .value').all_inner_texts():
            assert text == WORDS[language]["not_recorded"]
    assert ("0 €" if language == "ru" else "€0") not in page.inner_text("#scorecard")

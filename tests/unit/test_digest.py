"""The morning message: once per version and reader, in their language; none of a night that was held back; at its hour."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest
from receiver import Receiver
from small_home import build_warehouse, passing_gate, settings_of

from onefunnel import state
from onefunnel.config import Digest, PipelineConfig, load_config
from onefunnel.digest import queue_digest, send_digests
from onefunnel.digest.pdf import find_browser, print_page
from onefunnel.errors import ConfigError
from onefunnel.publish.candidate import make_candidate
from onefunnel.publish.publication import publish
from onefunnel.settings import Settings

AS_OF = date(2026, 3, 31)
NOW = datetime(2026, 4, 1, 3, 0, tzinfo=UTC)
MARTS = """
create or replace table marts.mart_publication as
    select ''::varchar as version, null::timestamp as published_at, date '2026-03-31' as as_of, date '2026-03-31' as data_through,
        '{}' as data_through_by_source, ''::varchar as quality_status, 'EUR' as base_currency;
create or replace table facts.dim_kpi as select * from (values
    ('leads', 'Leads', 'Заявки', 'count'), ('revenue', 'Revenue', 'Выручка', 'base_currency')) as kpis(kpi_key, label_en, label_ru, unit);
create or replace table marts.mart_kpi_monthly as select * from (values
    (date '2026-03-01', 'leads', 'all', 630.0, 9.8, null::double, false),
    (date '2026-03-01', 'revenue', 'all', 504748.4, -9.9, null, false),
    (date '2026-02-01', 'leads', 'all', 1.0, 1.0, null, false)
    ) as figures(month, kpi, channel_key, value, mom_pct, to_date_mom_pct, is_partial);
create or replace table marts.mart_verdict as select * from (values
    (date '2026-03-01', 'previous_month', 'new_clients', 'cohort', 'to_date', 'young', 'рано', true),
    (date '2026-03-01', 'previous_month', 'leads', 'period', 'month', 'fewer leads', 'лидов меньше', false),
    (date '2026-03-01', 'previous_month', 'new_clients', 'period', 'month',
        'Clients fell from 100 to 46: sales -40', 'Клиентов меньше', true)
    ) as verdicts(month, comparison, metric, basis, window_kind, headline_en, headline_ru, is_first_line);
create or replace table marts.mart_signal as
    select 'step_paid' as metric, 'all' as channel_key, 9 as display_order, true as is_open, true as is_worse, 'sales' as owner_department,
        'contract -> client: 37 % instead of 72 %' as sentence_en, 'договор -> клиент: 37 % вместо 72 %' as sentence_ru;
create or replace table marts.mart_open_leads as
    select 'sales' as department, 'proposal_sent' as next_step_key, range < 2 as is_overdue from range(5);
"""


@pytest.fixture
def settings(tmp_path: Path, channel: Receiver, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setenv("CHEF_URL", channel.url)
    return settings_of(tmp_path / "home")


def config_of(**digest: Any) -> PipelineConfig:
    readers = [{"url_env": "CHEF_URL", "language": language} for language in ("en", "ru")]
    return PipelineConfig.model_construct(digest=Digest(**{"to": readers, "pdf": False, **digest}))


def night(settings: Settings, run_id: str, status: str = "published") -> None:
    """A run of the journal with a version of its own, or one that was held back."""
    state.start_run(settings.paths.state, run_id, AS_OF)
    version = None
    if status == "published":
        build_warehouse(settings, 1)
        with duckdb.connect(str(settings.paths.warehouse)) as db:
            db.execute(MARTS)
        candidate = make_candidate(settings, None, AS_OF, run_id)
        version = publish(candidate, passing_gate(candidate, run_id), settings).version
    state.finish_run(settings.paths.state, run_id, status, version=version)


@pytest.mark.slow
def test_it_says_what_matters_once_in_both_languages_also_after_a_retry(settings: Settings, channel: Receiver) -> None:
    night(settings, "one")
    for _ in range(2):
        queue_digest(settings, config_of(link="https://bi.example/page"), "one", now=NOW)
        send_digests(settings, now=NOW)
    english, russian = sorted((message["message"] for message in channel.messages), reverse=True, key=lambda text: text.isascii())
    assert english == (
        "Clients fell from 100 to 46: sales -40\n\n"
        "Revenue: 504 748 EUR (-10 % against the month before)\nLeads: 630 (+10 % against the month before)\n\n"
        "Out of the ordinary (1):\n- contract -> client: 37 % instead of 72 %\n\n"
        "Who must act now:\n- sales: 5 leads wait for their next step, 2 of them longer than agreed\n\n"
        "The page: https://bi.example/page"
    )
    assert russian.startswith("Клиентов меньше\n\nВыручка: 504 748 EUR (-10 % к прошлому месяцу)")
    assert "продажи: ждут следующего шага 5, из них дольше нормы 2" in russian
    assert channel.messages[0]["title"] == "onefunnel, 2026-03: how it stands on 2026-03-31"


def test_a_night_that_was_held_back_says_nothing(settings: Settings, channel: Receiver) -> None:
    night(settings, "one")
    night(settings, "two", "blocked")
    assert queue_digest(settings, config_of(), "two", now=NOW) == 0
    assert send_digests(settings, now=NOW) == 0
    assert channel.messages == []


@pytest.mark.slow
def test_it_waits_for_its_hour_and_for_a_dead_channel(settings: Settings, channel: Receiver) -> None:
    night(settings, "one")
    queue_digest(settings, config_of(at="08:00"), "one", now=NOW)
    assert send_digests(settings, now=NOW) == 0
    channel.status = 503
    assert send_digests(settings, now=NOW + timedelta(hours=6)) == 0
    channel.status = 200
    assert send_digests(settings, now=NOW + timedelta(hours=7)) == 2
    assert send_digests(settings, now=NOW + timedelta(hours=8)) == 0
    assert len(channel.messages) == 2


@pytest.mark.slow
def test_yesterdays_message_is_dropped_by_todays_and_expires(settings: Settings, channel: Receiver) -> None:
    night(settings, "one")
    channel.status = 503
    queue_digest(settings, config_of(), "one", now=NOW)
    send_digests(settings, now=NOW)
    channel.status = 200
    assert send_digests(settings, now=NOW + timedelta(hours=13)) == 0


def test_the_url_is_named_by_its_variable_only(tmp_path: Path) -> None:
    file = tmp_path / "sources.yml"
    source = "sources: [{name: crm, system: template, connector: files, entities: {leads: {path: leads.csv}}}]\n"
    file.write_text(f"version: 1\n{source}digest: {{to: [{{url_env: CHEF_URL, language: ru}}]}}\n", encoding="utf-8")
    assert load_config(file).secret_variables == {"CHEF_URL"}
    file.write_text(f"version: 1\n{source}digest: {{to: [{{url_env: 'json://secret'}}]}}\n", encoding="utf-8")
    with pytest.raises(ConfigError, match=r"digest\.to\.0\.url_env"):
        load_config(file)


@pytest.mark.slow
def test_the_page_is_printed_where_a_browser_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = tmp_path / "index.html"
    page.write_text("<h1>onefunnel</h1>", encoding="utf-8")
    if find_browser():
        printed = print_page(page, "en", tmp_path)
        assert printed is not None
        assert printed.read_bytes().startswith(b"%PDF")
    monkeypatch.setenv("ONEFUNNEL_CHROMIUM", str(tmp_path / "none"))
    assert print_page(page, "en", tmp_path) is None

"""The publication in a real Postgres: whole or not at all, counted before it is shown, for a role that can only read."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import duckdb
import psycopg
import pytest
from postgres_server import running_postgres
from pydantic import SecretStr
from small_home import build_warehouse, passing_gate, publish_number, settings_of, shown_numbers

from onefunnel.errors import OnefunnelError
from onefunnel.publish import postgres
from onefunnel.publish.candidate import make_candidate
from onefunnel.publish.forget import forget
from onefunnel.publish.manifest import current_version, retained
from onefunnel.publish.publication import heal, publish, rollback
from onefunnel.settings import Settings


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of a Postgres with a role that writes and one that reads."""
    with running_postgres(tmp_path_factory.mktemp("postgres"), "admin") as address:
        with psycopg.connect(f"postgresql://admin@{address}/postgres", autocommit=True) as admin:
            admin.execute("create role onefunnel_writer login; grant create on database postgres to onefunnel_writer")
            admin.execute("create role onefunnel_reader login")
        yield address


@pytest.fixture
def published(server: str, tmp_path: Path) -> Iterator[Settings]:
    """A home that publishes to that server, left empty for the next test."""
    url = f"postgresql://onefunnel_writer:canary-password@{server}/postgres"
    yield settings_of(tmp_path / "home", keep_versions=2, publish_postgres_url=SecretStr(url))
    with psycopg.connect(url, autocommit=True) as writer:
        for (schema,) in writer.execute("select nspname from pg_namespace where nspname like 'marts%' or nspname = 'facts'").fetchall():
            writer.execute(f'drop schema "{schema}" cascade')


def read(server: str, query: str) -> list[tuple[object, ...]]:
    """What BI gets, as the role that can only read."""
    with psycopg.connect(f"postgresql://onefunnel_reader@{server}/postgres") as reader:
        return reader.execute(query).fetchall()


def test_what_users_build_on_a_mart_lives_on_and_shows_the_next_version(server: str, published: Settings) -> None:
    publish_number(published, 1)
    with psycopg.connect(published.publish_postgres_url.get_secret_value(), autocommit=True) as writer:
        writer.execute("create schema team; create view team.kpis as select value from marts.mart_kpi_monthly")
        try:
            publish_number(published, 2)
            assert writer.execute("select min(value) from team.kpis").fetchall() == [(2.0,)]
        finally:
            writer.execute("drop schema team cascade")


def test_a_mart_that_has_other_columns_than_before_is_shown_with_them(server: str, published: Settings) -> None:
    publish_number(published, 1)
    with psycopg.connect(published.publish_postgres_url.get_secret_value(), autocommit=True) as writer:
        writer.execute("drop view marts.mart_publication; create view marts.mart_publication as select 1 as other")
    publish_number(published, 2)
    assert read(server, "select count(version) from marts.mart_publication") == [(1,)]


def test_readers_see_the_marts_of_the_version_and_nothing_else(server: str, published: Settings) -> None:
    version = publish_number(published, 1).version
    assert read(server, "select count(*), min(value), min(month) from marts.mart_kpi_monthly") == [(50, 1.0, date(2026, 1, 1))]
    assert read(server, "select version from marts.mart_publication") == [(version,)]
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        read(server, f"select * from {postgres.schema_of(version)}.mart_kpi_monthly")
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        read(server, "delete from marts.mart_kpi_monthly returning 1")


def test_switching_and_rollback_follow_the_file_and_old_schemas_go(server: str, published: Settings) -> None:
    for number in (1, 2, 3):
        publish_number(published, number, date(2026, 3, number))
    assert read(server, "select distinct value from marts.mart_kpi_monthly") == [(3.0,)]
    assert rollback(published).version == postgres.shown_version(published) == current_version(published)
    assert read(server, "select distinct value from marts.mart_kpi_monthly") == [(2.0,)]
    kept = {postgres.schema_of(manifest.version) for manifest in retained(published)}
    assert {str(row[0]) for row in read(server, r"select nspname from pg_namespace where nspname like 'marts\_\_%'")} == kept


def test_labels_and_comments_are_there_and_a_rollback_shows_the_older_ones(server: str, published: Settings) -> None:
    column = {"label_ru": {"description": "It's the label in Russian."}}
    model = {"schema": "facts", "name": "dim_channel", "resource_type": "model", "description": "Channels.", "columns": column}
    published.paths.target.mkdir(parents=True)
    (published.paths.target / "manifest.json").write_text(json.dumps({"nodes": {"model.dim_channel": model}}))
    publish_number(published, 1)
    publish_number(published.model_copy(update={"publish_facts": True}), 2)
    labelled = "select distinct label_en, label_ru from marts.mart_kpi_monthly inner join facts.dim_channel using (channel_key)"
    assert read(server, labelled) == [("Channel 2", "Канал 2")]
    assert read(server, "select count(*) from facts.fct_payment") == [(50,)]
    said = "select obj_description('facts.dim_channel'::regclass), col_description('facts.dim_channel'::regclass, 3)"
    assert read(server, said) == [("Channels.", "It's the label in Russian.")]
    rollback(published)
    assert read(server, labelled) == [("Channel 1", "Канал 1")]
    assert read(server, "select table_name from information_schema.views where table_schema = 'facts'") == [("dim_channel",)]


def test_a_mart_that_changes_its_columns_is_switched_too(server: str, published: Settings) -> None:
    publish_number(published, 1)
    build_warehouse(published, 2)
    with duckdb.connect(str(published.paths.warehouse)) as db:
        db.execute("alter table marts.mart_kpi_monthly rename column value to amount")
        db.execute(
            "create table marts.mart_new as select 1.50::decimal(18, 2) as money, null::timestamp as at, 'a' || chr(9) || 'b' as text"
        )
    candidate = make_candidate(published, None, date(2026, 3, 31), "run")
    publish(candidate, passing_gate(candidate), published)
    assert read(server, "select distinct amount from marts.mart_kpi_monthly") == [(2.0,)]
    assert str(read(server, "select * from marts.mart_new")) == "[(Decimal('1.50'), None, 'a\\tb')]"


def test_a_reader_in_the_middle_of_a_transaction_delays_the_switch_and_is_not_broken(server: str, published: Settings) -> None:
    publish_number(published, 1)
    with psycopg.connect(f"postgresql://onefunnel_reader@{server}/postgres", autocommit=True) as reader:
        for number in range(2, 6):
            publish_number(published, number)
            numbers = reader.execute("select distinct value from marts.mart_kpi_monthly").fetchall()
            assert numbers == [(float(number),)]


def test_a_server_that_is_down_keeps_the_old_version_everywhere(server: str, published: Settings, tmp_path: Path) -> None:
    publish_number(published, 1)
    down = settings_of(published.home, publish_postgres_url=SecretStr("postgresql://writer:canary-password@127.0.0.1:9/postgres"))
    with pytest.raises(OnefunnelError, match="Postgres") as raised:
        publish_number(down, 2)
    assert "canary-password" not in str(raised.value)
    assert shown_numbers(published.paths.current) == {1.0}
    assert read(server, "select distinct value from marts.mart_kpi_monthly") == [(1.0,)]


def test_views_left_behind_by_a_kill_are_repaired(server: str, published: Settings) -> None:
    first = publish_number(published, 1).version
    second = publish_number(published, 2).version
    postgres.show(published, first)
    assert any(second in done for done in heal(published))
    assert read(server, "select distinct value from marts.mart_kpi_monthly") == [(2.0,)]


def test_an_erased_client_is_gone_from_every_schema(server: str, published: Settings) -> None:
    build_warehouse(published, 1)
    with duckdb.connect(str(published.paths.warehouse)) as db:
        db.execute(
            "create table marts.mart_customer_value as select 'demo:c77' as client_key, 5.0 as ltv_net union all select 'demo:c8', 6.0"
        )
    candidate = make_candidate(published, None, date(2026, 3, 31), "run")
    publish(candidate, passing_gate(candidate), published)
    forget(published, "c77")
    clients = [str(row[0]) for row in read(server, "select client_key from marts.mart_customer_value order by ltv_net")]
    assert clients[0].startswith("demo:erased-")
    assert clients[1] == "demo:c8"

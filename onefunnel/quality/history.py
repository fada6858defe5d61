"""What BI shows and a candidate no longer has: a full delivery that was cut or filtered takes the place of all that lay before.

Only rows that nothing stands in for are lost: their key is gone, and their day has that many fewer. So neither a row that moved to another
day nor new keys for the same rows count. On a night that takes nothing away, days are counted and no key is compared.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import duckdb

from onefunnel.durable import remove_quietly
from onefunnel.extract.normalise import literal
from onefunnel.publish.manifest import current_manifest, version_file

if TYPE_CHECKING:
    from onefunnel.settings import Settings

# One or two rows less are a correction or a deletion in the source; this many neighbours, or so large a part, are not.
SURELY_LOST = 3
LOST_PCT = 10
# A file of one month among many is a small part of all.
LOST_IN_MONTH, LOST_OF_MONTH_PCT = 10, 25
COLUMNS = "entity, source_name, first_day, last_day, shown, money, loss"
NOTHING = f"(select * from (values ('', '', date '2000-01-01', date '2000-01-01', '', 0.0, '')) as nothing({COLUMNS}) where false)"
# What the small facts without a source were made from; where that changed, they are not compared.
SOURCES = (
    "(select string_agg(distinct source_name, ' and ' order by source_name) from {catalog}facts.fct_row_count "
    "where contract_entity = '{entity}')"
)


@dataclass(frozen=True)
class Told:
    """The rows of a fact that an entity tells: their day and money, and the key by which another night knows them.

    key: "" where rows have no identity of their own (spend by other campaigns, another target for the month): then days are compared.
    stand_in: what another row may say instead. elsewhere: a relation with the keys of rows that count no more, and why.
    surely: so many rows of neighbouring days are lost.
    """

    relation: str
    day: str
    money: str
    condition: str = "true"
    key: str = ""
    stand_in: str = ""
    elsewhere: str = ""
    source: str = "source_name"
    surely: int = SURELY_LOST


# What onefunnel adds to the delivered entries has a name before the first `#`, and no source
DELIVERED = "not is_imputed and split_part(stage_event_key, '#', 1) like '%:%'"
ENTITIES = {
    "leads": Told("facts.fct_lead_funnel", "created_date", "0", "attempt_number = 1", "lead_key", elsewhere="facts.fct_excluded_lead"),
    # where a CRM keeps one date for each stage, a lead that comes into it again has a new entry for the old one
    "stage_events": Told(
        *("facts.fct_stage_event", "local_day(entered_at)", "0", DELIVERED, "stage_event_key", "lead_key || '|' || stage_key"),
        source="split_part(stage_event_key, ':', 1)",
    ),
    "payments": Told("facts.fct_payment", "paid_date", "abs(amount_base)", key="payment_key"),
    "payment_plan": Told("facts.fct_payment_plan", "due_date", "planned_base", key="plan_key"),
    "ad_spend": Told("facts.fct_ad_spend", "spend_date", "cost_base", "cost_kind = 'ad_spend' and cost_base <> 0", surely=1),
    "channel_costs": Told("facts.fct_ad_spend", "spend_date", "cost_base", "cost_kind = 'channel_cost' and cost_base <> 0"),
    "targets": Told("facts.fct_target", "month", "0", source=SOURCES),
    "market_index": Told("facts.fct_market_index", "starts_on", "0", source=SOURCES),
    "holidays": Told("facts.dim_date", "date_day", "0", "is_holiday", source=SOURCES),
}

OUT = "select source_name, contract_entity as entity, sum(rows_quarantined) as row_count from {catalog}facts.fct_row_count group by all"


def lost_rows(settings: Settings, candidate: Path, history_from: date = date.min) -> str:
    """SQL relation (COLUMNS) of what BI shows of a source that is still there, and the candidate has not. money: base currency, gross.

    loss: `days`, neighbours of which nothing is left; `rows`, too large a part of the rows; `few`, which a correction or a deletion may be.
    Raises duckdb.Error when the candidate cannot be read.
    """
    manifest = current_manifest(settings)
    if manifest is None:
        return NOTHING
    spill = Path(f"{candidate}.spill")
    limits: dict[str, Any] = {"threads": settings.threads, "memory_limit": settings.memory_limit, "temp_directory": str(spill)}
    try:
        with duckdb.connect(config=limits) as db:
            db.execute(f"attach {literal(str(version_file(settings, manifest.version)))} as shown (read_only)")
            db.execute(f"attach {literal(str(candidate))} as now (read_only)")
            published = db.execute("select as_of, reporting_time_zone from now.marts.mart_publication").fetchone()
            as_of, zone = published or (manifest.as_of_date, "UTC")
            _name_local_day(db, zone, as_of.year)
            # a night for an earlier day has nothing of later days, nor all moments of its own; what is planned for later may change
            last = manifest.as_of_date if as_of >= manifest.as_of_date else as_of - timedelta(days=1)
            _count_days(db, history_from, last)
            _find_rows(db)
            found = db.execute(f"select {COLUMNS} from ({LOST}) order by all").fetchall()
    finally:
        remove_quietly(spill)
    return _relation_of(found)


def _name_local_day(db: duckdb.DuckDBPyConnection, zone: str, year: int) -> None:
    """The clock of summer all year: a moment of which only the day is known falls on that day, and no row pays for a conversion."""
    ahead = max(datetime(year, month, 1, tzinfo=ZoneInfo(zone)).utcoffset() or timedelta() for month in (1, 7))
    db.execute(f"create temp macro local_day(moment) as cast(moment + to_minutes({int(ahead.total_seconds()) // 60}) as date)")


def _count_days(db: duckdb.DuckDBPyConnection, first: date, last: date) -> None:
    """Table days: rows and money of each day that BI shows and of the same day now; table newly_out: what is told as set aside."""
    for name in ("days_shown", "days_now", "out_shown", "out_now"):
        db.execute(f"create temp table {name} (entity varchar, source_name varchar, day date, row_count bigint, money double)")
    for entity, told in ENTITIES.items():
        if _is_told(db, _by_day(entity, "shown.")) and _is_told(db, f"select {told.key or 1} from shown.{told.relation}"):
            db.execute(f"insert into days_shown {_by_day(entity, 'shown.')}")
            db.execute(f"insert into days_now {_by_day(entity, 'now.')}")
    db.execute(
        "create temp table days as select days_shown.*, coalesce(days_now.row_count, 0) as rows_now, "
        "coalesce(days_now.money, 0) as money_now, days_shown.money as money_lost, "
        "case when days_now.row_count is null then days_shown.row_count else 0 end as lost "
        "from days_shown left join days_now using (entity, source_name, day) where day between ? and ? "
        "and (entity, source_name) in (select (entity, source_name) from days_now)",
        [first, last],
    )
    if _is_told(db, OUT.format(catalog="shown.")):
        db.execute(f"insert into out_shown by name {OUT.format(catalog='shown.')}")
        db.execute(f"insert into out_now by name {OUT.format(catalog='now.')}")
    db.execute(
        "create temp table newly_out as select entity, source_name, "
        "greatest(out_now.row_count - coalesce(out_shown.row_count, 0), 0) as row_count "
        "from out_now left join out_shown using (entity, source_name)"
    )


def _find_rows(db: duckdb.DuckDBPyConnection) -> None:
    """Of entities whose rows have keys: how many rows of each day that has fewer are gone, and their money."""
    fewer = db.execute("select distinct entity from days where rows_now < row_count").fetchall()
    for entity, told in ((entity, ENTITIES[entity]) for (entity,) in fewer if ENTITIES[entity].key):
        known = " union all ".join(f"select {told.key} from now.{relation}" for relation in (told.relation, told.elsewhere) if relation)
        stands_in = f"and {told.stand_in} not in (select {told.stand_in} from now.{told.relation} where {told.condition})"
        db.execute(
            f"create or replace temp table gone as select {told.source} as source_name, {told.day} as day, count(*) as row_count, "
            f"cast(sum({told.money}) as double) as money from shown.{told.relation} where {told.condition} "
            f"and ({told.source}, {told.day}) in (select (source_name, day) from days where entity = '{entity}' and rows_now < row_count) "
            f"and {told.key} not in ({known}) {stands_in if told.stand_in else ''} group by all"
        )
        db.execute(f"update days set lost = 0 where entity = '{entity}'")
        db.execute(
            "update days set lost = least(gone.row_count, days.row_count - rows_now), "
            "money_lost = gone.money * least(gone.row_count, days.row_count - rows_now) / gone.row_count "
            f"from gone where entity = '{entity}' and days.source_name = gone.source_name and days.day = gone.day"
        )


def _is_told(db: duckdb.DuckDBPyConnection, query: str) -> bool:
    """Whether BI's version, which an older onefunnel may have built, has what the query asks for."""
    try:
        db.execute(f"explain {query}")
    except (duckdb.CatalogException, duckdb.BinderException):
        return False
    return True


def _by_day(entity: str, catalog: str) -> str:
    told = ENTITIES[entity]
    source = told.source.format(catalog=catalog, entity=entity)
    return (
        f"select '{entity}' as entity, {source} as source_name, cast({told.day} as date) as day, count(*) as row_count, "
        f"cast(sum({told.money}) as double) as money from {catalog}{told.relation} where {told.condition} group by all"
    )


BY_KEY = ", ".join(f"'{entity}'" for entity, told in ENTITIES.items() if told.key)
SURELY = " ".join(f"when '{entity}' then {told.surely}" for entity, told in ENTITIES.items())
LOST = f"""
    with of_months as (
        select entity, source_name, sum(lost) as lost, sum(row_count) as row_count
        from days group by entity, source_name, date_trunc('month', day)
    ),
    judged as (
        select
            of_months.entity,
            of_months.source_name,
            sum(lost) - coalesce(any_value(newly_out.row_count), 0) as unexplained,
            unexplained >= {SURELY_LOST} and (
                100 * unexplained > {LOST_PCT} * sum(of_months.row_count)
                or bool_or(
                    lost - coalesce(newly_out.row_count, 0) >= {LOST_IN_MONTH}
                    and 100 * (lost - coalesce(newly_out.row_count, 0)) > {LOST_OF_MONTH_PCT} * of_months.row_count
                )
            ) as is_large
        from of_months left join newly_out using (entity, source_name) group by all
    ),
    marked as (
        select *, lost = row_count as is_whole,
            row_number() over (partition by entity, source_name order by day)
            - row_number() over (partition by entity, source_name, lost = row_count order by day) as neighbours
        from days
    ),
    weighed as (
        select marked.*, case
            when is_whole and sum(lost) over (partition by entity, source_name, is_whole, neighbours) >= case entity {SURELY} end
                and (entity not in ({BY_KEY}) or unexplained >= {SURELY_LOST}) then 'days'
            when entity in ({BY_KEY}) and is_large then 'rows'
            else 'few'
        end as loss
        from marked inner join judged using (entity, source_name) where lost > 0
    )
    select entity, source_name, min(day) as first_day, max(day) as last_day, sum(lost) || ' rows' as shown, sum(money_lost) as money, loss
    from weighed group by entity, source_name, loss, case when loss = 'days' then neighbours end
    union all
    -- spend has no rows to miss: where campaigns were left out, its days are there and cost less
    select entity, source_name, min(day), max(day), 'less on ' || count(*) || ' days', sum(money - money_now), 'few'
    from days where entity in ('ad_spend', 'channel_costs') and rows_now > 0 and money_now < money
    group by entity, source_name
    having 100 * sum(money - money_now) > {LOST_PCT} * (
        select sum(money) from days as of_all where of_all.entity = days.entity and of_all.source_name = days.source_name
    )
"""


def _relation_of(found: Iterable[tuple[str, str, date, date, str, float, str]]) -> str:
    rows = ", ".join(
        f"({literal(entity)}, {literal(source)}, date '{first}', date '{last}', {literal(shown)}, {money or 0.0!r}::double, '{loss}')"
        for entity, source, first, last, shown, money, loss in found
    )
    return f"(select * from (values {rows}) as lost({COLUMNS}))" if rows else NOTHING

"""Days that BI shows and a candidate no longer has: a delivery of the newest days alone takes the place of all that lay before."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

from onefunnel.extract.normalise import literal
from onefunnel.publish.manifest import current_manifest, version_file

if TYPE_CHECKING:
    from onefunnel.settings import Settings

# What happened on a day, its money, and which rows of the fact tell it.
DAILY = {
    "leads": ("facts.fct_lead_funnel", "created_date", "0", "attempt_number = 1"),
    "ad_spend": ("facts.fct_ad_spend", "spend_date", "cost_base", "cost_kind = 'ad_spend' and cost_base <> 0"),
    "payments": ("facts.fct_payment", "paid_date", "abs(amount_base)", "true"),
}
# One or two rows less are a correction or a deletion in the source; this many neighbours are not.
SURELY_LOST = 3
SHOWN = ".published_days.parquet"
SHAPE = "entity varchar, source_name varchar, day date, row_count bigint, money double"


def lost_days(settings: Settings, folder: Path) -> str:
    """SQL relation (entity, source_name, first_day, last_day, row_count, money, is_sure) over a candidate: neighbouring days of a source
    that is still there, of which BI shows rows and the candidate has none. money: base currency, gross. Writes SHOWN into `folder`.
    """
    shown = folder / SHOWN
    with duckdb.connect() as db:
        db.execute(f"create table days ({SHAPE})")
        manifest = current_manifest(settings)
        if manifest:
            db.execute(f"attach {literal(str(version_file(settings, manifest.version)))} as shown (read_only)")
            there = db.execute("select schema_name || '.' || table_name from duckdb_tables() where database_name = 'shown'").fetchall()
            for entity, (relation, *_) in DAILY.items():
                if (relation,) in there:
                    db.execute(f"insert into days {_by_day(entity, 'shown.')}")
        db.execute(f"copy days to {literal(str(shown))} (format parquet)")
    now = " union all ".join(_by_day(entity) for entity in DAILY)
    return f"""(
        with shown as (from read_parquet({literal(str(shown))})),
        now as ({now}),
        marked as (
            select shown.*, now.day is null as is_gone,
                row_number() over (partition by shown.entity, shown.source_name order by shown.day)
                - row_number() over (partition by shown.entity, shown.source_name, now.day is null order by shown.day) as neighbours
            from shown left join now on shown.entity = now.entity and shown.source_name = now.source_name and shown.day = now.day
            where (shown.entity, shown.source_name) in (select (entity, source_name) from now)
        )
        select entity, source_name, min(day) as first_day, max(day) as last_day, sum(row_count) as row_count, sum(money) as money,
            entity = 'ad_spend' or sum(row_count) >= {SURELY_LOST} as is_sure
        from marked where is_gone group by entity, source_name, neighbours
    )"""


def _by_day(entity: str, catalog: str = "") -> str:
    relation, day, money, condition = DAILY[entity]
    return (
        f"select '{entity}' as entity, source_name, cast({day} as date) as day, count(*) as row_count, "
        f"cast(sum({money}) as double) as money from {catalog}{relation} where {condition} group by all"
    )

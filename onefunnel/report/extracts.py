"""Which columns of which published tables the page shows. Nothing of a single lead or client is among them."""

from __future__ import annotations

from dataclasses import dataclass, field


def _names(text: str) -> tuple[str, ...]:
    return tuple(text.split())


@dataclass(frozen=True)
class Extract:
    """Which columns of a relation the page needs. `month`: the column that the month limit cuts; `where`: rows that say something;
    `expressions`: SQL for a column that is not taken as it is."""

    relation: str
    columns: tuple[str, ...]
    order: str = ""
    month: str = ""
    where: str = "true"
    expressions: dict[str, str] = field(default_factory=dict)


EXTRACTS: dict[str, Extract] = {
    "channels": Extract(
        "facts.dim_channel",
        _names("channel_key label_en label_ru channel_group group_label_en group_label_ru is_paid"),
        "display_order, channel_key",
    ),
    "stages": Extract(
        "facts.dim_stage",
        _names("stage_key stage_order department label_en label_ru is_terminal role is_recorded is_dated"),
        "stage_order nulls last, 1",
    ),
    "reasons": Extract("facts.dim_reason", ("reason_key", "label_en", "label_ru", "reason_group"), "reason_key"),
    "kpis": Extract(
        "facts.dim_kpi",
        _names("kpi_key label_en label_ru department unit direction formula basis unknown_because"),
        "display_order, kpi_key",
    ),
    "kpi": Extract(
        "marts.mart_kpi_monthly",
        _names(
            "kpi channel_key month numerator denominator value mom_pct yoy_pct to_date_mom_pct to_date_yoy_pct target target_pct is_partial"
        ),
        "kpi, channel_key, month",
        "month",
        "value is not null or target is not null",
        # what a ratio was divided from and by is shown; of other KPIs it would repeat the value
        {
            part: f"case when kpi in (select kpi_key from facts.dim_kpi where unit = 'ratio') then {part} end"
            for part in ("numerator", "denominator")
        },
    ),
    "funnel_period": Extract(
        "marts.mart_funnel_period",
        _names(
            "channel_key stage_key event_month entries entries_previous exits_rejected exits_returned exits_lost "
            "exits_partner_handoff is_partial"
        ),
        "channel_key, stage_order, event_month",
        "event_month",
        "entries > 0 or entries_previous > 0 or exits > 0",
    ),
    "funnel_cohort": Extract(
        "marts.mart_funnel_cohort",
        _names("channel_key window_days stage_key lead_month leads reached reached_imputed reached_previous open is_mature"),
        "channel_key, window_days, stage_order, lead_month",
        "lead_month",
        "leads > 0",
    ),
    "economics": Extract(
        "marts.mart_channel_economics",
        _names("channel_key month cost leads sql sal clients revenue net_income is_partial"),
        "channel_key, month",
        "month",
        "cost <> 0 or leads > 0 or revenue <> 0",
    ),
    "drivers": Extract(
        "marts.mart_lead_drivers",
        _names("comparison month channel_key driver base current effect base_leads current_leads"),
        "comparison, month, channel_key, driver",
        "month",
    ),
    "speed": Extract(
        "marts.mart_speed",
        (
            "step_key",
            "owner",
            "month",
            "department",
            "n",
            "median_minutes",
            "p90_minutes",
            "n_business",
            "median_business_minutes",
            "p90_business_minutes",
            "sla_business_minutes",
            "within_sla",
            "within_sla_pct",
            "overdue_open",
        ),
        "step_key, owner, month",
        "month",
    ),
    "rejections": Extract(
        "marts.mart_rejections",
        _names(
            "month channel_key reason_key lost_after_stage_key requested_service lost_department leads leads_undated "
            "leads_handed_off is_unmet_demand"
        ),
        "all",
        "month",
    ),
    "plan": Extract(
        "marts.mart_payment_plan",
        _names("month plan_lines planned paid on_time outstanding overdue fulfilment"),
        "month",
        where="plan_key = 'all'",
    ),
    "ltv": Extract(
        "marts.mart_ltv_cohort",
        _names("channel_key first_payment_month months_since clients net_income cumulative_net_income is_partial"),
        "channel_key, first_payment_month, months_since",
        "first_payment_month",
    ),
    "verdicts": Extract(
        "marts.mart_verdict",
        _names(
            "metric comparison basis month base current delta marketing_effect marketing_stderr sales_effect sales_stderr "
            "market_effect market_stderr undivided_effect undivided_stderr p_marketing p_sales p_market "
            "main_department confidence headline_en headline_ru caveats_en caveats_ru window_kind window_days is_first_line"
        ),
        "metric, comparison, basis, month",
        "month",
    ),
    "gains": Extract(
        "marts.mart_step_gain",
        _names("channel_key stage_key month window_days entered rate usual_rate lost_clients is_bottleneck gain_clients gain_revenue"),
        "channel_key, stage_key",
    ),
    "signals": Extract(
        "marts.mart_signal",
        _names(
            "metric channel_key week average expected lower_limit upper_limit is_out is_worse is_open owner_department "
            "display_order label_en label_ru sentence_en sentence_ru"
        ),
        "metric, channel_key, week",
        # a year of charts
        where="week > (select max(week) from marts.mart_signal) - 364",
        expressions={f"sentence_{language}": f"case when is_open then sentence_{language} end" for language in ("en", "ru")},
    ),
    "quality": Extract("marts.mart_data_quality", ("*",), "all"),
    "publication": Extract("marts.mart_publication", ("*",)),
}

# The page counts who waits, it does not list leads.
OPEN_LEADS = """
    select
        next_step_key, department, owner, channel_key, count(*) as waiting, count(case when is_overdue then 1 end) as overdue,
        max(waiting_days) as longest_days
    from marts.mart_open_leads
    where next_step_key is not null
    group by all order by all
"""

# The page counts calls, it does not list people.
WINBACK = """
    select
        case when due_on <= as_of then 'due' when due_on <= as_of + 7 then 'week' else 'later' end as moment,
        suggested_action, channel_key, count(*) as clients
    from marts.mart_winback cross join (select max(as_of) as as_of from marts.mart_publication)
    group by all order by all
"""

# Channels too small to stand alone share their step rates, so their effects stand as one row, `(pooled)`: what is known about them.
# A shared rate moves all of them together (errors add up); their own lead counts vary apart (errors add in squares).
FACTORS = """
    with rows as (
        select
            *,
            case when is_pooled then '(pooled)' else channel_key end as group_key,
            is_pooled and factor = 'channel_mix' as is_pooled_mix
        from marts.mart_change_factors
        -- of three months the page shows the headline alone
        where month >= cast($first as date) and comparison in ('previous_month', 'previous_year')
    )
    select
        metric, comparison, basis, group_key as channel_key, factor, first_step, owner_department, month,
        case when not bool_or(is_pooled_mix) then any_value(base) end as base,
        case when not bool_or(is_pooled_mix) then any_value("current") end as current,
        sum(effect) as effect,
        case when bool_or(is_pooled_mix) then sqrt(sum(stderr * stderr)) else sum(stderr) end as stderr
    from rows
    group by all
    having abs(sum(effect)) > 1e-9
    order by metric, comparison, basis, channel_key, factor, month
"""
POOLED = """
    select distinct comparison, basis, month, channel_key from marts.mart_change_factors
    where is_pooled and metric = 'new_clients' and comparison in ('previous_month', 'previous_year') and month >= cast($first as date)
    order by all
"""

-- Marts that lay the cells counted before out by period: no fact is read again but for the exits.
create or replace table mart_funnel_period as
with exits as (

    select
        outcome_month as month,
        lost_after_stage_key as stage_key,
        coalesce(channel_key, 'all') as channel_key,
        count(*) filter (outcome = 'rejected') as exits_rejected,
        count(*) filter (outcome = 'returned') as exits_returned,
        count(*) filter (outcome = 'lost') as exits_lost,
        count(*) as exits
    from fct_lead_funnel
    where lost_after_stage_key is not null
    group by grouping sets ((outcome_month, lost_after_stage_key, channel_key), (outcome_month, lost_after_stage_key))

),

entries as (

    select
        months.month,
        channel_keys.channel_key,
        stages.stage_key,
        stages.stage_order,
        stages.department,
        coalesce(cast(amount as bigint), 0) as entries
    from months
    cross join channel_keys
    inner join stages on not stages.is_terminal
    left join month_cells
        on months.month = month_cells.month and channel_keys.channel_key = month_cells.channel_key
        and case stages.stage_order when 1 then 'attempts' else 'stage_' || stages.stage_key end = month_cells.measure

),

in_order as (

    select *, lag(entries) over (partition by month, channel_key order by stage_order) as entries_previous from entries

)

select
    month as event_month,
    channel_key,
    stage_key,
    stage_order,
    department,
    entries,
    entries_previous,
    share(entries, entries_previous) as flow_conversion,
    coalesce(exits_rejected, 0) as exits_rejected,
    coalesce(exits_returned, 0) as exits_returned,
    coalesce(exits_lost, 0) as exits_lost,
    coalesce(exits, 0) as exits,
    0 as exits_partner_handoff,
    false as is_partial
from in_order
left join exits using (month, channel_key, stage_key);

-- ---------- what the leads of a month became, against what was spent in it
create or replace table mart_channel_economics as
with sums as (

    select
        month,
        channel_key,
        coalesce(sum(amount) filter (measure = 'cost'), 0) as cost,
        coalesce(sum(amount) filter (measure = 'leads'), 0) as leads,
        coalesce(sum(amount) filter (measure = 'cohort_sql'), 0) as sql,
        coalesce(sum(amount) filter (measure = 'cohort_sal'), 0) as sal,
        coalesce(sum(amount) filter (measure = 'cohort_clients'), 0) as clients,
        coalesce(sum(amount) filter (measure = 'cohort_revenue'), 0) as revenue,
        coalesce(sum(amount) filter (measure = 'cohort_net_income'), 0) as net_income
    from months
    cross join channel_keys
    left join month_cells using (month, channel_key)
    group by all

)

select
    *,
    share(cost, leads) as cpl,
    share(cost, sql) as cost_per_sql,
    share(sal, sql) as sal_ratio,
    share(cost, clients) as cac,
    share(net_income - cost, cost) as romi,
    case when cost > 0 then net_income >= cost end as paid_back,
    false as is_partial
from sums;

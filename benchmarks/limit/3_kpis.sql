-- Every KPI of the seed by month and channel, with the month and the year before.
create or replace table mart_kpi_monthly as
with lengths as (

    -- of all leads the medians are those of mart_speed; a channel has medians of its own
    select 'first_contact_minutes' as measure, month, 'all' as channel_key, n, minutes as at_quantiles
    from step_times where stage_order = 2 and owner = 'all'
    union all
    select 'first_contact_business_minutes', month, 'all', n, business_minutes
    from step_times where stage_order = 2 and owner = 'all'
    union all
    select 'brief_fill_hours', month, 'all', n, [minutes[1] / 60, minutes[2] / 60]
    from step_times where stage_order = 3 and owner = 'all'
    union all
    select 'proposal_prep_days', month, 'all', n, [minutes[1] / 1440, minutes[2] / 1440]
    from step_times where stage_order = 7 and owner = 'all'
    union all
    select 'contract_prep_days', month, 'all', n, [minutes[1] / 1440, minutes[2] / 1440]
    from step_times where stage_order = 8 and owner = 'all'
    union all
    select unnest(['first_contact_minutes', 'first_contact_business_minutes']), month, channel_key, n, unnest([minutes, business_minutes])
    from (
        select
            month_of(first_contact_date) as month, channel_key, count(*) as n,
            quantile_cont(first_contact_lag_minutes, [0.5, 0.9]) as minutes,
            quantile_cont(first_contact_lag_business_minutes, [0.5, 0.9]) as business_minutes
        from fct_lead_funnel where first_contact_lag_minutes is not null group by all
    )
    union all
    select 'brief_fill_hours', month_of(brief_filled_date), channel_key, count(*),
        quantile_cont(brief_filled_lag_minutes / 60, [0.5, 0.9])
    from fct_lead_funnel where brief_filled_lag_minutes is not null group by all
    union all
    select 'proposal_prep_days', month_of(proposal_sent_date), channel_key, count(*),
        quantile_cont(proposal_sent_lag_minutes / 1440, [0.5, 0.9])
    from fct_lead_funnel where proposal_sent_lag_minutes is not null group by all
    union all
    select 'contract_prep_days', month_of(contract_sent_date), channel_key, count(*),
        quantile_cont(contract_sent_lag_minutes / 1440, [0.5, 0.9])
    from fct_lead_funnel where contract_sent_lag_minutes is not null group by all
    union all
    select 'lt_days', first_payment_month, coalesce(channel_key, 'all'), count(*), quantile_cont(lt_days, [0.5, 0.9])
    from first_wins
    where lt_days is not null
    group by grouping sets ((first_payment_month, channel_key), (first_payment_month))

),

kpis as (

    -- the source delivers no payment plan: what is made from one is unknown, not 0
    select kpi_key, statistic, numerator, numerator_less, denominator, coalesce(denominator = 'planned', false) as is_unknown
    from (select unnest(getvariable('kpis'), recursive := true))

),

parts as (

    select
        months.month,
        kpis.kpi_key as kpi,
        channel_keys.channel_key,
        kpis.statistic,
        kpis.is_unknown,
        coalesce(numerators.amount, 0) - coalesce(less.amount, 0) as numerator,
        coalesce(denominators.amount, 0) as denominator,
        coalesce(lengths.n, 0) as n,
        lengths.at_quantiles
    from months
    cross join channel_keys
    cross join kpis
    left join month_cells as numerators
        on months.month = numerators.month and channel_keys.channel_key = numerators.channel_key and kpis.numerator = numerators.measure
    left join month_cells as less
        on months.month = less.month and channel_keys.channel_key = less.channel_key and kpis.numerator_less = less.measure
    left join month_cells as denominators
        on months.month = denominators.month and channel_keys.channel_key = denominators.channel_key
        and kpis.denominator = denominators.measure
    left join lengths
        on months.month = lengths.month and channel_keys.channel_key = lengths.channel_key and kpis.numerator = lengths.measure

),

valued as (

    select
        month,
        kpi,
        channel_key,
        case when statistic in ('sum', 'ratio') and not is_unknown then numerator end as numerator,
        case when is_unknown then null else case statistic when 'ratio' then denominator when 'sum' then null else n end end as denominator,
        case statistic
            when 'sum' then cast(numerator as double)
            when 'ratio' then share(numerator, denominator)
            when 'median' then at_quantiles[1]
            when 'p90' then at_quantiles[2]
        end as value
    from parts

),

-- every month has a row for every KPI and channel, so the year before is twelve rows back
compared as (

    select
        *,
        lag(value) over of_channel as previous_month,
        lag(value, 12) over of_channel as previous_year
    from valued
    window of_channel as (partition by kpi, channel_key order by month)

)

select
    *,
    100 * share(value - previous_month, abs(previous_month)) as mom_pct,
    100 * share(value - previous_year, abs(previous_year)) as yoy_pct,
    false as is_partial
from compared;

-- ---------- the additive ones of every day
create or replace table mart_kpi_daily as
with kpis as (

    select kpi_key, numerator from (select unnest(getvariable('kpis'), recursive := true)) where is_additive = 'true'

),

days as (

    select month, cast(day_at as date) as date_day
    from months, generate_series(cast(month as timestamp), cast(last_day(month) as timestamp), interval 1 day) as days(day_at)

),

cells as (

    select kpis.kpi_key, date_day, coalesce(channel_key, 'all') as channel_key, cast(sum(amount) as decimal(18, 4)) as amount
    from daily_cells
    inner join kpis on daily_cells.measure = kpis.numerator
    group by grouping sets ((kpi_key, date_day, channel_key), (kpi_key, date_day))

)

select
    days.date_day,
    days.month,
    kpis.kpi_key as kpi,
    channel_keys.channel_key,
    coalesce(cells.amount, 0) as numerator,
    cast(null as decimal(18, 4)) as denominator,
    cast(coalesce(cells.amount, 0) as double) as value
from days
cross join channel_keys
cross join kpis
left join cells
    on days.date_day = cells.date_day and channel_keys.channel_key = cells.channel_key and kpis.kpi_key = cells.kpi_key;

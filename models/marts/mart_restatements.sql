with current_kpis as (

    select * from {{ ref('mart_kpi_monthly') }}

),

previous_kpis as (

    select * from {{ ref('int_kpi_previous_publication') }}

),

kpis as (

    select kpi_key, basis from {{ ref('kpis') }}

),

-- whole months only, whole at both publications: a running month grows, that is no restatement
compared as (

    select
        previous_kpis.month,
        previous_kpis.kpi,
        previous_kpis.channel_key,
        previous_kpis.value as value_then,
        current_kpis.value as value_now,
        previous_kpis.version as then_version,
        previous_kpis.published_at as then_published_at
    from previous_kpis
    left join current_kpis
        on previous_kpis.month = current_kpis.month and previous_kpis.kpi = current_kpis.kpi
        and previous_kpis.channel_key = current_kpis.channel_key
    where not coalesce(current_kpis.is_partial, false)
        and {{ add_months('previous_kpis.month', 1) }} <= {{ add_days('previous_kpis.as_of', 1) }}

    union all

    -- history that the previous publication did not have: an older month or a channel that appeared
    select
        current_kpis.month,
        current_kpis.kpi,
        current_kpis.channel_key,
        null,
        current_kpis.value,
        publications.version,
        publications.published_at
    from current_kpis
    cross join (select version, published_at, as_of from previous_kpis group by version, published_at, as_of) as publications
    left join previous_kpis
        on current_kpis.month = previous_kpis.month and current_kpis.kpi = previous_kpis.kpi
        and current_kpis.channel_key = previous_kpis.channel_key
    where previous_kpis.month is null
        and not current_kpis.is_partial
        and {{ add_months('current_kpis.month', 1) }} <= {{ add_days('publications.as_of', 1) }}

),

changed as (

    select * from compared
    -- rounding of the last digits of a double is no restatement
    where abs(coalesce(value_now, 0) - coalesce(value_then, 0)) > 0.000000001 * greatest(abs(coalesce(value_now, 0)), abs(coalesce(value_then, 0)))
        or (value_then is null and value_now <> 0)
        or (value_now is null and value_then is not null)

)

select
    changed.month,
    changed.kpi,
    changed.channel_key,
    changed.then_version,
    cast('' as string) as now_version,
    changed.then_published_at,
    changed.value_then as "then",
    changed.value_now as "now",
    coalesce(changed.value_now, 0) - coalesce(changed.value_then, 0) as delta,
    coalesce(kpis.basis = 'cohort', false) as is_maturing
from changed
left join kpis on changed.kpi = kpis.kpi_key

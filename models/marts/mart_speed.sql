{%- set steps = funnel_stages()[1:] -%}

with open_attempts as (

    select * from {{ ref('fct_lead_funnel') }} where outcome = 'open'

),

stages as (

    select * from {{ ref('dim_stage') }} where not is_terminal

),

sla as (

    select * from {{ ref('sla') }}

),

days as (

    select * from {{ ref('dim_date') }}

),

today as (

    select
        date_day as as_of,
        month,
        -- working minutes until the day is over
        cumulative_working_minutes + working_minutes as business_position
    from days
    where date_day = {{ as_of() }}

),

measured as (

    select * from {{ ref('int_kpi_speed') }}

),

-- open attempts wait for the step after the furthest stage they reached; undated ones cannot be timed
waiting as (

    select
        case furthest_stage_key
            {%- for step in steps %}
            when '{{ funnel_stages()[loop.index0] }}' then '{{ step }}'
            {%- endfor %}
        end as step_key,
        sdr,
        sales_rep,
        {{ local_timestamp('waiting_since') }} as waiting_since_local_at
    from (
        select
            *,
            case furthest_stage_key
                {%- for step in steps %}
                {%- set reached = funnel_stages()[loop.index0] %}
                when '{{ reached }}' then {{ reached }}_at
                {%- endfor %}
            end as waiting_since
        from open_attempts
    ) as timed
    where waiting_since is not null

),

overdue as (

    select
        today.month,
        waiting.step_key,
        stages.department,
        coalesce(case stages.department when 'marketing' then waiting.sdr else waiting.sales_rep end, '(none)') as owner,
        count(*) as overdue_open
    from waiting
    cross join today
    inner join days on cast(waiting.waiting_since_local_at as date) = days.date_day
    inner join stages on waiting.step_key = stages.stage_key
    inner join sla on waiting.step_key = sla.stage_key
    where stages.is_recorded  -- nobody is late for a step that no source would tell of
        and today.business_position - ({{ business_position('waiting.waiting_since_local_at', 'days') }}) > sla.sla_business_minutes
    group by
        today.month, waiting.step_key, stages.department,
        coalesce(case stages.department when 'marketing' then waiting.sdr else waiting.sales_rep end, '(none)')

),

overdue_with_all as (

    select month, step_key, department, owner, overdue_open from overdue
    union all
    select month, step_key, department, 'all', sum(overdue_open) from overdue group by month, step_key, department

),

combined as (

    select
        coalesce(measured.month, overdue_with_all.month) as month,
        coalesce(measured.step_key, overdue_with_all.step_key) as step_key,
        coalesce(measured.department, overdue_with_all.department) as department,
        coalesce(measured.owner, overdue_with_all.owner) as owner,
        measured.n,
        measured.n_business,
        measured.within_sla,
        measured.median_minutes,
        measured.p90_minutes,
        measured.median_business_minutes,
        measured.p90_business_minutes,
        overdue_with_all.overdue_open
    from measured
    full outer join overdue_with_all
        on measured.month = overdue_with_all.month and measured.step_key = overdue_with_all.step_key and measured.owner = overdue_with_all.owner

)

select
    combined.month,
    combined.step_key,
    combined.department,
    combined.owner,
    cast(coalesce(combined.n, 0) as bigint) as n,
    cast(combined.median_minutes as double) as median_minutes,
    cast(combined.p90_minutes as double) as p90_minutes,
    cast(coalesce(combined.n_business, 0) as bigint) as n_business,
    cast(combined.median_business_minutes as double) as median_business_minutes,
    cast(combined.p90_business_minutes as double) as p90_business_minutes,
    cast(sla.sla_business_minutes as bigint) as sla_business_minutes,
    cast(case when sla.stage_key is not null then coalesce(combined.within_sla, 0) end as bigint) as within_sla,
    case when sla.stage_key is not null then 100 * {{ safe_divide('combined.within_sla', 'combined.n_business') }} end as within_sla_pct,
    -- known for today only: earlier months do not keep who was waiting then
    cast(case when combined.month = today.month then coalesce(combined.overdue_open, 0) end as bigint) as overdue_open
from combined
cross join today
left join sla on combined.step_key = sla.stage_key

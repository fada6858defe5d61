{%- set steps = funnel_stages()[1:] -%}
-- Who waits for what: every open attempt, the step after the furthest stage it reached, since when it waits, in working time.
with open_attempts as (

    select
        *,
        case furthest_stage_key
            {%- for step in steps %}
            when '{{ funnel_stages()[loop.index0] }}' then '{{ step }}'
            {%- endfor %}
        end as step_key,
        case furthest_stage_key
            {%- for step in steps %}
            {%- set reached = funnel_stages()[loop.index0] %}
            when '{{ reached }}' then {{ reached }}_at
            {%- endfor %}
        end as waiting_since
    from {{ ref('fct_lead_funnel') }}
    where outcome = 'open'

),

timed as (

    select *, {{ local_timestamp('waiting_since') }} as waiting_since_local_at from open_attempts

),

stages as (

    select * from {{ ref('dim_stage') }} where not is_terminal

),

days as (

    select * from {{ ref('dim_date') }}

),

today as (

    select
        date_day as as_of,
        -- working minutes until the day is over
        cumulative_working_minutes + working_minutes as business_position
    from days
    where date_day = {{ as_of() }}

)

select
    timed.lead_attempt_key,
    timed.source_name,
    timed.lead_id,
    timed.channel_key,
    timed.requested_service,
    timed.furthest_stage_key as stage_key,
    timed.step_key,
    stages.department,
    coalesce(case stages.department when 'marketing' then timed.sdr else timed.sales_rep end, '(none)') as owner,
    timed.waiting_since,
    {{ days_between('cast(timed.waiting_since_local_at as date)', 'today.as_of') }} as waiting_days,
    today.business_position - ({{ business_position('timed.waiting_since_local_at', 'days') }}) as waiting_business_minutes,
    -- nobody is late for a step that no source would tell of, and an undated stage cannot be timed
    case when stages.is_recorded and timed.waiting_since is not null then sla.sla_business_minutes end as sla_business_minutes,
    timed.desired_meeting_at
from timed
cross join today
left join days on cast(timed.waiting_since_local_at as date) = days.date_day
left join stages on timed.step_key = stages.stage_key
left join {{ ref('sla') }} as sla on timed.step_key = sla.stage_key

{%- set steps = funnel_stages()[1:] -%}
-- Who waits for what: every open attempt, the next stage that some source records, since when it waits, in working time.
with open_attempts as (

    select
        *,
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

-- where nothing further is recorded, the next one of the funnel
next_steps as (

    select
        reached.stage_key,
        coalesce(min(case when later.is_recorded then later.stage_order end), min(later.stage_order)) as step_order,
        min(later.stage_order) as following_order
    from stages as reached
    inner join stages as later on reached.stage_order < later.stage_order
    group by reached.stage_key

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
    stages.stage_key as step_key,
    stages.department,
    people.person_key as owner_key,
    coalesce(people.shown_name, '(none)') as owner,
    timed.waiting_since,
    {{ days_between('cast(timed.waiting_since_local_at as date)', 'today.as_of') }} as waiting_days,
    today.business_position - ({{ business_position('timed.waiting_since_local_at', 'days') }}) as waiting_business_minutes,
    -- nobody is late for a step that no source would tell of or that spans one, and an undated stage cannot be timed
    case
        when stages.is_recorded and next_steps.step_order = next_steps.following_order and timed.waiting_since is not null then sla.sla_business_minutes
    end as sla_business_minutes,
    timed.desired_meeting_at
from timed
cross join today
left join days on cast(timed.waiting_since_local_at as date) = days.date_day
left join next_steps on timed.furthest_stage_key = next_steps.stage_key
left join stages on next_steps.step_order = stages.stage_order
left join {{ ref('sla') }} as sla on stages.stage_key = sla.stage_key
left join {{ ref('int_employee_names') }} as people
    on case stages.department when 'marketing' then timed.sdr else timed.sales_rep end = people.written_name

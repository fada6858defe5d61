{{ config(materialized='incremental', meta={'replaces': 'lead_key', 'keeps_replaced': true}, post_hook='{{ empty_replaced_rows() }}') }}
{%- set stages, roles = funnel_stages(), stage_roles() -%}
{%- set lead, won = stages[0], stages[-1] -%}

with attempts as (

    select * from {{ ref('int_attempt_milestones') }} {{ only_touched('lead_key', 'where') }}

),

proven as (

    select
        lead_attempt_key,
        max(stage_order) as status_stage_order,
        max(case when is_terminal then 1 else 0 end) = 1 as has_terminal_status,
        max(case when role = 'partner' then 1 else 0 end) = 1 as has_handoff_status
        {%- for stage in stages[1:] %},
        max(case when stage_key = '{{ stage }}' then 1 else 0 end) = 1 as {{ stage }}_proven
        {%- endfor %}
    from {{ ref('int_attempt_status') }}
    group by lead_attempt_key

),

ending_events as (

    select
        *,
        row_number() over (
            partition by lead_key, attempt_number order by case when reason_key is null then 1 else 0 end, entered_at, stage_key, stage_event_key
        ) as reason_choice
    from {{ ref('int_stage_events') }}
    where is_terminal {{ only_new() }}

),

-- the first ending dates the end; the first one that gives a reason says why
endings as (

    select
        {{ lead_attempt_key() }} as lead_attempt_key,
        min(entered_at) as ended_at,
        max(case when stages.role = 'partner' then 1 else 0 end) = 1 as has_handoff_event,
        max(case when reason_choice = 1 then reason_key end) as event_reason_key
    from ending_events
    inner join {{ ref('funnel_stages') }} as stages on ending_events.stage_key = stages.stage_key
    group by lead_key, attempt_number

),

joined as (

    select
        attempts.*,
        attempts.{{ lead }}_date as created_date,
        {%- for stage in stages[1:] %}
        attempts.{{ stage }}_at is not null or coalesce(proven.{{ stage }}_proven, false) as {{ stage }}_proven,
        {%- endfor %}
        greatest(
            {%- for stage in stages %}
            case when attempts.{{ stage }}_at is not null then {{ loop.index }} else 1 end,
            {%- endfor %}
            coalesce(proven.status_stage_order, 1)
        ) as furthest_stage_order,
        endings.lead_attempt_key is not null or (attempts.is_last_attempt and coalesce(proven.has_terminal_status, false)) as has_ended,
        coalesce(endings.has_handoff_event, false) or (attempts.is_last_attempt and coalesce(proven.has_handoff_status, false)) as is_partner_handoff,
        coalesce(endings.ended_at, case when attempts.is_last_attempt then {{ ended_at(['closed_at', 'status_at'], of='attempts.') }} end) as ended_at,
        coalesce(endings.event_reason_key, case when attempts.is_last_attempt then attempts.reason_key end) as ending_reason_key
    from attempts
    left join proven on attempts.lead_attempt_key = proven.lead_attempt_key
    left join endings on attempts.lead_attempt_key = endings.lead_attempt_key

),

judged as (

    select
        *,
        case
            when furthest_stage_order = {{ stages | length }} then 'won'
            when not has_ended then 'open'
            when furthest_stage_order < {{ stages.index(roles.handoff) + 1 }} then 'rejected'
            when furthest_stage_order < {{ stages.index(roles.accepted) + 1 }} then 'returned'
            else 'lost'
        end as outcome
    from joined

),

dated as (

    select
        *,
        case outcome when 'open' then null when 'won' then {{ won }}_at else ended_at end as outcome_at,
        case outcome when 'open' then null when 'won' then {{ won }}_date else {{ local_date('ended_at') }} end as outcome_date
    from judged

)

select
    dated.lead_attempt_key,
    dated.lead_key,
    dated.lead_id,
    dated.source_name,
    dated.source_system,
    dated.attempt_number,
    dated.attempt_number > 1 as is_reopened,
    dated.client_key,
    dated.channel_key,
    dated.campaign,
    dated.country,
    dated.requested_service,
    dated.sdr,
    dated.sales_rep,
    dated.desired_meeting_at,
    dated.created_at,
    dated.created_date,
    {{ month_start('dated.created_date') }} as lead_month,
    true as {{ lead }}_reached,
    dated.created_at as {{ lead }}_at,
    dated.created_date as {{ lead }}_date,
    false as {{ lead }}_is_imputed,
    {%- for stage in stages[1:] %}
    dated.furthest_stage_order >= {{ loop.index + 1 }} as {{ stage }}_reached,
    dated.{{ stage }}_at,
    dated.{{ stage }}_date,
    dated.furthest_stage_order >= {{ loop.index + 1 }} and not dated.{{ stage }}_proven as {{ stage }}_is_imputed,
    {%- endfor %}
    cast(dated.furthest_stage_order as integer) as furthest_stage_order,
    furthest_stage.stage_key as furthest_stage_key,
    dated.outcome,
    dated.is_partner_handoff,
    dated.outcome_at,
    dated.outcome_date,
    {{ month_start('dated.outcome_date') }} as outcome_month,
    case when dated.outcome in ('rejected', 'returned', 'lost') then coalesce(dated.ending_reason_key, 'unknown') end as reason_key,
    case when dated.outcome in ('rejected', 'returned', 'lost') then furthest_stage.stage_key end as lost_after_stage_key,
    case when dated.outcome in ('rejected', 'returned', 'lost') then endings.department end as lost_department,
    {%- for stage in stages[1:] %}
    {%- set previous = stages[loop.index0] %}
    {{ elapsed(previous, stage, of='dated.') }} as {{ stage }}_lag_minutes,
    case when {{ is_in_order(previous, stage, of='dated.') }} then dated.{{ stage }}_position - dated.{{ previous }}_position end as {{ stage }}_lag_business_minutes,
    {%- endfor %}
    -- since the lead came, also of one that was lost and came back; who paid on the day he came did not pay before, though a payment dated by day has no hour
    case
        when dated.{{ won }}_at >= dated.lead_created_at then {{ minutes_between('dated.lead_created_at', 'dated.' ~ won ~ '_at') }} / 1440
        when dated.{{ won }}_date = {{ local_date('dated.lead_created_at') }} and {{ is_a_day('dated.' ~ won ~ '_at') }} then 0.0
    end as lt_days,
    {{ build_number() }} as build_number
from dated
inner join {{ ref('funnel_stages') }} as furthest_stage on dated.furthest_stage_order = furthest_stage.stage_order
left join {{ ref('funnel_stages') }} as endings on dated.outcome = endings.stage_key

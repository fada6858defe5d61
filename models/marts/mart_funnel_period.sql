with measures as (

    select * from {{ ref('int_kpi_measures_daily') }}

),

attempts as (

    select * from {{ ref('fct_lead_funnel') }}

),

channels as (

    select * from {{ ref('int_kpi_channels') }}

),

months as (

    select * from {{ ref('int_kpi_windows') }} where window_kind = 'month'

),

stages as (

    select * from {{ ref('dim_stage') }} where not is_terminal

),

entries as (

    select
        activity_month as event_month,
        channel_key,
        case measure when 'attempts' then '{{ funnel_stages() | first }}' else replace(measure, 'stage_', '') end as stage_key,
        sum(amount) as entries
    from measures
    where measure in ('attempts'{% for stage in funnel_stages()[1:] %}, 'stage_{{ stage }}'{% endfor %})
    group by activity_month, channel_key, measure

),

exits as (

    select
        outcome_month as event_month,
        channel_key,
        lost_after_stage_key as stage_key,
        count(case when outcome = 'rejected' then 1 end) as exits_rejected,
        count(case when outcome = 'returned' then 1 end) as exits_returned,
        count(case when outcome = 'lost' then 1 end) as exits_lost,
        count(case when is_partner_handoff then 1 end) as exits_partner_handoff
    from attempts
    where lost_after_stage_key is not null and outcome_month is not null
    group by outcome_month, channel_key, lost_after_stage_key

),

channel_entries as (
    {{ with_all_channels('entries', ['event_month', 'stage_key'], ['entries']) }}
),

channel_exits as (
    {{ with_all_channels('exits', ['event_month', 'stage_key'], ['exits_rejected', 'exits_returned', 'exits_lost', 'exits_partner_handoff']) }}
),

scaffold as (

    select months.month as event_month, months.is_partial, channels.channel_key, stages.stage_key, stages.stage_order, stages.department, stages.is_dated
    from months
    cross join channels
    cross join stages

),

filled as (

    select
        scaffold.event_month,
        scaffold.channel_key,
        scaffold.stage_key,
        scaffold.stage_order,
        scaffold.department,
        scaffold.is_partial,
        -- unknown, not 0, where no source records or dates the stage
        case when scaffold.is_dated then coalesce(channel_entries.entries, 0) end as entries,
        coalesce(channel_exits.exits_rejected, 0) as exits_rejected,
        coalesce(channel_exits.exits_returned, 0) as exits_returned,
        coalesce(channel_exits.exits_lost, 0) as exits_lost,
        coalesce(channel_exits.exits_partner_handoff, 0) as exits_partner_handoff
    from scaffold
    left join channel_entries
        on scaffold.event_month = channel_entries.event_month and scaffold.channel_key = channel_entries.channel_key
        and scaffold.stage_key = channel_entries.stage_key
    left join channel_exits
        on scaffold.event_month = channel_exits.event_month and scaffold.channel_key = channel_exits.channel_key
        and scaffold.stage_key = channel_exits.stage_key

)

select
    stage.event_month,
    stage.channel_key,
    stage.stage_key,
    cast(stage.stage_order as integer) as stage_order,
    stage.department,
    cast(stage.entries as bigint) as entries,
    cast(previous_stage.entries as bigint) as entries_previous,
    {{ safe_divide('stage.entries', 'previous_stage.entries') }} as flow_conversion,
    cast(stage.exits_rejected as bigint) as exits_rejected,
    cast(stage.exits_returned as bigint) as exits_returned,
    cast(stage.exits_lost as bigint) as exits_lost,
    cast(stage.exits_rejected + stage.exits_returned + stage.exits_lost as bigint) as exits,
    cast(stage.exits_partner_handoff as bigint) as exits_partner_handoff,
    stage.is_partial
from filled as stage
left join filled as previous_stage
    on stage.event_month = previous_stage.event_month and stage.channel_key = previous_stage.channel_key
    and stage.stage_order = previous_stage.stage_order + 1

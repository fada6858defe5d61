{%- set stages = funnel_stages() -%}

with entries as (

    select * from {{ ref('int_stage_events') }}

),

funnel as (

    select * from {{ ref('fct_lead_funnel') }}

),

placed as (

    select
        *,
        {{ local_timestamp('entered_at') }} as entered_local_at,
        lead(entered_at) over (partition by lead_attempt_key order by entered_at, is_terminal, stage_event_key) as exited_at,
        row_number() over (partition by lead_attempt_key, stage_key order by entered_at, stage_event_key) = 1 as is_first_entry,
        -- a regression goes back behind the furthest stage entered before
        coalesce(stage_order < max(stage_order) over (
            partition by lead_attempt_key order by entered_at, is_terminal, stage_event_key rows between unbounded preceding and 1 preceding
        ), false) as is_regression
    from entries

),

timed as (

    select
        placed.*,
        {{ business_position('placed.entered_local_at', 'entered_day') }} as entered_position
    from placed
    left join {{ ref('dim_date') }} as entered_day on cast(placed.entered_local_at as date) = entered_day.date_day

),

with_exit as (

    select
        *,
        lead(entered_position) over (partition by lead_attempt_key order by entered_at, is_terminal, stage_event_key) as exited_position
    from timed

),

dated_entries as (

    select
        with_exit.stage_event_key,
        with_exit.lead_attempt_key,
        with_exit.lead_key,
        with_exit.source_name,
        funnel.channel_key,
        with_exit.stage_key,
        with_exit.stage_order,
        with_exit.entered_at,
        {{ month_start('cast(with_exit.entered_local_at as date)') }} as entered_month,
        with_exit.exited_at,
        with_exit.is_first_entry,
        with_exit.is_regression,
        false as is_imputed,
        with_exit.is_terminal,
        {{ minutes_between('with_exit.entered_at', 'with_exit.exited_at') }} as calendar_minutes,
        with_exit.exited_position - with_exit.entered_position as business_minutes,
        with_exit.actor,
        with_exit.reason_key
    from with_exit
    inner join funnel on with_exit.lead_attempt_key = funnel.lead_attempt_key

),

imputed_entries as (
    {%- for stage in stages[1:] %}
    select
        lead_attempt_key || ':imputed:{{ stage }}' as stage_event_key,
        lead_attempt_key,
        lead_key,
        source_name,
        channel_key,
        '{{ stage }}' as stage_key,
        {{ loop.index + 1 }} as stage_order
    from funnel
    where {{ stage }}_is_imputed
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}

)

select * from dated_entries
union all
select
    stage_event_key,
    lead_attempt_key,
    lead_key,
    source_name,
    channel_key,
    stage_key,
    stage_order,
    cast(null as timestamp) as entered_at,
    cast(null as date) as entered_month,
    cast(null as timestamp) as exited_at,
    true as is_first_entry,
    false as is_regression,
    true as is_imputed,
    false as is_terminal,
    cast(null as double) as calendar_minutes,
    cast(null as double) as business_minutes,
    cast(null as varchar) as actor,
    cast(null as varchar) as reason_key
from imputed_entries

{%- set stages = funnel_stages() -%}
{%- set windows = cohort_windows() -%}
{%- set sums = ['reopened'] -%}
{%- for stage in stages -%}
    {%- do sums.append(stage ~ '_open') -%}
    {%- for window in windows -%}
        {%- do sums.extend([stage ~ '_reached_' ~ window, stage ~ '_imputed_' ~ window]) -%}
    {%- endfor -%}
{%- endfor -%}

with cohorts as (

    select * from {{ ref('int_kpi_cohorts') }}

),

channel_cohorts as (
    {{ with_all_channels('cohorts', ['lead_month'], sums) }}
),

stage_windows as (
    {%- for stage in stages %}
    {%- set previous = stages[loop.index0 - 1] if not loop.first %}
    {%- set first_stage = loop.first %}
    {%- set last_stage = loop.last %}
    {%- for window in windows %}
    select
        lead_month,
        channel_key,
        '{{ stage }}' as stage_key,
        {{ window }} as window_days,
        lead_reached_0 as leads,
        reopened,
        {{ stage }}_reached_{{ window }} as reached,
        {{ stage }}_imputed_{{ window }} as reached_imputed,
        {{ 'cast(null as bigint)' if first_stage else previous ~ '_reached_' ~ window }} as reached_previous,
        {{ stage }}_open as open_attempts,
        {% for any_stage in stages %}{{ any_stage }}_open{{ ' + ' if not loop.last }}{% endfor %} as open_in_cohort
    from channel_cohorts
    {%- if not (last_stage and loop.last) %}
    union all
    {%- endif %}
    {%- endfor %}
    {%- endfor %}

),

stages as (

    select stage_key, stage_order, department from {{ ref('dim_stage') }}

),

months as (

    select month, max(date_day) as last_date from {{ ref('dim_date') }} group by month

)

select
    stage_windows.lead_month,
    stage_windows.channel_key,
    stage_windows.stage_key,
    cast(stage_windows.window_days as integer) as window_days,
    cast(stages.stage_order as integer) as stage_order,
    stages.department,
    cast(stage_windows.leads as bigint) as leads,
    cast(stage_windows.reopened as bigint) as reopened,
    cast(stage_windows.reached as bigint) as reached,
    cast(stage_windows.reached_imputed as bigint) as reached_imputed,
    cast(stage_windows.reached_previous as bigint) as reached_previous,
    {{ safe_divide('stage_windows.reached', 'stage_windows.reached_previous') }} as step_conversion,
    {{ safe_divide('stage_windows.reached', 'stage_windows.leads') }} as conversion_from_lead,
    cast(stage_windows.open_attempts as bigint) as open,
    case
        when stage_windows.window_days = 0 then months.last_date <= {{ as_of() }} and stage_windows.open_in_cohort = 0
        else {{ add_days('months.last_date', 'stage_windows.window_days') }} <= {{ as_of() }}
    end as is_mature
from stage_windows
inner join stages on stage_windows.stage_key = stages.stage_key
inner join months on stage_windows.lead_month = months.month

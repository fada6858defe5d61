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
    {%- set last_stage = loop.last %}
    {%- for window in windows %}
    select
        lead_month,
        channel_key,
        '{{ stage }}' as stage_key,
        {{ window }} as window_days,
        {{ stages[0] }}_reached_0 as leads,
        reopened,
        {{ stage }}_reached_{{ window }} as reached,
        {{ stage }}_imputed_{{ window }} as reached_imputed,
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

    select stage_key, stage_order, department, is_recorded from {{ ref('dim_stage') }}

),

-- leads are only taken to have passed a stage that no source records: nobody counted them there
recorded as (

    select
        stage_windows.lead_month,
        stage_windows.channel_key,
        stage_windows.stage_key,
        stage_windows.window_days,
        stage_windows.leads,
        stage_windows.reopened,
        stage_windows.open_attempts,
        stage_windows.open_in_cohort,
        stages.stage_order,
        stages.department,
        case when stages.is_recorded then stage_windows.reached end as reached,
        case when stages.is_recorded then stage_windows.reached_imputed end as reached_imputed
    from stage_windows
    inner join stages on stage_windows.stage_key = stages.stage_key

),

compared as (

    select
        *,
        -- of the last recorded stage before: no later one is reached more often, so the smallest
        min(reached) over (
            partition by lead_month, channel_key, window_days order by stage_order rows between unbounded preceding and 1 preceding
        ) as reached_previous
    from recorded

),

months as (

    select month, max(date_day) as last_date from {{ ref('dim_date') }} group by month

)

select
    compared.lead_month,
    compared.channel_key,
    compared.stage_key,
    cast(compared.window_days as integer) as window_days,
    cast(compared.stage_order as integer) as stage_order,
    compared.department,
    cast(compared.leads as bigint) as leads,
    cast(compared.reopened as bigint) as reopened,
    cast(compared.reached as bigint) as reached,
    cast(compared.reached_imputed as bigint) as reached_imputed,
    cast(compared.reached_previous as bigint) as reached_previous,
    {{ safe_divide('compared.reached', 'compared.reached_previous') }} as step_conversion,
    {{ safe_divide('compared.reached', 'compared.leads') }} as conversion_from_lead,
    cast(compared.open_attempts as bigint) as open,
    case
        when compared.window_days = 0 then months.last_date <= {{ as_of() }} and compared.open_in_cohort = 0
        else {{ add_days('months.last_date', 'compared.window_days') }} <= {{ as_of() }}
    end as is_mature
from compared
inner join months on compared.lead_month = months.month

{%- set languages = ['en', 'ru'] -%}
{%- set figures = ['value', 'average', 'expected', 'lower_limit', 'upper_limit'] -%}
-- Each week of each control chart in its own unit (int_signal_limits works on plain ratios), whose it is, and what is out as a sentence.
with watched as (

    select
        stages.stage_key,
        stages.owner_department,
        {%- for language in languages %}
        case when stages.steps = 1 then factors.label_{{ language }} else origins.label_{{ language }} || ' -> ' || targets.label_{{ language }} end as step_{{ language }},
        {%- endfor %}
        targets.department,
        stages.stage_order
    from {{ ref('int_signal_stages') }} as stages
    inner join {{ ref('funnel_stages') }} as targets on stages.stage_key = targets.stage_key
    inner join {{ ref('funnel_stages') }} as origins on stages.from_stage_key = origins.stage_key
    inner join {{ ref('factor_owners') }} as factors on 'step_' || stages.stage_key = factors.factor

),

charts as (

    select 'step_' || stage_key as metric, stage_order as display_order, owner_department, false as is_worse_above, step_en as label_en, step_ru as label_ru
    from watched

    union all

    select
        'speed_' || stage_key, 100 + stage_order, department, true
        {%- for language in languages %}, {{ fill(headline_text('signal_time', language), {'step': 'step_' ~ language}) }}{% endfor %}
    from watched

    union all

    select
        kpis.kpi_key,
        case kpis.kpi_key when 'leads' then 0 when 'cpl' then 1 else 99 end,
        owners.owner_department,
        kpis.kpi_key = 'cpl',
        kpis.label_en,
        kpis.label_ru
    from {{ ref('kpis') }} as kpis
    inner join {{ ref('factor_owners') }} as owners on owners.factor = case when kpis.kpi_key = 'average_check' then 'average_check' else 'lead_volume' end
    where kpis.kpi_key in ('leads', 'cpl', 'average_check')

),

limits as (

    select *, total / nullif(units, 0) as ratio, max(week) over () as last_week from {{ ref('int_signal_limits') }}

),

{% set ratios = {'value': 'ratio', 'average': 'average', 'expected': 'usual', 'lower_limit': 'lower_limit', 'upper_limit': 'upper_limit'} -%}
{%- set opposite = {'lower_limit': 'upper_limit', 'upper_limit': 'lower_limit'} -%}
-- the leads of a week of this season; what a lead costs is the inverse of leads per cost; a logarithm of minutes becomes minutes
figures as (

    select
        *
        {%- for figure in figures %},
        case kind
            when 'count' then {{ not_below_zero(ratios[figure]) }} * season_index
            when 'per_cost' then 1 / nullif({{ not_below_zero(ratios[opposite.get(figure, figure)]) }} * season_index, 0)
            when 'log_mean' then exp({{ not_below_zero(ratios[figure]) }}) - 1
            when 'share' then case when {{ ratios[figure] }} > 1 then 1.0 else {{ not_below_zero(ratios[figure]) }} end
            else {{ not_below_zero(ratios[figure]) }}
        end as shown_{{ figure }}
        {%- endfor %}
    from limits
    where week > {{ add_days('last_week', -7 * var('signal_weeks')) }} and (channel_key = 'all' or usual is not null)

),

judged as (

    select
        figures.*,
        charts.display_order,
        charts.label_en,
        charts.label_ru,
        charts.owner_department,
        -- a ratio of leads per cost falls where a lead gets dearer
        figures.is_out and ((figures.side > 0) = (charts.is_worse_above and figures.kind <> 'per_cost')) as is_worse
    from figures
    inner join charts on figures.metric = charts.metric

),

worded as (

    select
        judged.*
        {%- for language in languages %},
        case when judged.channel_key = 'all' then judged.label_{{ language }}
            else {{ fill(headline_text('in_channel', language), {'factor': 'judged.label_' ~ language, 'channel': 'coalesce(channels.label_' ~ language ~ ', judged.channel_key)'}) }}
        end as what_{{ language }},
        departments.text_{{ language }} as department_{{ language }}
        {%- for figure in ['average', 'expected'] %},
        case judged.kind
            when 'share' then {{ percent_number('judged.shown_' ~ figure) }}
            when 'log_mean' then {{ fill(headline_text('signal_minutes', language), {'minutes': grouped_number('judged.shown_' ~ figure)}) }}
            else {{ grouped_number('judged.shown_' ~ figure) }}
        end as {{ figure }}_{{ language }}
        {%- endfor %}
        {%- endfor %}
    from judged
    left join {{ ref('dim_channel') }} as channels on judged.channel_key = channels.channel_key
    inner join {{ ref('headline_templates') }} as departments on 'department_' || judged.owner_department = departments.template_key

)

select
    week,
    metric,
    channel_key,
    cast(shown_value as double) as value,
    cast(shown_average as double) as average,
    cast(shown_expected as double) as expected,
    cast(shown_lower_limit as double) as lower_limit,
    cast(shown_upper_limit as double) as upper_limit,
    is_out,
    is_worse,
    case when is_out then since end as since,
    is_out and week = max(week) over (partition by metric, channel_key) as is_open,
    owner_department,
    cast(case when kind in ('share', 'mean', 'log_mean') then units end as bigint) as n,
    ripe_days,
    cast(display_order as integer) as display_order,
    {%- for language in languages %}
    label_{{ language }},
    {%- endfor %}
    {%- for language in languages %}
    case when is_out then {{ fill(headline_text('signal', language), {'what': 'what_' ~ language, 'value': 'average_' ~ language,
        'expected': 'expected_' ~ language, 'since': 'cast(since as ' ~ dbt.type_string() ~ ')', 'department': 'department_' ~ language}) }} end as sentence_{{ language }}{{ ',' if not loop.last }}
    {%- endfor %}
from worded

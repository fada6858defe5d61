{%- set stages = funnel_stages() -%}
{%- set lead, won = stages[0], stages[-1] -%}
{%- set languages = ['en', 'ru'] -%}
-- The departments of a headline in words: "sales -8 (proposal -> contract 61 % -> 44 %)".
with departments as (

    select * from {{ ref('int_verdict_departments') }}

),

main_factors as (

    select * from {{ ref('int_verdict_main_factors') }}

),

metrics as (

    select * from {{ ref('int_verdict_metrics') }}

),

-- how the market was measured beside its season, where it was
demand as (

    select basis, month, comparison, max(method) as method from {{ ref('int_verdict_market') }} group by basis, month, comparison

),

-- the main factor's two values, of the channel that carries it or over all channels, as the other marts show them
changes as (

    select
        main_factors.basis,
        main_factors.month,
        main_factors.comparison,
        main_factors.metric,
        main_factors.factor,
        main_factors.department,
        {%- for side in ['base', 'current'] %}
        case
            when main_factors.factor = 'market_demand' then {{ '100.0' if side == 'base' else 'main_factors.demand' }}
            when main_factors.factor = 'lead_volume' then coalesce(carriers.{{ side }}_{{ lead }}_count, metrics.{{ side }}_{{ lead }}_count)
            when main_factors.factor = 'average_check'
                then coalesce(carriers.{{ side }}_new_revenue, checks.{{ side }}_value) / nullif(coalesce(carriers.{{ side }}_{{ won }}_count, metrics.{{ side }}_{{ won }}_count), 0)
            else coalesce({{ stage_count('carriers.' ~ side, 'main_factors.stage_key') }}, {{ stage_count('metrics.' ~ side, 'main_factors.stage_key') }})
                / nullif(coalesce({{ stage_count('carriers.' ~ side, 'main_factors.from_stage_key') }}, {{ stage_count('metrics.' ~ side, 'main_factors.from_stage_key') }}), 0)
        end as {{ side }}_number,
        {%- endfor %}
        {%- for language in languages %}
        channels.label_{{ language }} as channel_{{ language }},
        -- a step over stages that are not recorded: from where its first step starts to where its last one leads
        case
            when main_factors.factor = 'market_demand' then case demand.method
                when 'index' then {{ headline_text('demand_index', language) }} else {{ headline_text('demand_gauge', language) }} end
            when main_factors.first_step <> main_factors.factor
                then {{ dbt.split_part('first_steps.label_' ~ language, "' -> '", 1) }} || ' -> ' || {{ dbt.split_part('owners.label_' ~ language, "' -> '", 2) }}
            else owners.label_{{ language }}
        end as factor_{{ language }}{{ ',' if not loop.last }}
        {%- endfor %}
    from main_factors
    inner join metrics
        on main_factors.basis = metrics.basis and main_factors.month = metrics.month
        and main_factors.comparison = metrics.comparison and main_factors.metric = metrics.metric
    inner join metrics as checks
        on main_factors.basis = checks.basis and main_factors.month = checks.month
        and main_factors.comparison = checks.comparison and checks.metric = 'new_client_revenue'
    inner join {{ ref('factor_owners') }} as owners on main_factors.factor = owners.factor
    left join demand
        on main_factors.basis = demand.basis and main_factors.month = demand.month and main_factors.comparison = demand.comparison
    left join {{ ref('factor_owners') }} as first_steps on main_factors.first_step = first_steps.factor
    left join {{ ref('dim_channel') }} as channels on main_factors.channel_key = channels.channel_key
    left join {{ ref('int_verdict_channels') }} as carriers
        on main_factors.basis = carriers.basis and main_factors.month = carriers.month
        and main_factors.comparison = carriers.comparison and main_factors.channel_key = carriers.channel_key

),

written as (

    select
        *
        {%- for side in ['base', 'current'] %},
        case
            when factor in ('lead_volume', 'average_check', 'market_demand') then {{ grouped_number(side ~ '_number') }}
            else {{ percent_number(side ~ '_number') }}
        end as {{ side }}_text
        {%- endfor %}
    from changes

),

worded as (

    select
        departments.basis,
        departments.month,
        departments.comparison,
        departments.metric,
        departments.department,
        departments.is_significant,
        departments.part_rank,
        {{ signed_number('departments.effect') }} as effect_text,
        round(departments.effect, 0) = 0 as rounds_to_nothing,
        changes.factor,
        departments.effect,
        demand.method is not null as has_demand,
        changes.current_number - changes.base_number as value_change,
        changes.base_text,
        changes.current_text
        {%- for language in languages %},
        templates.text_{{ language }} as department_{{ language }},
        case
            when changes.channel_{{ language }} is not null
                then {{ fill(headline_text('in_channel', language), {'factor': 'changes.factor_' ~ language, 'channel': 'changes.channel_' ~ language}) }}
            else changes.factor_{{ language }}
        end as factor_{{ language }}
        {%- endfor %}
    from departments
    left join demand
        on departments.basis = demand.basis and departments.month = demand.month and departments.comparison = demand.comparison
    -- without a measure of demand the market is its season
    inner join {{ ref('headline_templates') }} as templates
        on 'department_' || departments.department || case when departments.department = 'market' and demand.method is not null then '_demand' else '' end
            = templates.template_key
    left join written as changes
        on departments.basis = changes.basis and departments.month = changes.month and departments.comparison = changes.comparison
        and departments.metric = changes.metric and departments.department = changes.department

)

select
    basis,
    month,
    comparison,
    metric,
    department,
    is_significant,
    part_rank
    {%- for language in languages %},
    case
        when not is_significant and rounds_to_nothing then null
        -- over all channels the value can go the other way than the effect, which holds the mix of channels still: then it explains nothing
        when value_change * effect > 0 then
            {{ fill(headline_text('part_change', language), {
                'department': 'department_' ~ language, 'effect': 'effect_text', 'factor': 'factor_' ~ language, 'from': 'base_text', 'to': 'current_text'}) }}
        -- the season alone is the market's one factor: naming it twice says nothing
        when factor is not null and (department <> 'market' or has_demand) then
            {{ fill(headline_text('part_factor', language), {'department': 'department_' ~ language, 'effect': 'effect_text', 'factor': 'factor_' ~ language}) }}
        else {{ fill(headline_text('part', language), {'department': 'department_' ~ language, 'effect': 'effect_text'}) }}
    end as part_{{ language }}
    {%- endfor %}
from worded

{%- set languages = ['en', 'ru'] -%}
{%- set departments = ['marketing', 'sales', 'market', 'undivided'] -%}
{%- set caveats = ['partial_month', 'young_cohort', 'insufficient_history', 'undated_milestones', 'unrecorded_stages', 'different_cohorts', 'few_clients'] -%}

-- Without payments there is no revenue to compare and no client of a period, and without its date no stage: nothing is said, rather than "nothing in
-- either month". The first line speaks of the metric nearest to the client that can be compared and is not empty.
with metrics as (

    select
        *,
        row_number() over (
            partition by basis, month, comparison
            order by case when not is_money and is_comparable and base_value + current_value > 0 then 0 else 1 end, metric_order
        ) = 1 as is_first_line
    from {{ ref('int_verdict_metrics') }}
    where is_recorded
        and (
            not (is_money or (metric = 'new_clients' and basis = 'period'))
            or exists (select 1 from {{ ref('int_delivered_entities') }} where entity = 'payments')
        )

),

-- a stage is called as the agency calls it
labels as (

    select template_key, text_en, text_ru from {{ ref('headline_templates') }}
    union all
    select 'metric_' || stage_key, label_en, label_ru from {{ ref('funnel_stages') }}

),

sides as (

    select basis, month, comparison, max(is_partial) as is_partial, max(window_kind) as window_kind, max(window_days) as window_days
    from {{ ref('int_verdict_sides') }}
    group by basis, month, comparison

),

by_department as (

    select
        basis,
        month,
        comparison,
        metric
        {%- for department in departments %},
        coalesce(max(case when department = '{{ department }}' then effect end), 0.0) as {{ department }}_effect,
        coalesce(max(case when department = '{{ department }}' then stderr end), 0.0) as {{ department }}_stderr,
        max(case when department = '{{ department }}' then probability end) as p_{{ department }}
        {%- endfor %},
        max(case when is_significant and part_rank = 1 then department end) as main_department,
        max(case when is_significant and part_rank = 1 then evidence end) as main_evidence,
        max(case when is_proven then 1 else 0 end) = 1 as has_proven_effect,
        max(case when department <> 'market' then stderr end) as widest_stderr,
        sqrt({{ exact_sum('stderr * stderr') }}) as total_stderr
    from {{ ref('int_verdict_departments') }}
    group by basis, month, comparison, metric

),

-- how the market was measured beside its season
demand as (

    select basis, month, comparison, max(method) as method from {{ ref('int_verdict_market') }} group by basis, month, comparison

),

-- proven parts in the order of their rank, then those within noise
parts as (

    select
        basis,
        month,
        comparison,
        metric
        {%- for language in languages %}
        {%- for list, test in [('parts', 'is_significant'), ('rest', 'not is_significant')] %},
        nullif(concat_ws(', '
            {%- for rank in range(1, 5) -%}
            , max(case when part_rank = {{ rank }} and {{ test }} then part_{{ language }} end)
            {%- endfor -%}
        ), '') as {{ list }}_{{ language }}
        {%- endfor %}
        {%- endfor %}
    from {{ ref('int_verdict_parts') }}
    group by basis, month, comparison, metric

),

joined as (

    select
        metrics.*,
        sides.window_kind,
        sides.window_days,
        {%- for department in departments %}
        by_department.{{ department }}_effect,
        by_department.{{ department }}_stderr,
        {%- endfor %}
        {%- for department in departments[:3] %}
        case when metrics.delta <> 0 and metrics.is_comparable then coalesce(by_department.p_{{ department }}, 0.0) end as p_{{ department }},
        {%- endfor %}
        by_department.main_department,
        by_department.main_evidence,
        coalesce(demand.method, 'none') as market_method,
        demand.method is distinct from 'index' and coalesce(gauge.is_alike, false) as has_alike_channels,
        gauge.has_more_leads,
        -- what gauge channels say of the market is inferred, and what they cannot rule out may be the market's
        demand.method is distinct from 'index' and coalesce(gauge.may_be_market, false) and (
            (by_department.main_department = 'market' and coalesce(main_factors.factor, 'market_demand') = 'market_demand')
            or (by_department.main_department = 'marketing' and coalesce(main_factors.factor, 'lead_volume') = 'lead_volume')
        ) as is_inferred,
        by_department.widest_stderr,
        by_department.main_department is null and coalesce(by_department.has_proven_effect, false) as has_opposed_effect,
        coalesce(abs(metrics.delta) > {{ var('verdict_critical_z') }} * by_department.total_stderr, false) as has_spread_change,
        main_factors.factor as main_factor,
        main_factors.channel_key as main_channel,
        {%- for language in languages %}
        parts.parts_{{ language }},
        parts.rest_{{ language }},
        labels.text_{{ language }} as metric_{{ language }},
        {%- endfor %}
        sides.is_partial as has_partial_month,
        metrics.metric <> 'leads' and metrics.basis = 'cohort' and sides.window_kind = 'to_date' as has_young_cohort,
        metrics.comparison in ('previous_month', 'previous_quarter') and not season.has_season as has_insufficient_history,
        metrics.undated_count > {{ var('verdict_undated_share') }} * (metrics.base_{{ funnel_stages()[1] }}_count + metrics.current_{{ funnel_stages()[1] }}_count) as has_undated_milestones,
        metrics.passes_over_stages as has_unrecorded_stages,
        metrics.metric <> 'leads' and metrics.basis = 'period' as has_different_cohorts,
        metrics.events < 2 * {{ var('verdict_own_clients') }} as has_few_clients
    from metrics
    inner join sides on metrics.basis = sides.basis and metrics.month = sides.month and metrics.comparison = sides.comparison
    inner join {{ ref('int_verdict_season') }} as season on metrics.month = season.month and metrics.comparison = season.comparison
    inner join labels on 'metric_' || metrics.metric = labels.template_key
    left join demand on metrics.basis = demand.basis and metrics.month = demand.month and metrics.comparison = demand.comparison
    left join {{ ref('int_verdict_gauge') }} as gauge
        on metrics.basis = gauge.basis and metrics.month = gauge.month and metrics.comparison = gauge.comparison
    left join by_department
        on metrics.basis = by_department.basis and metrics.month = by_department.month
        and metrics.comparison = by_department.comparison and metrics.metric = by_department.metric
    left join parts
        on metrics.basis = parts.basis and metrics.month = parts.month and metrics.comparison = parts.comparison and metrics.metric = parts.metric
    left join {{ ref('int_verdict_main_factors') }} as main_factors
        on metrics.basis = main_factors.basis and metrics.month = main_factors.month
        and metrics.comparison = main_factors.comparison and metrics.metric = main_factors.metric

),

-- nobody is proven, and one is likelier than four of five to have moved the metric the way it went
leaning as (

    select
        *,
        case
            when main_department is not null or has_opposed_effect or round(base_value, 0) = round(current_value, 0) then null
            {%- for department in ['sales', 'marketing', 'market'] %}
            when p_{{ department }} > 0.8 and p_{{ department }} = greatest(p_marketing, p_sales, p_market) then '{{ department }}'
            {%- endfor %}
        end as leaning_department
    from joined

),

told as (

    select
        leaning.*
        {%- for language in languages %},
        {{ fill(headline_text('lean', language), {'department': 'labels.text_' ~ language,
            'probability': percent_number('least(greatest(p_marketing, p_sales, p_market), 0.99)')}) }} as lean_{{ language }}
        {%- endfor %}
        {%- for language in languages %},
        case
            when rest_{{ language }} is null then parts_{{ language }}
            when parts_{{ language }} is null then rest_{{ language }}
            else {{ fill(headline_text('rest', language), {'parts': 'parts_' ~ language, 'rest': 'rest_' ~ language}) }}
        end as told_{{ language }}
        {%- endfor %}
    from leaning
    left join {{ ref('headline_templates') }} as labels
        on 'department_' || leaning_department || case when leaning_department = 'market' and market_method <> 'none' then '_demand' else '' end
            = labels.template_key

),

worded as (

    select
        *,
        case when has_undated_milestones then 1 else 0 end + case when has_young_cohort or has_partial_month then 1 else 0 end
            + case when has_different_cohorts then 1 else 0 end as doubts
        {%- for language in languages %},
        case
            when main_department is null or not has_alike_channels then told_{{ language }}
            else {{ fill('case when has_more_leads then ' ~ headline_text('alike_rose', language) ~ ' else ' ~ headline_text('alike_fell', language) ~ ' end',
                {'said': 'told_' ~ language}) }}
        end as said_{{ language }}
        {%- endfor %}
    from told

)

select
    month,
    comparison,
    metric,
    basis,
    cast(base_value as double) as base,
    cast(current_value as double) as {{ adapter.quote('current') }},
    cast(delta as double) as delta,
    {%- for department in departments %}
    cast(coalesce({{ department }}_effect, 0.0) as double) as {{ department }}_effect,
    cast(coalesce({{ department }}_stderr, 0.0) as double) as {{ department }}_stderr,
    {%- endfor %}
    {%- for department in departments[:3] %}
    cast(p_{{ department }} as double) as p_{{ department }},
    {%- endfor %}
    main_department,
    main_factor,
    main_channel,
    leaning_department,
    market_method,
    -- A name is as sure as its distance from chance; "nobody" is as sure as a change would have had to be small to hide. Each doubt about the
    -- counts themselves takes a step away.
    case
        when has_few_clients or doubts > 1 or not is_comparable then 'low'
        when main_department is not null and main_evidence > 1.3 and doubts = 0 and not is_inferred then 'high'
        when main_department is not null then 'medium'
        when has_spread_change or has_opposed_effect then 'low'
        when {{ var('verdict_critical_z') }} * widest_stderr <= 0.2 * base_value and doubts = 0 then 'high'
        when {{ var('verdict_critical_z') }} * widest_stderr <= 0.5 * base_value then 'medium'
        else 'low'
    end as confidence,
    {%- for language in languages %}
    case
        when base_value = 0 and current_value = 0 and main_department is null then {{ fill(headline_text('empty', language), {'metric': 'metric_' ~ language}) }}
        else {{ fill("case
            when not is_comparable then " ~ headline_text('incomparable', language) ~ "
            -- proven effects that the change itself went against
            when has_opposed_effect then " ~ headline_text('opposed', language) ~ "
            -- the whole changed beyond chance, and no part of it by itself
            when main_department is null and has_spread_change and rest_" ~ language ~ " is not null then
                case when leaning_department is null then " ~ headline_text('spread', language) ~ " else " ~ headline_text('spread_leaning', language) ~ " end
            when main_department is null then
                case when leaning_department is null then " ~ headline_text('nobody', language) ~ " else " ~ headline_text('nobody_leaning', language) ~ " end
            when round(current_value, 0) < round(base_value, 0) then " ~ headline_text('fell', language) ~ "
            when round(current_value, 0) > round(base_value, 0) then " ~ headline_text('rose', language) ~ "
            else " ~ headline_text('stayed', language) ~ "
        end", {'metric': 'metric_' ~ language, 'base': grouped_number('base_value'), 'current': grouped_number('current_value'),
            'lean': "coalesce(lean_" ~ language ~ ", '')", 'parts': "coalesce(said_" ~ language ~ ", '')"}) }}
    end as headline_{{ language }},
    {%- endfor %}
    concat_ws(','{% for caveat in caveats %}, case when has_{{ caveat }} then '{{ caveat }}' end{% endfor %}) as caveats,
    {%- for language in languages %}
    concat_ws(' '{% for caveat in caveats %}, case when has_{{ caveat }} then {{ headline_text('caveat_' ~ caveat, language) }} end{% endfor %}) as caveats_{{ language }},
    {%- endfor %}
    window_kind,
    cast(window_days as integer) as window_days,
    is_first_line
from worded

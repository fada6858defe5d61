{%- set stages = funnel_stages() -%}
-- The factor that carries the main department's effect, beyond its own noise, and the channel it sits in where one channel carries it.
with main_departments as (

    select * from {{ ref('int_verdict_departments') }} where part_rank = 1 and is_significant

),

candidates as (

    select
        factors.*,
        row_number() over (
            partition by factors.basis, factors.month, factors.comparison, factors.metric
            order by factors.effect * case when main_departments.effect < 0 then -1 else 1 end desc, factors.display_order
        ) as factor_rank
    from {{ ref('int_verdict_factors') }} as factors
    inner join main_departments
        on factors.basis = main_departments.basis and factors.month = main_departments.month and factors.comparison = main_departments.comparison
        and factors.metric = main_departments.metric and factors.owner_department = main_departments.department
    where factors.effect * main_departments.effect > 0 and abs(factors.effect) > 1.96 * factors.stderr

),

main_factors as (

    select basis, month, comparison, metric, factor, owner_department, effect from candidates where factor_rank = 1

),

-- A channel moves the leads by their number and by its part in the mix: both together say how many of them it lost.
-- The steps of a channel are counted here and not taken from the effects, so that a channel whose clients are gone, and which is pooled for that, can be found.
lost_leads as (

    select
        basis,
        month,
        comparison,
        metric,
        channel_key,
        factor_of_channel as factor,
        {{ exact_sum('effect') }} as moved,
        abs({{ exact_sum('effect') }}) / nullif(sqrt({{ exact_sum('stderr * stderr') }}), 0) as distance
    from (
        select *, case when factor in ('lead_volume', 'channel_mix') then 'lead_volume' else factor end as factor_of_channel
        from {{ ref('int_verdict_allocated') }}
        where factor in ('lead_volume', 'channel_mix') or (factor = 'average_check' and not is_pooled)
    ) as of_leads
    group by basis, month, comparison, metric, channel_key, factor_of_channel

),

steps as (
    {%- for stage in stages[1:] %}
    {%- set previous = stages[loop.index0] %}
    select
        basis,
        month,
        comparison,
        channel_key,
        'step_{{ stage }}' as factor,
        base_{{ previous }}_count as base_entered,
        current_{{ previous }}_count as current_entered,
        base_{{ stage }}_count / nullif(base_{{ previous }}_count, 0) as base_rate,
        current_{{ stage }}_count / nullif(current_{{ previous }}_count, 0) as current_rate,
        (base_{{ stage }}_count + current_{{ stage }}_count) / nullif(base_{{ previous }}_count + current_{{ previous }}_count, 0) as rate
    from {{ ref('int_verdict_channels') }}
    {{ 'union all' if not loop.last }}
    {%- endfor %}

),

-- leads of the month that would have passed the step at the rate of the other month, by the two-sample test of proportions
broken_steps as (

    select
        basis,
        month,
        comparison,
        channel_key,
        factor,
        current_entered * (current_rate - base_rate) as moved,
        abs(current_rate - base_rate) / sqrt(rate * (1 - rate) * (1 / base_entered + 1 / current_entered)) as distance
    from steps
    where base_entered > 0 and current_entered > 0 and rate > 0 and rate < 1

),

of_channels as (

    select main_factors.*, lost_leads.channel_key, lost_leads.moved, lost_leads.distance
    from main_factors
    inner join lost_leads
        on main_factors.basis = lost_leads.basis and main_factors.month = lost_leads.month and main_factors.comparison = lost_leads.comparison
        and main_factors.metric = lost_leads.metric
        and case when main_factors.factor = 'channel_mix' then 'lead_volume' else main_factors.factor end = lost_leads.factor

    union all

    select main_factors.*, broken_steps.channel_key, broken_steps.moved, broken_steps.distance
    from main_factors
    inner join broken_steps
        on main_factors.basis = broken_steps.basis and main_factors.month = broken_steps.month
        and main_factors.comparison = broken_steps.comparison and main_factors.factor = broken_steps.factor

),

weighed as (

    select
        *,
        count(*) over (partition by basis, month, comparison, metric) as channels,
        {{ exact_sum('case when moved * effect > 0 then abs(moved) else 0.0 end', over='partition by basis, month, comparison, metric') }}
            as moved_the_same_way,
        row_number() over (partition by basis, month, comparison, metric order by moved * effect desc, channel_key) as channel_rank
    from of_channels

),

carriers as (

    select basis, month, comparison, metric, channel_key
    from weighed
    where channel_rank = 1
        and channels > 1
        and moved * effect > 0
        and abs(moved) >= 0.6 * moved_the_same_way
        and distance > {{ var('verdict_critical_z') }}

)

select
    main_factors.basis,
    main_factors.month,
    main_factors.comparison,
    main_factors.metric,
    main_factors.factor,
    main_factors.owner_department as department,
    carriers.channel_key
from main_factors
left join carriers
    on main_factors.basis = carriers.basis and main_factors.month = carriers.month and main_factors.comparison = carriers.comparison
    and main_factors.metric = carriers.metric

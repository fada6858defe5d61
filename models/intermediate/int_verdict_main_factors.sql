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

    select
        basis, month, comparison, metric, factor, first_step, owner_department, effect, weight,
        {{ stage_of_step('factor', 0) }} as stage_key,
        {{ stage_of_step('first_step', 1) }} as from_stage_key
    from candidates
    where factor_rank = 1

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

    select
        main_factors.*,
        channels.channel_key
        {%- for side in ['base', 'current'] %},
        {{ stage_count('channels.' ~ side, 'main_factors.from_stage_key') }} as {{ side }}_entered,
        {{ stage_count('channels.' ~ side, 'main_factors.stage_key') }} as {{ side }}_reached
        {%- endfor %}
    from main_factors
    inner join {{ ref('int_verdict_channels') }} as channels
        on main_factors.basis = channels.basis and main_factors.month = channels.month and main_factors.comparison = channels.comparison
    where main_factors.stage_key is not null

),

-- leads of the month that would have passed the step at the rate of the other month, by the two-sample test of proportions
broken_steps as (

    select
        *,
        current_entered * (current_reached / current_entered - base_reached / base_entered) as moved,
        abs(current_reached / current_entered - base_reached / base_entered)
            / sqrt(rate * (1 - rate) * (1 / base_entered + 1 / current_entered)) as distance
    from (
        select *, (base_reached + current_reached) / nullif(base_entered + current_entered, 0) as rate from steps
    ) as rated
    where base_entered > 0 and current_entered > 0 and rate > 0 and rate < 1

),

of_channels as (

    select
        main_factors.basis, main_factors.month, main_factors.comparison, main_factors.metric, main_factors.effect,
        lost_leads.channel_key, lost_leads.moved, lost_leads.distance
    from main_factors
    inner join lost_leads
        on main_factors.basis = lost_leads.basis and main_factors.month = lost_leads.month and main_factors.comparison = lost_leads.comparison
        and main_factors.metric = lost_leads.metric
        and case when main_factors.factor = 'channel_mix' then 'lead_volume' else main_factors.factor end = lost_leads.factor

    union all

    select basis, month, comparison, metric, effect, channel_key, moved, distance from broken_steps

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
    main_factors.first_step,
    main_factors.from_stage_key,
    main_factors.stage_key,
    main_factors.owner_department as department,
    -- of the market's demand, how large it is where the other month's is 100
    case when main_factors.factor = 'market_demand' then 100 * exp(main_factors.effect / main_factors.weight) end as demand,
    carriers.channel_key
from main_factors
left join carriers
    on main_factors.basis = carriers.basis and main_factors.month = carriers.month and main_factors.comparison = carriers.comparison
    and main_factors.metric = carriers.metric

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

    select * from candidates where factor_rank = 1

),

-- a channel moves the leads by their number and by its part in the mix: both together say how many of them it lost
of_channels as (

    select
        basis,
        month,
        comparison,
        metric,
        channel_key,
        case when factor in ('lead_volume', 'channel_mix') then 'lead_volume' else factor end as factor,
        sum(effect) as effect,
        sqrt(sum(stderr * stderr)) as stderr,
        count(*) over (partition by basis, month, comparison, metric, case when factor in ('lead_volume', 'channel_mix') then 'lead_volume' else factor end)
            as channels
    from {{ ref('int_verdict_allocated') }}
    where not is_pooled or factor in ('lead_volume', 'channel_mix')
    group by basis, month, comparison, metric, channel_key, case when factor in ('lead_volume', 'channel_mix') then 'lead_volume' else factor end

),

carriers as (

    select
        main_factors.basis,
        main_factors.month,
        main_factors.comparison,
        main_factors.metric,
        of_channels.channel_key,
        row_number() over (
            partition by main_factors.basis, main_factors.month, main_factors.comparison, main_factors.metric
            order by abs(of_channels.effect) desc, of_channels.channel_key
        ) as channel_rank
    from main_factors
    inner join of_channels
        on main_factors.basis = of_channels.basis and main_factors.month = of_channels.month and main_factors.comparison = of_channels.comparison
        and main_factors.metric = of_channels.metric
        and case when main_factors.factor = 'channel_mix' then 'lead_volume' else main_factors.factor end = of_channels.factor
    where of_channels.channels > 1
        and of_channels.effect * main_factors.effect > 0
        and abs(of_channels.effect) >= 0.6 * abs(main_factors.effect)
        and abs(of_channels.effect) > {{ var('verdict_critical_z') }} * of_channels.stderr

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
    and main_factors.metric = carriers.metric and carriers.channel_rank = 1

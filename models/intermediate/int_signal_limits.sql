{%- set weights = signal_weights() -%}
{%- set seen = signal_seen() -%}
{%- set series = 'partition by metric, channel_key order by week' -%}
{%- set before = 'rows between ' ~ (weights | length + var('signal_usual_weeks') - 1) ~ ' preceding and ' ~ weights | length ~ ' preceding' -%}
-- EWMA control charts (docs/verdict.md): the weighted average of the last weeks, against what the half year before them was used to. All is a ratio
-- total / units; the variance of a total is units x that of a single unit: binomial of a share, Poisson of a count, that of the sample of a mean.
-- The last weeks of a step are not ripe: each is seen at its age, against the part that is usual by then.
with ended as (

    select charts.metric, charts.kind, charts.ripe_weeks, charts.channel_key, weeks.week, weeks.season_index, weeks.season_variance
    from (
        select metric, kind, ripe_weeks, channel_key, min(week) as first_week
        from {{ ref('int_signal_counts') }}
        group by metric, kind, ripe_weeks, channel_key
        having sum(total) > 0 and (kind = 'count' or sum(units) > 0)
    ) as charts
    inner join {{ ref('int_signal_weeks') }} as weeks on weeks.week >= charts.first_week

),

filled as (

    select
        ended.*,
        case ended.kind
            when 'count' then ended.season_index
            when 'per_cost' then coalesce(counts.units, 0.0) * ended.season_index
            else coalesce(counts.units, 0.0)
        end as units,
        coalesce(counts.total, 0.0) as total,
        coalesce(counts.squares, 0.0) as squares
        {%- for name in seen %},
        case when ended.ripe_weeks > {{ loop.index0 }} then coalesce(counts.{{ name }}, 0.0) else coalesce(counts.total, 0.0) end as {{ name }}
        {%- endfor %}
    from ended
    left join {{ ref('int_signal_counts') }} as counts
        on ended.metric = counts.metric and ended.channel_key = counts.channel_key and ended.week = counts.week

),

windowed as (

    select
        *,
        {%- for column in ['units', 'total', 'squares'] + seen %}
        sum({{ column }}) over ({{ series }} {{ before }}) as usual_{{ column }},
        {%- endfor %}
        sum(total * total / nullif(units, 0)) over ({{ series }} {{ before }}) as usual_scatter,
        count(nullif(units, 0)) over ({{ series }} {{ before }}) as usual_weeks
        {%- for weight in weights %},
        lag(units, {{ loop.index0 }}, 0.0) over ({{ series }}) as units_{{ loop.index0 }},
        lag({{ seen[loop.index0] if loop.index0 < seen | length else 'total' }}, {{ loop.index0 }}, 0.0) over ({{ series }}) as counted_{{ loop.index0 }}
        {%- endfor %}
    from filled

),

-- Of n entries seen at an age by which the part c of those that go on has gone on, counted / c n is the rate p with the variance p (1 - c p) / c n:
-- they tell as much as n c (1 - p) / (1 - c p) ripe ones, and weigh as much.
worth as (

    select
        *,
        usual_total / nullif(usual_units, 0) as usual
        {%- for name in seen %},
        case
            when ripe_weeks <= {{ loop.index0 }} then 1.0
            when usual_{{ name }} > 0 then greatest(1 - usual_total / usual_units, 0.05) / greatest(1 - usual_{{ name }} / usual_units, 0.05)
            else 0.0
        end as worth_{{ loop.index0 }},
        case when ripe_weeks <= {{ loop.index0 }} then 1.0 else usual_{{ name }} / nullif(usual_total, 0) end as part_{{ loop.index0 }}
        {%- endfor %}
    from windowed

),

known as (

    select
        *
        {%- for weight in weights %}
        {%- set is_seen_young = loop.index0 < seen | length %},
        {{ 'worth_' ~ loop.index0 ~ ' * ' if is_seen_young }}counted_{{ loop.index0 }} as said_{{ loop.index0 }},
        {{ 'worth_' ~ loop.index0 ~ ' * part_' ~ loop.index0 ~ ' * ' if is_seen_young }}units_{{ loop.index0 }} as told_{{ loop.index0 }}
        {%- endfor %}
    from worth

),

-- size: of a sample whose chance would be that of the average
rated as (

    select
        *,
        ({{ weighed(weights, 'said') }}) / nullif({{ weighed(weights, 'told') }}, 0) as average,
        power({{ weighed(weights, 'told') }}, 2) / nullif({{ weighed(weights, 'told', power=2) }}, 0) as size,
        case when channel_key = 'all' then {{ var('signal_limit_z') }} else {{ var('signal_channel_limit_z') }} end as limit_z
    from known

),

-- of small samples the limits of a score test: a rate of 100 % has a chance too
varied as (

    select
        *,
        case
            when kind = 'share'
                then (usual * size + limit_z * limit_z / 2) * ((1 - usual) * size + limit_z * limit_z / 2) / power(size + limit_z * limit_z, 2)
            when kind in ('count', 'per_cost') then usual + limit_z * limit_z / (4 * size)
            else greatest(usual_squares / usual_units - usual * usual, 0.0)
        end as unit_variance,
        case kind
            when 'share' then size >= 20
            when 'mean' then size >= 60 and usual_units >= 100
            when 'log_mean' then size >= 10 and usual_units >= 30
            else size * usual >= 10
        end and usual_weeks >= {{ var('signal_least_weeks') }} as has_limits
    from rated
    where usual_units > 0 and average is not null

),

-- weeks that differ more than chance would have them (campaigns, holidays) widen the limits
scattered as (

    select
        *,
        greatest(1.0, ({{ var('signal_least_weeks') }} + (usual_scatter - usual_total * usual) / nullif(unit_variance, 0))
            / ({{ var('signal_least_weeks') }} + usual_weeks - 1)) as dispersion
    from varied
    where has_limits

),

limited as (

    select
        *,
        limit_z * sqrt(
            unit_variance * coalesce(dispersion, 1.0) * (1 / size + 1 / usual_units)
            + case when kind in ('count', 'per_cost') then season_variance * usual * usual else 0.0 end
        ) as width,
        case when average < usual then -1 when average > usual then 1 else 0 end as side
    from scattered

),

turned as (

    select *, coalesce(side <> lag(side) over ({{ series }}), true) as is_turn from limited

)

select
    filled.metric,
    filled.kind,
    7 * filled.ripe_weeks as ripe_days,
    filled.channel_key,
    filled.week,
    filled.season_index,
    filled.units,
    -- of a week that is not ripe yet nothing is known that could stand beside the others
    case when {{ add_days('filled.week', '6 + 7 * filled.ripe_weeks') }} <= {{ as_of() }} then filled.total end as total,
    turned.average,
    turned.usual,
    turned.usual - turned.width as lower_limit,
    turned.usual + turned.width as upper_limit,
    coalesce(abs(turned.average - turned.usual) > turned.width, false) as is_out,
    turned.side,
    -- since the average was last on the other side of what is usual (Nishina 1992)
    max(case when turned.is_turn then turned.week end) over (partition by filled.metric, filled.channel_key order by filled.week) as since
from filled
left join turned on filled.metric = turned.metric and filled.channel_key = turned.channel_key and filled.week = turned.week

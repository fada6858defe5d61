{%- set lead = funnel_stages()[0] -%}
{%- set sides = ['base', 'current'] -%}
{%- set parts = {'all': 'true', 'gauge': 'is_gauge', 'not_gauge': 'not is_gauge', 'unpaid': 'is_unpaid', 'paid': 'not is_unpaid'} -%}
-- What the number of leads tells of the market where nobody measured it: channels whose leads nobody buys are a control group of those that are bought.
-- All changes are logarithms without the season; counts are Poisson. docs/verdict.md tells the rules and how often they are right.
with leads as (

    select
        channels.basis,
        channels.month,
        channels.comparison,
        channels.channel_key,
        coalesce(dim_channel.is_market_gauge, false) as is_gauge,
        coalesce(dim_channel.is_market_gauge or not dim_channel.is_paid, false) and channels.channel_key <> 'unmapped' as is_unpaid,
        channels.base_{{ lead }}_count as base_leads,
        channels.current_{{ lead }}_count as current_leads
    from {{ ref('int_verdict_channels') }} as channels
    left join {{ ref('dim_channel') }} as dim_channel on channels.channel_key = dim_channel.channel_key
    where channels.base_{{ lead }}_count + channels.current_{{ lead }}_count > 0

),

totals as (

    select
        basis,
        month,
        comparison,
        count(*) as channels
        {%- for side in sides %}
        {%- for part, is_in in parts.items() %},
        sum(case when {{ is_in }} then {{ side }}_leads else 0.0 end) as {{ side }}_{{ part }}
        {%- endfor %}
        {%- endfor %}
    from leads
    group by basis, month, comparison

),

-- chi-square of homogeneity: did every channel lose the same part of its leads?
spread as (

    select
        leads.basis,
        leads.month,
        leads.comparison,
        {{ exact_sum('power(leads.current_leads - (leads.base_leads + leads.current_leads) * totals.current_all / (totals.base_all + totals.current_all), 2)
            / ((leads.base_leads + leads.current_leads) * totals.current_all * totals.base_all / power(totals.base_all + totals.current_all, 2))') }} as chi_square
    from leads
    inner join totals on leads.basis = totals.basis and leads.month = totals.month and leads.comparison = totals.comparison
    where totals.base_all > 0 and totals.current_all > 0
    group by leads.basis, leads.month, leads.comparison

),

changes as (

    select
        totals.basis,
        totals.month,
        totals.comparison,
        season.log_variance as season_variance,
        {%- for part in parts %}
        case
            when totals.base_{{ part }} > 0 and totals.current_{{ part }} > 0
                then ln(totals.current_{{ part }} / totals.base_{{ part }}) - ln(season.current_index / season.base_index)
        end as change_of_{{ part }},
        1 / nullif(totals.base_{{ part }}, 0) + 1 / nullif(totals.current_{{ part }}, 0) as variance_of_{{ part }},
        {%- endfor %}
        -- as a standard normal deviate (Wilson and Hilferty 1931)
        (power(spread.chi_square / (totals.channels - 1), 1.0 / 3) - 1 + 2.0 / (9 * (totals.channels - 1))) / sqrt(2.0 / (9 * (totals.channels - 1))) as spread_z
    from totals
    inner join spread on totals.basis = spread.basis and totals.month = spread.month and totals.comparison = spread.comparison
    inner join {{ ref('int_verdict_season') }} as season on totals.month = season.month and totals.comparison = season.comparison
    -- without a gauge nothing is said of the market, and without others it gauges nothing
    where {% for side in sides %}totals.{{ side }}_gauge > 0 and totals.{{ side }}_not_gauge > 0{{ ' and ' if not loop.last }}{% endfor %}

),

judged as (

    select
        *,
        change_of_all / sqrt(variance_of_all + season_variance) as all_z,
        change_of_gauge / sqrt(variance_of_gauge + season_variance) as gauge_z,
        (change_of_gauge - change_of_not_gauge) / sqrt(variance_of_gauge + variance_of_not_gauge) as gauge_contrast_z,
        change_of_unpaid / sqrt(variance_of_unpaid + season_variance) as unpaid_z,
        (change_of_unpaid - change_of_paid) / sqrt(variance_of_unpaid + variance_of_paid) as unpaid_contrast_z
    from changes

),

found as (

    select
        *,
        case
            -- all channels changed alike, and the unpaid ones more likely with them than not at all: one cause, which is measured in all of them
            when abs(unpaid_contrast_z) <= 1.96 and spread_z <= {{ var('verdict_unlike_z') }} and abs(all_z) > {{ var('verdict_critical_z') }}
                and unpaid_z * all_z > 0 and power(unpaid_z, 2) + 2 * ln({{ var('verdict_market_odds') }}) > power(unpaid_contrast_z, 2) then 'common'
            when abs(gauge_z) <= 1.96 then 'none'
            when abs(gauge_contrast_z) <= 1.96 then 'gauge'
            -- what the others contradict is the channel's own
            else 'own'
        end as finding
    from judged

)

select
    basis,
    month,
    comparison,
    finding,
    case when finding = 'common' then change_of_all else change_of_gauge end as change,
    case when finding = 'common' then variance_of_all else variance_of_gauge end + season_variance as log_variance,
    -- what is left of all leads is known as badly as the control group, less the chance that both share
    case finding
        when 'common' then greatest(variance_of_unpaid - variance_of_all, 0.0)
        when 'gauge' then greatest(variance_of_gauge - variance_of_all, 0.0)
    end as rest_variance,
    season_variance,
    change_of_all > 0 as has_more_leads,
    -- chi-square of homogeneity with p > 0.2
    abs(all_z) > 1.96 and spread_z < 0.8416 as is_alike,
    greatest(abs(gauge_contrast_z), coalesce(abs(unpaid_contrast_z), 0.0), spread_z) <= {{ var('verdict_critical_z') }} as may_be_market
from found

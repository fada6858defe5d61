{%- set stages = funnel_stages() -%}
{%- set lead, won = stages[0], stages[-1] -%}
{%- set measures = [] -%}
{%- for stage in stages -%}{%- do measures.append(stage ~ '_count') -%}{%- endfor -%}
{%- do measures.extend(['new_revenue', 'new_revenue_squares', 'existing_revenue', 'existing_revenue_squares', 'refunds', 'refund_squares']) -%}

{%- set columns = ['basis', 'month', 'comparison', 'channel_key', lead ~ '_quality'] -%}
{%- for stage in stages[1:] -%}{%- do columns.append(stage ~ '_quality') -%}{%- endfor -%}
{%- for measure in measures -%}{%- do columns.extend(['base_' ~ measure, 'current_' ~ measure]) -%}{%- endfor -%}

-- Both sides of a comparison in one row per channel, and how the channel takes part: opened, closed, decomposed on its own, or pooled.
with cells as (

    select * from {{ ref('int_verdict_cells') }}

),

paired as (

    select
        basis,
        month,
        comparison,
        channel_key
        {%- for measure in measures %},
        coalesce(sum(case when side = 'base' then {{ measure }} end), 0.0) as base_{{ measure }},
        coalesce(sum(case when side = 'current' then {{ measure }} end), 0.0) as current_{{ measure }}
        {%- endfor %}
    from cells
    group by basis, month, comparison, channel_key

),

-- How good the leads of a channel usually are: its step rates over all known cohorts, each once, pulled towards the rate of all channels
-- with the weight of reference_leads so that a channel of ten leads has no quality of its own.
channel_history as (

    select
        channel_key
        {%- for stage in stages %},
        sum({{ stage }}_count) as {{ stage }}_count
        {%- endfor %}
    from cells
    where basis = 'cohort' and comparison = 'previous_month' and side = 'current'
    group by channel_key

),

all_history as (

    select
        {%- for stage in stages[1:] %}
        case
            when sum({{ stages[loop.index0] }}_count) > 0 then sum({{ stage }}_count) / sum({{ stages[loop.index0] }}_count)
            else 1.0
        end as {{ stage }}_rate{{ ',' if not loop.last }}
        {%- endfor %}
    from channel_history

),

channel_rates as (

    select
        channel_history.channel_key
        {%- for stage in stages[1:] %},
        (channel_history.{{ stage }}_count + {{ var('verdict_reference_leads') }} * all_history.{{ stage }}_rate)
            / (channel_history.{{ stages[loop.index0] }}_count + {{ var('verdict_reference_leads') }}) as {{ stage }}_rate
        {%- endfor %}
    from channel_history
    cross join all_history

),

typed as (

    select
        paired.*,
        {%- set product = [] %}
        1.0 as {{ lead }}_quality,
        {%- for stage in stages[1:] %}
        {%- do product.append('coalesce(channel_rates.' ~ stage ~ '_rate, all_history.' ~ stage ~ '_rate, 1.0)') %}
        {{ product | join(' * ') }} as {{ stage }}_quality,
        {%- endfor %}
        case
            when paired.base_{{ lead }}_count = 0 and paired.current_{{ lead }}_count > 0 then 'opened_channel'
            when paired.base_{{ lead }}_count > 0 and paired.current_{{ lead }}_count = 0 then 'closed_channel'
            when paired.base_{{ lead }}_count > 0 and least(paired.base_{{ won }}_count, paired.current_{{ won }}_count) >= {{ var('verdict_own_clients') }} then 'own'
            else 'pooled'
        end as part
    from paired
    left join channel_rates on paired.channel_key = channel_rates.channel_key
    left join all_history on 1 = 1

),

-- A pool that lost its clients is no better than a channel that did: the smallest channel of its own joins it.
counted as (

    select
        *,
        sum(case when part = 'pooled' then base_{{ won }}_count else 0.0 end) over (partition by basis, month, comparison) as base_pooled,
        sum(case when part = 'pooled' then current_{{ won }}_count else 0.0 end) over (partition by basis, month, comparison) as current_pooled,
        row_number() over (
            partition by basis, month, comparison, part order by least(base_{{ won }}_count, current_{{ won }}_count), channel_key
        ) as rank_from_smallest
    from typed

),

grouped as (

    select
        {{ columns | join(',\n        ') }},
        case when joins_pool then 'pooled' else part end as part,
        case when joins_pool or part = 'pooled' then '(pooled)' else channel_key end as group_key
    from (
        select
            *,
            part = 'own' and rank_from_smallest = 1 and base_pooled + current_pooled > 0
                and least(base_pooled, current_pooled) < {{ var('verdict_own_clients') }} as joins_pool
        from counted
    ) as placed

)

select
    *,
    -- the channel's part of what its group usually brings; equal parts where nothing is known
    {%- set brings = won ~ '_quality * (base_' ~ lead ~ '_count + current_' ~ lead ~ '_count)' %}
    {%- set all_bring = exact_sum(brings, over='partition by basis, month, comparison, group_key', digits=20) %}
    case
        when {{ all_bring }} > 0 then {{ brings }} / {{ all_bring }}
        else 1.0 / count(*) over (partition by basis, month, comparison, group_key)
    end as group_share
from grouped

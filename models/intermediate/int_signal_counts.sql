{%- set stages = funnel_stages() -%}
{%- set ages = signal_ages() -%}
{%- set longest = ages[-1] -%}
-- What each week counts, per metric and channel: how much of something there was to count in (units), and what was counted (total, and squares for its
-- variance). The entries of a step are ripe once they have lived for ripe_days; young_total is what was counted after {{ ages[0] }} days of those that ripen later.
with steps as (

    select * from {{ ref('int_signal_steps') }}

),

-- The age of a step: the shortest by which nine of ten that go on within {{ longest }} days have gone on, over all known weeks that are old enough to tell.
step_ages as (

    select
        stage_key,
        case
            {%- for days in ages[:-1] %}
            when sum(taken_{{ days }}) >= 0.9 * sum(taken_{{ longest }}) then {{ days }}
            {%- endfor %}
            else {{ longest }}
        end as ripe_days
    from steps
    where {{ add_days('week', 6 + longest) }} <= {{ as_of() }}
    group by stage_key

),

leads as (

    select channel_key, {{ week_start('created_date') }} as week, count(*) as leads
    from {{ ref('fct_lead_funnel') }}
    group by channel_key, {{ week_start('created_date') }}

),

costs as (

    select channel_key, {{ week_start('spend_date') }} as week, sum(cost_base) as cost
    from {{ ref('fct_ad_spend') }}
    group by channel_key, {{ week_start('spend_date') }}

),

checks as (

    select
        channel_key,
        {{ week_start('paid_date') }} as week,
        count(*) as payments,
        sum(amount_base) as amount,
        sum({{ square_of('amount_base') }}) as squares
    from {{ ref('fct_payment') }}
    where kind = 'payment'
    group by channel_key, {{ week_start('paid_date') }}

),

-- Working time is skewed, and so its logarithm is averaged: the result is a typical time that one forgotten lead does not move.
-- Six digits of it, so that its square still fits a machine word: wider ones cost ten times as much.
times as (
    {% for stage in stages[1:] %}
    select
        '{{ stage }}' as stage_key,
        channel_key,
        {{ week_start(stage ~ '_date') }} as week,
        cast(ln(1 + greatest({{ stage }}_lag_business_minutes, 0)) as decimal(9, 6)) as log_minutes
    from {{ ref('fct_lead_funnel') }}
    where {{ stage }}_lag_business_minutes is not null
    {%- if not loop.last %}

    union all
    {% endif %}
    {%- endfor %}

),

counted as (

    select
        'leads' as metric, 'count' as kind, 0 as ripe_days, channel_key, week,
        cast(0 as decimal(38, 4)) as units, cast(leads as decimal(38, 9)) as total, cast(0 as decimal(38, 9)) as squares,
        cast(0 as decimal(38, 9)) as young_total
    from leads

    union all

    select
        'cpl', 'per_cost', 0, coalesce(costs.channel_key, leads.channel_key), coalesce(costs.week, leads.week),
        cast(coalesce(costs.cost, 0) as decimal(38, 4)), cast(coalesce(leads.leads, 0) as decimal(38, 9)), cast(0 as decimal(38, 9)), cast(0 as decimal(38, 9))
    from costs
    full outer join leads on costs.channel_key = leads.channel_key and costs.week = leads.week

    union all

    select
        'step_' || steps.stage_key, 'share', step_ages.ripe_days, steps.channel_key, steps.week,
        cast(steps.entries as decimal(38, 4)),
        {%- set taken -%}
        cast(case step_ages.ripe_days{% for days in ages %} when {{ days }} then steps.taken_{{ days }}{% endfor %} end as decimal(38, 9))
        {%- endset %}
        {{ taken }},
        {{ taken }},
        cast(steps.taken_{{ ages[0] }} as decimal(38, 9))
    from steps
    inner join step_ages on steps.stage_key = step_ages.stage_key

    union all

    select
        'average_check', 'mean', 0, channel_key, week,
        cast(payments as decimal(38, 4)), cast(amount as decimal(38, 9)), cast(least(squares, 1e28) as decimal(38, 9)), cast(0 as decimal(38, 9))
    from checks

    union all

    select
        'speed_' || times.stage_key, 'log_mean', 0, times.channel_key, times.week,
        cast(count(*) as decimal(38, 4)), cast(sum(times.log_minutes) as decimal(38, 9)),
        cast(sum(times.log_minutes * times.log_minutes) as decimal(38, 9)), cast(0 as decimal(38, 9))
    from times
    inner join {{ ref('int_signal_stages') }} as watched on times.stage_key = watched.stage_key and watched.steps = 1
    group by times.stage_key, times.channel_key, times.week

),

with_all as (

    {{ with_all_channels('counted', ['metric', 'kind', 'ripe_days', 'week'], ['units', 'total', 'squares', 'young_total']) }}

)

select
    metric,
    kind,
    cast(ripe_days as integer) as ripe_days,
    channel_key,
    week,
    cast(units as double) as units,
    cast(total as double) as total,
    cast(squares as double) as squares,
    cast(young_total as double) as young_total
from with_all

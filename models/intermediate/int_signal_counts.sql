{%- set stages = funnel_stages() -%}
{%- set ages = signal_ages() -%}
{%- set longest = ages[-1] -%}
{%- set seen = signal_seen() -%}
-- What each week counts, per metric and channel: how much of something there was to count in (units), and what was counted (total, and squares for its
-- variance). The entries of a step are ripe once they have lived for ripe_weeks after their own; seen_<weeks> is what was counted sooner.
with steps as (

    select * from {{ ref('int_signal_steps') }}

),

-- The age of a step: the shortest by which nine of ten that go on within {{ longest }} weeks have gone on, over all known weeks that are old enough to tell.
step_ages as (

    select
        stage_key,
        case
            {%- for weeks in ages[1:-1] %}
            when sum(taken_{{ weeks }}) >= 0.9 * sum(taken_{{ longest }}) then {{ weeks }}
            {%- endfor %}
            else {{ longest }}
        end as ripe_weeks
    from steps
    where {{ add_days('week', 6 + 7 * longest) }} <= {{ as_of() }}
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
        'leads' as metric, 'count' as kind, 0 as ripe_weeks, channel_key, week,
        cast(0 as decimal(38, 4)) as units, cast(leads as decimal(38, 9)) as total, cast(0 as decimal(38, 9)) as squares
        {%- for name in seen %}, cast(0 as decimal(38, 9)) as {{ name }}{% endfor %}
    from leads

    union all

    select
        'cpl', 'per_cost', 0, coalesce(costs.channel_key, leads.channel_key), coalesce(costs.week, leads.week),
        cast(coalesce(costs.cost, 0) as decimal(38, 4)), cast(coalesce(leads.leads, 0) as decimal(38, 9)), cast(0 as decimal(38, 9))
        {%- for name in seen %}, cast(0 as decimal(38, 9)){% endfor %}
    from costs
    full outer join leads on costs.channel_key = leads.channel_key and costs.week = leads.week

    union all

    select
        'step_' || steps.stage_key, 'share', step_ages.ripe_weeks, steps.channel_key, steps.week,
        cast(steps.entries as decimal(38, 4)),
        {%- set taken -%}
        cast(case step_ages.ripe_weeks{% for weeks in ages[1:] %} when {{ weeks }} then steps.taken_{{ weeks }}{% endfor %} end as decimal(38, 9))
        {%- endset %}
        {{ taken }},
        {{ taken }}
        {%- for weeks in ages[:-1] %}, cast(steps.taken_{{ weeks }} as decimal(38, 9)){% endfor %}
    from steps
    inner join step_ages on steps.stage_key = step_ages.stage_key

    union all

    select
        'average_check', 'mean', 0, channel_key, week,
        cast(payments as decimal(38, 4)), cast(amount as decimal(38, 9)), cast(least(squares, 1e28) as decimal(38, 9))
        {%- for name in seen %}, cast(0 as decimal(38, 9)){% endfor %}
    from checks

    union all

    select
        'speed_' || times.stage_key, 'log_mean', 0, times.channel_key, times.week,
        cast(count(*) as decimal(38, 4)), cast(sum(times.log_minutes) as decimal(38, 9)),
        cast(sum(times.log_minutes * times.log_minutes) as decimal(38, 9))
        {%- for name in seen %}, cast(0 as decimal(38, 9)){% endfor %}
    from times
    inner join {{ ref('int_signal_stages') }} as watched on times.stage_key = watched.stage_key and watched.steps = 1
    group by times.stage_key, times.channel_key, times.week

),

with_all as (

    {{ with_all_channels('counted', ['metric', 'kind', 'ripe_weeks', 'week'], ['units', 'total', 'squares'] + seen) }}

)

select
    metric,
    kind,
    cast(ripe_weeks as integer) as ripe_weeks,
    channel_key,
    week,
    cast(units as double) as units,
    cast(total as double) as total,
    cast(squares as double) as squares
    {%- for name in seen %},
    cast({{ name }} as double) as {{ name }}
    {%- endfor %}
from with_all

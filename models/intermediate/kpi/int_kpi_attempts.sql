{#- stages after `lead`: a lead's own date is created_date -#}
{%- set stages = funnel_stages()[1:] -%}

with attempts as (

    select * from {{ ref('fct_lead_funnel') }}

),

dated as (

    select
        *,
        {{ local_date('outcome_at') }} as outcome_date
        {%- for stage in stages %},
        {{ local_date(stage ~ '_at') }} as {{ stage }}_date
        {%- endfor %}
    from attempts

),

-- a later stage proves the earlier ones: the first dated proof says by when a skipped stage was reached at the latest
proven as (

    select
        *
        {%- for stage in stages %},
        {%- set onwards = stages[loop.index0:] %}
        {%- if onwards | length > 1 %}
        least({% for later in onwards %}{{ later }}_date{{ ", " if not loop.last }}{% endfor %}) as {{ stage }}_known_date,
        least({% for later in onwards %}{{ later }}_at{{ ", " if not loop.last }}{% endfor %}) as {{ stage }}_known_at
        {%- else %}
        {{ stage }}_date as {{ stage }}_known_date,
        {{ stage }}_at as {{ stage }}_known_at
        {%- endif %}
        {%- endfor %}
    from dated

),

first_wins as (

    select client_key, min(created_at) as created_at
    from attempts
    where paid_reached
    group by client_key

),

-- two attempts of one client created at one moment: the smaller key, so that the client still counts once
first_win_keys as (

    select min(attempts.lead_attempt_key) as lead_attempt_key
    from attempts
    inner join first_wins on attempts.client_key = first_wins.client_key and attempts.created_at = first_wins.created_at
    where attempts.paid_reached
    group by attempts.client_key

)

select
    proven.lead_attempt_key,
    proven.client_key,
    proven.channel_key,
    proven.created_at,
    proven.created_date,
    proven.lead_month,
    proven.is_reopened,
    proven.outcome,
    proven.outcome_date,
    proven.furthest_stage_key,
    first_win_keys.lead_attempt_key is not null as is_first_win
    {%- for stage in stages %},
    proven.{{ stage }}_reached,
    proven.{{ stage }}_is_imputed,
    proven.{{ stage }}_date,
    proven.{{ stage }}_known_date,
    {{ minutes_between('proven.created_at', 'proven.' ~ stage ~ '_known_at') }} / 1440 as {{ stage }}_age_days
    {%- endfor %},
    proven.first_contact_lag_minutes,
    proven.first_contact_lag_business_minutes,
    proven.brief_filled_lag_minutes,
    proven.proposal_sent_lag_minutes,
    proven.contract_sent_lag_minutes,
    proven.lt_days
from proven
left join first_win_keys on proven.lead_attempt_key = first_win_keys.lead_attempt_key

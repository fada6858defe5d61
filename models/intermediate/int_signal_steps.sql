{%- set stages = funnel_stages() -%}
{%- set ages = signal_ages() -%}
-- Entries into each step by the week of the entry, and how many had gone on by its end and by the end of each of the weeks after: weeks are compared at
-- one age.
with attempts as (

    select channel_key{% for stage in stages %}, {{ first_proof(stage, 'date') }} as {{ stage }}_proof_date{% endfor %}
    from {{ ref('fct_lead_funnel') }}

),

steps as (

    select * from {{ ref('int_signal_stages') }}

),

entered as (
    {% for stage in stages[1:] %}
    select
        '{{ stage }}' as stage_key,
        attempts.channel_key,
        case steps.from_stage_key
            {%- for earlier in stages[:loop.index] %}
            when '{{ earlier }}' then attempts.{{ earlier }}_proof_date
            {%- endfor %}
        end as entered_on,
        attempts.{{ stage }}_proof_date as taken_on,
        count(*) as entries
    from attempts
    inner join steps on steps.stage_key = '{{ stage }}'
    group by 2, 3, 4
    {%- if not loop.last %}

    union all
    {% endif %}
    {%- endfor %}

)

select
    stage_key,
    channel_key,
    {{ week_start('entered_on') }} as week,
    sum(entries) as entries
    {%- for weeks in ages %},
    sum(case when taken_on <= {{ add_days(week_start('entered_on'), 6 + 7 * weeks) }} then entries else 0 end) as taken_{{ weeks }}
    {%- endfor %}
from entered
where entered_on is not null and entered_on <= {{ as_of() }}
group by stage_key, channel_key, {{ week_start('entered_on') }}

{{ config(materialized='incremental', meta={'replaces': 'month', 'touched': 'int_kpi_touched_months'}) }}
{%- set steps = funnel_stages()[1:] -%}
-- How long each step took in each month, by owner and over all. A closed month is computed again only when something in it changed:
-- it holds who did the step (int_employee_names), for the name to show may change any night; '' is everyone and no name.
with attempts as {{ not_materialized() }} (

    select * from {{ ref('fct_lead_funnel') }}

),

stages as (

    select * from {{ ref('dim_stage') }} where not is_terminal

),

sla as (

    select * from {{ ref('sla') }}

),

steps_done as (
    {% for step in steps %}
    select
        {{ month_start(step ~ '_date') }} as month,
        '{{ step }}' as step_key,
        sdr,
        sales_rep,
        {{ step }}_lag_minutes as lag_minutes,
        {{ step }}_lag_business_minutes as lag_business_minutes
    from attempts
    where {{ step }}_lag_minutes is not null {{ only_touched(month_start(step ~ '_date'), touched='int_kpi_touched_months', day=step ~ '_date') }}
    {%- if not loop.last %}

    union all
    {% endif %}
    {%- endfor %}

),

owned_steps as (

    select
        steps_done.month,
        steps_done.step_key,
        stages.department,
        coalesce(people.person_key, '(none)') as owner_key,
        steps_done.lag_minutes,
        steps_done.lag_business_minutes,
        case when steps_done.lag_business_minutes <= sla.sla_business_minutes then 1 end as is_within_sla
    from steps_done
    inner join stages on steps_done.step_key = stages.stage_key
    left join sla on steps_done.step_key = sla.stage_key
    left join {{ ref('int_employee_names') }} as people
        on case stages.department when 'marketing' then steps_done.sdr else steps_done.sales_rep end = people.written_name

),

measured as (
    {% for owner in ['owner_key', "''"] %}
    select
        month,
        step_key,
        department,
        {{ owner }} as owner_key,
        count(*) as n,
        count(lag_business_minutes) as n_business,
        count(is_within_sla) as within_sla,
        {{ percentile_list('lag_minutes', [0.5, 0.9]) }} as minutes,
        {{ percentile_list('lag_business_minutes', [0.5, 0.9]) }} as business_minutes
    from owned_steps
    group by month, step_key, department{{ ', owner_key' if owner == 'owner_key' }}
    {%- if not loop.last %}

    union all
    {% endif %}
    {%- endfor %}

)

select
    month,
    step_key,
    department,
    owner_key,
    n,
    n_business,
    within_sla,
    {{ list_element('minutes', 1) }} as median_minutes,
    {{ list_element('minutes', 2) }} as p90_minutes,
    {{ list_element('business_minutes', 1) }} as median_business_minutes,
    {{ list_element('business_minutes', 2) }} as p90_business_minutes
from measured

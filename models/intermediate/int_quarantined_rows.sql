-- Every source row that did not enter the facts, with rule and position, never with its values.
{% set staged_models = [] -%}
{%- for entity in staged_entities() -%}
    {%- for one in staged(entity) -%} {%- do staged_models.append((one.relation, one.entity) + money_of(entity)) -%} {%- endfor -%}
{%- endfor %}
{%- set valued = [
    ('int_ad_spend', 'ad_spend', 'cost_original', 'spend_date'),
    ('int_payment_plan', 'payment_plan', 'planned_original', 'due_date'),
] -%}

with at_staging as (
    {%- for relation, entity, amount, dated in staged_models %}
    select
        {{ provenance() }},
        '{{ entity }}' as entity,
        quarantine_rule as rule,
        {{ 'cast(' ~ (amount or 'null') ~ ' as ' ~ amount_type() ~ ')' }} as amount_original,
        {{ 'currency' if amount else 'cast(null as string)' }} as currency,
        {{ 'cast(' ~ dated ~ ' as date)' if dated else 'cast(null as date)' }} as dated_on
    from {{ relation }}
    where quarantine_rule is not null
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}

),

at_valuation as (
    {%- for model, entity, amount, dated in valued %}
    select
        {{ provenance() }},
        {{ delivered_as(entity) }} as entity,
        quarantine_rule as rule,
        {{ amount }} as amount_original,
        currency,
        cast({{ dated }} as date) as dated_on
    from {{ ref(model) }}
    where quarantine_rule is not null
    union all
    {%- endfor %}
    -- a cost spread over days counts as one row of its source, with the money of the days that are out
    select
        source_name,
        source_system,
        load_id,
        file_name,
        row_number,
        'channel_costs' as entity,
        max(quarantine_rule) as rule,
        sum(cost_original) as amount_original,
        max(currency) as currency,
        cast(null as date) as dated_on
    from {{ ref('int_channel_costs') }}
    where quarantine_rule is not null
    group by source_name, source_system, load_id, file_name, row_number

),

at_extraction as (

    select
        source_name,
        source_system,
        load_id,
        file_name,
        row_number,
        entity,
        rule,
        cast(null as {{ amount_type() }}) as amount_original,
        cast(null as string) as currency,
        cast(null as date) as dated_on
    from {{ source('landing', 'rejected_rows') }}

)

select * from at_staging
union all
select * from at_valuation
union all
select {{ provenance() }}, entity, rule, amount_original, currency, dated_on from {{ ref('int_left_out_rows') }}
union all
select * from at_extraction

-- Words that no seed knows: counted under `unmapped` or not at all, never dropped, shown with the money at stake so that someone maps them.
{% set costs = [] -%}
{%- for entity in ['ad_spend', 'channel_costs'] -%}
    {%- for one in staged(entity) -%} {%- do costs.append({'relation': one.relation, 'entity': one.entity, 'contract': entity}) -%} {%- endfor -%}
{%- endfor %}

with leads as (

    select *, {{ delivered_as('leads') }} as entity
    from {{ ref('int_leads') }}
    where exclusion is null

),

targets as (

    select * from {{ ref('stg_template__targets') }} where quarantine_rule is null

),

market_index as (

    select * from {{ ref('stg_template__market_index') }} where quarantine_rule is null

),

statuses as (

    select source_name, source_system, entity, 'status' as field, status_raw as value, lead_key from leads where status_raw is not null
    union all
    select source_name, source_system, entity, 'quality', quality_raw, lead_key from leads where quality_raw is not null

),

services as (

    select source_name, entity, requested_service as value, lead_key from leads where requested_service is not null
    union all
    select source_name, 'payment_plan', service, null from {{ ref('int_payment_plan') }} where quarantine_rule is null and service is not null

),

entries as (

    select events.source_name, {{ delivered_as('stage_events', 'events.source_system') }} as entity, kept.lead_key, events.stage_raw, events.reason_raw, kept.stage_key, kept.reason_key
    from (
        {{ newest_rows('stage_events', ['source_name', 'source_system', 'version_key', 'stage_raw', 'reason_raw']) }}
    ) as events
    inner join {{ ref('int_stage_events') }} as kept on events.version_key = kept.stage_event_key

),

unmapped_costs as (
    {%- for cost in costs %}
    select
        costs.source_name,
        '{{ cost.entity }}' as entity,
        costs.channel_raw,
        costs.currency,
        -- what an older version said is at stake no more
        case when costs.is_newest then costs.cost_original end as cost_original,
        costs.{{ money_of(cost.contract)[1] }} as cost_date
    from {{ cost.relation }} as costs
    {{ join_channel('costs') }}
    where costs.quarantine_rule is null and {{ channel_key() }} = 'unmapped'
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}

),

valued_costs as (

    select unmapped_costs.*, {{ to_base('unmapped_costs.cost_original', rate_to_base('unmapped_costs')) }} as cost_base
    from unmapped_costs
    {{ join_rate('unmapped_costs', 'cost_date') }}

),

paid as (

    -- an attempt is known by its lead and its number
    select {{ strip_pattern('lead_attempt_key', '#[0-9]+$') }} as lead_key, amount_base
    from {{ ref('fct_payment') }}
    where lead_attempt_key is not null

),

seen as (

    select source_name, entity, 'channel' as field, coalesce(channel_raw, '(empty)') as value, lead_key, cast(null as {{ amount_type() }}) as cost_base from leads where channel_key = 'unmapped'
    union all
    select source_name, entity, 'reason', reason_raw, lead_key, null from leads where reason_key = 'unmapped'
    union all
    select statuses.source_name, statuses.entity, statuses.field, statuses.value, statuses.lead_key, null
    from statuses
    left join {{ ref('stage_mapping') }} as mapping
        on statuses.source_system = mapping.source_system and statuses.field = mapping.source_field and statuses.value = mapping.source_value
    left join {{ ref('funnel_stages') }} as stages on statuses.value = stages.stage_key
    where mapping.stage_key is null and stages.stage_key is null
    union all
    select services.source_name, services.entity, 'service', services.value, services.lead_key, null
    from services
    left join {{ ref('services') }} as known on services.value = known.service_key
    where known.service_key is null
    union all
    select source_name, entity, 'stage', coalesce(stage_raw, '(empty)'), lead_key, null from entries where stage_key = 'unmapped'
    union all
    select source_name, entity, 'reason', reason_raw, lead_key, null from entries where reason_key = 'unmapped'
    union all
    select source_name, entity, 'channel', coalesce(channel_raw, '(empty)'), null, cost_base from valued_costs
    union all
    select targets.source_name, 'targets', 'channel', targets.channel_raw, null, null
    from targets
    {{ join_channel('targets') }}
    where targets.channel_raw <> 'all' and {{ channel_key() }} = 'unmapped'
    union all
    select targets.source_name, 'targets', 'kpi', targets.kpi_key, null, null
    from targets
    left join {{ ref('kpis') }} as kpis on targets.kpi_key = kpis.kpi_key
    where kpis.kpi_key is null
    union all
    select market_index.source_name, 'market_index', 'channel', market_index.channel_raw, null, null
    from market_index
    {{ join_channel('market_index') }}
    where market_index.channel_raw <> 'all' and {{ channel_key() }} = 'unmapped'

),

counted as (

    select source_name, entity, field, value, count(*) as row_count, sum(cost_base) as cost_base, count(lead_key) as leads
    from seen
    group by source_name, entity, field, value

),

-- a lead that holds a word in several rows paid once
paid_of_words as (

    select held.source_name, held.entity, held.field, held.value, sum(paid.amount_base) as paid_base
    from (
        select source_name, entity, field, value, lead_key from seen where lead_key is not null group by source_name, entity, field, value, lead_key
    ) as held
    inner join paid on held.lead_key = paid.lead_key
    group by held.source_name, held.entity, held.field, held.value

)

select
    concat_ws('|', counted.source_name, counted.entity, counted.field, counted.value) as unmapped_value_key,
    counted.source_name,
    counted.entity,
    counted.field,
    counted.value,
    -- letters that look alike: the word may be mapped already, as it is meant
    case
        when {{ matches('counted.value', '[a-z0-9_][Ͱ-ϿЀ-ӿ]|[Ͱ-ϿЀ-ӿ][a-z0-9_]') }} and {{ matches('counted.value', '[a-z]') }}
            then 'letters of two alphabets, those not Latin in brackets: ' || {{ collapse_pattern('counted.value', '([Ͱ-ϿЀ-ӿ]+)', '[\\1]') }}
    end as note,
    counted.row_count,
    cast(counted.cost_base as {{ amount_type() }}) as cost_base,
    cast(case when counted.leads > 0 then coalesce(paid_of_words.paid_base, 0) end as {{ amount_type() }}) as paid_base
from counted
left join paid_of_words
    on counted.source_name = paid_of_words.source_name and counted.entity = paid_of_words.entity
        and counted.field = paid_of_words.field and counted.value = paid_of_words.value

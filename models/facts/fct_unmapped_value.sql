-- Words that no seed knows: counted under `unmapped` or not at all, never dropped, shown so that someone maps them.
{% set costs = staged('ad_spend') + staged('channel_costs') -%}

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

    select source_name, source_system, entity, 'status' as field, status_raw as value from leads where status_raw is not null
    union all
    select source_name, source_system, entity, 'quality', quality_raw from leads where quality_raw is not null

),

services as (

    select source_name, entity, requested_service as value from leads where requested_service is not null
    union all
    select source_name, 'payment_plan', service from {{ ref('int_payment_plan') }} where quarantine_rule is null and service is not null

),

entries as (

    select events.source_name, {{ delivered_as('stage_events', 'events.source_system') }} as entity, events.stage_raw, events.reason_raw, kept.stage_key, kept.reason_key
    from (
        {{ newest_rows('stage_events', ['source_name', 'source_system', 'version_key', 'stage_raw', 'reason_raw']) }}
    ) as events
    inner join {{ ref('int_stage_events') }} as kept on events.version_key = kept.stage_event_key

),

seen as (

    select source_name, entity, 'channel' as field, coalesce(channel_raw, '(empty)') as value from leads where channel_key = 'unmapped'
    union all
    select source_name, entity, 'reason', reason_raw from leads where reason_key = 'unmapped'
    union all
    select statuses.source_name, statuses.entity, statuses.field, statuses.value
    from statuses
    left join {{ ref('stage_mapping') }} as mapping
        on statuses.source_system = mapping.source_system and statuses.field = mapping.source_field and statuses.value = mapping.source_value
    left join {{ ref('funnel_stages') }} as stages on statuses.value = stages.stage_key
    where mapping.stage_key is null and stages.stage_key is null
    union all
    select services.source_name, services.entity, 'service', services.value
    from services
    left join {{ ref('services') }} as known on services.value = known.service_key
    where known.service_key is null
    union all
    select source_name, entity, 'stage', coalesce(stage_raw, '(empty)') from entries where stage_key = 'unmapped'
    union all
    select source_name, entity, 'reason', reason_raw from entries where reason_key = 'unmapped'
    {%- for cost in costs %}
    union all
    select costs.source_name, '{{ cost.entity }}', 'channel', coalesce(costs.channel_raw, '(empty)')
    from {{ cost.relation }} as costs
    {{ join_channel('costs') }}
    where costs.quarantine_rule is null and {{ channel_key() }} = 'unmapped'
    {%- endfor %}
    union all
    select targets.source_name, 'targets', 'channel', targets.channel_raw
    from targets
    {{ join_channel('targets') }}
    where targets.channel_raw <> 'all' and {{ channel_key() }} = 'unmapped'
    union all
    select targets.source_name, 'targets', 'kpi', targets.kpi_key
    from targets
    left join {{ ref('kpis') }} as kpis on targets.kpi_key = kpis.kpi_key
    where kpis.kpi_key is null
    union all
    select market_index.source_name, 'market_index', 'channel', market_index.channel_raw
    from market_index
    {{ join_channel('market_index') }}
    where market_index.channel_raw <> 'all' and {{ channel_key() }} = 'unmapped'

),

counted as (

    select source_name, entity, field, value, count(*) as row_count from seen group by source_name, entity, field, value

)

select
    concat_ws('|', source_name, entity, field, value) as unmapped_value_key,
    source_name,
    entity,
    field,
    value,
    -- letters that look alike: the word may be mapped already, as it is meant
    case
        when {{ matches('value', '[a-z0-9_][Ͱ-ϿЀ-ӿ]|[Ͱ-ϿЀ-ӿ][a-z0-9_]') }} and {{ matches('value', '[a-z]') }}
            then 'letters of two alphabets, those not Latin in brackets: ' || {{ collapse_pattern('value', '([Ͱ-ϿЀ-ӿ]+)', '[\\1]') }}
    end as note,
    row_count
from counted

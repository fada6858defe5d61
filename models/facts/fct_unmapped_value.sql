-- Category values that no seed knows: counted under `unmapped`, never dropped, shown so that someone maps them.
with seen as (

    select source_name, 'leads' as entity, 'channel' as field, coalesce(channel_raw, '(empty)') as value
    from {{ ref('int_leads') }} where channel_key = 'unmapped' and exclusion is null
    union all
    select source_name, 'leads', 'reason', reason_raw
    from {{ ref('int_leads') }} where reason_key = 'unmapped' and exclusion is null
    union all
    select events.source_name, 'stage_events', 'stage', events.stage_raw
    from {{ ref('stg_template__stage_events') }} as events
    inner join {{ ref('int_stage_events') }} as kept on events.version_key = kept.stage_event_key and kept.stage_key = 'unmapped'
    where events.quarantine_rule is null and events.is_newest
    union all
    select events.source_name, 'stage_events', 'reason', events.reason_raw
    from {{ ref('stg_template__stage_events') }} as events
    inner join {{ ref('int_stage_events') }} as kept on events.version_key = kept.stage_event_key and kept.reason_key = 'unmapped'
    where events.quarantine_rule is null and events.is_newest
    union all
    select spend.source_name, 'ad_spend', 'channel', coalesce(spend.channel_raw, '(empty)')
    from {{ ref('stg_template__ad_spend') }} as spend
    left join {{ ref('channel_mapping') }} as mapping on spend.source_system = mapping.source_system and spend.channel_raw = mapping.source_value
    left join {{ ref('channels') }} as channels on spend.channel_raw = channels.channel_key
    where spend.quarantine_rule is null and mapping.channel_key is null and channels.channel_key is null
    union all
    select spend.source_name, 'spend', 'channel', coalesce(spend.channel_raw, '(empty)')
    from {{ ref('stg_zoho__spend') }} as spend
    left join {{ ref('channel_mapping') }} as mapping on spend.source_system = mapping.source_system and spend.channel_raw = mapping.source_value
    where spend.quarantine_rule is null and mapping.channel_key is null

)

select
    concat_ws('|', source_name, entity, field, value) as unmapped_value_key,
    source_name,
    entity,
    field,
    value,
    count(*) as row_count
from seen
group by source_name, entity, field, value

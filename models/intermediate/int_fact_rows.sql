-- Rows and money of each entity that reached the facts, counted on the facts' own side.
select source_name, {{ delivered_as('leads') }} as entity, count(*) as rows_valid, cast(null as {{ amount_type() }}) as money_valid
from {{ ref('int_leads') }} group by source_name, source_system
union all
select entries.source_name, {{ delivered_as('stage_events', 'settings.source_system') }}, count(*), null
from {{ ref('int_stage_events') }} as entries
inner join {{ source('landing', 'source_settings') }} as settings on entries.source_name = settings.source_name
where not entries.is_from_lead
group by entries.source_name, settings.source_system
union all
select source_name, {{ delivered_as('payments') }}, count(*), sum(delivered_amount)
from {{ ref('fct_payment') }} group by source_name, source_system
union all
select source_name, {{ delivered_as('ad_spend') }}, count(*), sum(cost_original)
from {{ ref('int_ad_spend') }} where quarantine_rule is null group by source_name, source_system
union all
select source_name, 'channel_costs', cast(sum(case when has_day then 1 else 0 end) as bigint), sum(money)
from (
    select source_name, load_id, file_name, row_number,
        sum(case when quarantine_rule is null then cost_original else 0 end) as money,
        max(case when quarantine_rule is not null then 1 else 0 end) = 0 as has_day
    from {{ ref('int_channel_costs') }}
    group by source_name, load_id, file_name, row_number
) as spread
group by source_name
union all
select source_name, 'payment_plan', count(*), sum(planned_original)
from {{ ref('int_payment_plan') }} where quarantine_rule is null group by source_name

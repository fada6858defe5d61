-- Rows and money of each entity that reached the facts, counted on the facts' own side.
select source_name, 'leads' as entity, count(*) as rows_valid, cast(null as {{ amount_type() }}) as money_valid
from {{ ref('int_leads') }} where source_system <> 'zoho' group by source_name
union all
select source_name, 'deals', count(*), null
from {{ ref('int_leads') }} where source_system = 'zoho' group by source_name
union all
select source_name, 'stage_events', count(*), null
from {{ ref('int_stage_events') }} where not is_from_lead group by source_name
union all
select source_name, case source_system when 'zoho' then 'deal_payments' else 'payments' end, count(*), sum(delivered_amount)
from {{ ref('fct_payment') }} group by source_name, source_system
union all
select source_name, case source_system when 'zoho' then 'spend' else 'ad_spend' end, count(*), sum(cost_original)
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

-- How many rows, and how much money as delivered, each entity landed and how many are older versions of a key: counted on staging, apart from the facts that must agree.
{% set entities = [
    ('stg_template__leads', 'leads', 'source_name, lead_id', none, false),
    ('stg_template__stage_events', 'stage_events', 'source_name, event_id', none, false),
    ('stg_template__ad_spend', 'ad_spend', 'source_name, spend_date, channel_raw, campaign, ad_group, ad', 'cost_original', true),
    ('stg_template__channel_costs', 'channel_costs', 'source_name, channel_raw, from_date, to_date, note', 'cost_original', true),
    ('stg_template__payments', 'payments', 'source_name, payment_id', 'delivered_amount', false),
    ('stg_template__payment_plan', 'payment_plan', 'source_name, plan_id', 'planned_original', false),
    ('stg_template__targets', 'targets', 'month, kpi_key, channel_raw', none, false),
    ('stg_template__fx_rates', 'fx_rates', 'currency, rate_date', none, false),
    ('stg_template__holidays', 'holidays', 'source_name, holiday_date, name', none, true),
    ('stg_zoho__deals', 'deals', 'source_name, lead_id', none, false),
    ('stg_zoho__payments', 'deal_payments', 'source_name, payment_id', 'delivered_amount', false),
    ('stg_zoho__spend', 'spend', 'source_name, spend_date, channel_raw, campaign, ad_group, ad', 'cost_original', true),
] -%}

{%- for model, entity, key, amount, by_delivery in entities %}
select
    source_name,
    source_system,
    '{{ entity }}' as entity,
    count(*) as rows_staged,
    cast(sum(case when quarantine_rule is null and version_rank > 1 then 1 else 0 end) as bigint) as rows_superseded,
    cast({{ 'sum(' ~ amount ~ ')' if amount else 'null' }} as decimal(18, 4)) as money_staged,
    cast({{ 'sum(case when quarantine_rule is null and version_rank > 1 then ' ~ amount ~ ' else 0 end)' if amount else 'null' }} as decimal(18, 4)) as money_superseded
from (
    select
        *,
        {{ 'dense_rank' if by_delivery else 'row_number' }}() over (
            partition by quarantine_rule is null, {{ key }} order by {{ 'load_id desc, file_name desc' if by_delivery else newest_first('updated_at' if entity == 'leads' else none) }}
        ) as version_rank
    from {{ ref(model) }}
) as ranked
group by source_name, source_system
{%- if not loop.last %}
union all
{%- endif %}
{%- endfor %}

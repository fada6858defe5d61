-- How many rows, and how much money as delivered, each entity landed and how many are older versions of a key: counted on staging, apart from the facts that must agree.
{% set entities = [
    ('stg_template__leads', 'leads', none, none, false),
    ('stg_template__stage_events', 'stage_events', none, none, false),
    ('stg_template__ad_spend', 'ad_spend', none, 'cost_original', true),
    ('stg_template__channel_costs', 'channel_costs', ['channel_raw', 'from_date', 'to_date', 'note'], 'cost_original', true),
    ('stg_template__payments', 'payments', none, 'delivered_amount', false),
    ('stg_template__payment_plan', 'payment_plan', ['plan_id'], 'planned_original', false),
    ('stg_template__targets', 'targets', ['month', 'kpi_key', 'channel_raw'], none, false),
    ('stg_template__fx_rates', 'fx_rates', ['rate_date', 'currency'], none, false),
    ('stg_template__holidays', 'holidays', ['holiday_date', 'name'], none, true),
    ('stg_zoho__deals', 'deals', none, none, false),
    ('stg_zoho__payments', 'deal_payments', none, 'delivered_amount', false),
    ('stg_zoho__spend', 'spend', none, 'cost_original', true),
] -%}

{%- for model, entity, key, amount, by_delivery in entities %}
select
    staged.source_name,
    source_settings.source_system,
    '{{ entity }}' as entity,
    staged.rows_staged,
    coalesce(superseded.rows_superseded, 0) as rows_superseded,
    staged.money_staged,
    {{ 'coalesce(superseded.money_superseded, 0)' if amount else 'cast(null as ' ~ amount_type() ~ ')' }} as money_superseded
from (
    select
        source_name,
        count(*) as rows_staged,
        cast({{ 'sum(' ~ amount ~ ')' if amount else 'null' }} as {{ amount_type() }}) as money_staged
    from {{ ref(model) }}
    group by source_name
) as staged
inner join {{ source('landing', 'source_settings') }} as source_settings on staged.source_name = source_settings.source_name
left join (
    select
        source_name,
        count(*) as rows_superseded,
        cast({{ 'sum(' ~ amount ~ ')' if amount else 'null' }} as {{ amount_type() }}) as money_superseded
    {%- if not key %}
    from {{ ref(model) }}
    where quarantine_rule is null and not is_newest
    {%- else %}
    from (
        select
            *,
            {{ 'dense_rank' if by_delivery else 'row_number' }}() over (
                partition by source_name, {{ key | join(', ') }} order by {{ 'load_id desc, file_name desc' if by_delivery else newest_first() }}
            ) as version_rank
        from {{ ref(model) }}
        where quarantine_rule is null
    ) as ranked
    where version_rank > 1
    {%- endif %}
    group by source_name
) as superseded on staged.source_name = superseded.source_name
{%- if not loop.last %}
union all
{%- endif %}
{%- endfor %}

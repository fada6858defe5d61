-- Keys that one delivery says twice with other content, where neither the source's clock nor `overlap` in sources.yml says which row counts.
-- Gate 2 holds the night back as long as there is one: what is published has none.
{% set entities = [
    ('stg_template__leads', 'leads', "'lead_id ' || lead_id", none, none),
    ('stg_template__stage_events', 'stage_events', "'event_id ' || substr(version_key, length(source_name) + 2)", none, none),
    ('stg_template__ad_spend', 'ad_spend',
        "concat_ws(', ', 'date ' || cast(spend_date as varchar), 'channel ' || channel_raw, 'account ' || account, 'campaign ' || campaign, 'ad group ' || ad_group, 'ad ' || ad)",
        'cost_original', 'spend_date'),
    ('stg_template__channel_costs', 'channel_costs',
        "concat_ws(', ', cast(from_date as varchar) || ' to ' || cast(to_date as varchar), 'channel ' || channel_raw, 'note ' || note)", 'cost_original', 'from_date'),
    ('stg_template__payments', 'payments', "'payment_id ' || payment_id", 'delivered_amount', 'paid_at'),
    ('stg_template__payment_plan', 'payment_plan', "'plan_id ' || plan_id", 'planned_original', 'due_date'),
    ('stg_template__targets', 'targets', "concat_ws(', ', 'month ' || cast(month as varchar), 'kpi ' || kpi_key, 'channel ' || channel_raw)", none, none),
    ('stg_template__fx_rates', 'fx_rates', "'date ' || cast(rate_date as varchar) || ', currency ' || currency", none, none),
    ('stg_zoho__deals', 'deals', "'Id ' || lead_id", none, none),
    ('stg_zoho__spend', 'spend',
        "concat_ws(', ', 'Date ' || cast(spend_date as varchar), 'Source ' || channel_raw, 'Campaign ' || campaign, 'AdGroup ' || ad_group, 'Ad ' || ad)",
        'cost_original', 'spend_date'),
] -%}
{%- set settles = {
    'ad_spend': ['`overlap: add` (all rows count)', '`overlap: replace` (the file later in order of names counts)', '`overlap: days` (the later file states its days whole)'],
    'channel_costs': ['`overlap: add` (all rows count)', '`overlap: replace` (the file later in order of names counts)'],
    'payments': ['`overlap: add` (each row is its own)', '`overlap: replace` (the later row counts)'],
} -%}
{%- do settles.update({'spend': settles.ad_spend, 'payment_plan': settles.payments, 'stage_events': settles.payments}) -%}

with disputed as (
    {%- for model, entity, key, amount, dated in entities %}
    select
        staged.source_name,
        '{{ entity }}' as entity,
        version_key,
        {{ key }} as key,
        load_id,
        file_name,
        row_number,
        {%- if amount %}
        {{ to_base('abs(' ~ amount ~ ')', rate_to_base('staged')) }} as amount_base
        {%- else %}
        cast(null as {{ amount_type() }}) as amount_base
        {%- endif %}
    from {{ ref(model) }} as staged
    {%- if amount %}
    left join {{ ref('int_fx_rates') }} as fx_rates on staged.currency = fx_rates.currency and cast({{ dated }} as date) = fx_rates.rate_date
    {%- endif %}
    where version_status = 'disputed'
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}

),

keys as (

    select
        entity,
        version_key,
        key,
        -- an id that is an address is a person's
        case when key like '%@%' then '(holds an address)' else substr(key, 1, 160) end as named_key,
        min(source_name) as source_name,
        count(distinct source_name) as sources,
        min(source_name || chr(31) || file_name || chr(31) || lpad(cast(row_number as varchar), 12, '0')) as first_place,
        max(source_name || chr(31) || file_name || chr(31) || lpad(cast(row_number as varchar), 12, '0')) as last_place,
        count(*) as row_count,
        cast(coalesce(sum(amount_base), 0) as {{ amount_type() }}) as money_base
    from disputed
    group by entity, version_key, key

)

select
    entity || '|' || version_key || '|' || key as disputed_key,
    source_name,
    entity,
    named_key,
    {{ dbt.split_part('first_place', "chr(31)", 2) }} as first_file,
    cast({{ dbt.split_part('first_place', "chr(31)", 3) }} as bigint) as first_row,
    {{ dbt.split_part('last_place', "chr(31)", 2) }} as last_file,
    cast({{ dbt.split_part('last_place', "chr(31)", 3) }} as bigint) as last_row,
    row_count,
    money_base,
    case
        when sources > 1 then 'sources ' || {{ dbt.split_part('first_place', "chr(31)", 1) }} || ' and ' || {{ dbt.split_part('last_place', "chr(31)", 1) }}
            || ' both deliver it: take ' || entity || ' out of one of them in sources.yml'
        {%- for entity, ways in settles.items() %}
        when entity = '{{ entity }}' then 'say in sources.yml under source ' || source_name || ', entity {{ entity }}: {{ ways | join(", ") }}'
            {%- if entity == 'ad_spend' %} || '; or deliver the column account'{% endif %}
        {%- endfor %}
        else 'say in sources.yml under source ' || source_name || ', entity ' || entity || ': `overlap: replace` (the later row counts)'
            || case when entity = 'leads' then '; or deliver updated_at' else '' end
    end as remedy
from keys

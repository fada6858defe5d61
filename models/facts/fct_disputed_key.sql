-- Keys that one delivery says twice with other content, where neither the source's clock nor `overlap` in sources.yml says which row counts.
-- Gate 2 holds the night back as long as there is one: what is published has none.
{% set claims = [] -%}
{%- for entity in staged_entities() -%}
    {%- for one in staged(entity) -%}
        {%- set named = named_key(one.model) -%}
        {%- if named -%} {%- do claims.append((one.relation, one.entity, named) + money_of(entity)) -%} {%- endif -%}
    {%- endfor -%}
{%- endfor -%}
{%- set settles = {
    'ad_spend': ['`overlap: add` (all rows count)', '`overlap: replace` (the file later in order of names counts)', '`overlap: days` (the later file states its days whole)'],
    'channel_costs': ['`overlap: add` (all rows count)', '`overlap: replace` (the file later in order of names counts)'],
    'payments': ['`overlap: add` (each row is its own)', '`overlap: replace` (the later row counts)'],
} -%}
{%- do settles.update({'spend': settles.ad_spend, 'payment_plan': settles.payments, 'stage_events': settles.payments}) -%}

with disputed as (
    {%- for relation, entity, key, amount, dated in claims %}
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
    from {{ relation }} as staged
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

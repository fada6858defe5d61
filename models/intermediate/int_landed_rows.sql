-- How many rows, and how much money as delivered, each entity landed and how many are older versions of a key: counted on staging, apart from the facts that must agree.
{% set staged_models = [] -%}
{%- for entity in staged_entities() -%}
    {%- for one in staged(entity) -%} {%- do staged_models.append((one.relation, one.entity) + money_of(entity)) -%} {%- endfor -%}
{%- endfor %}

with latest_rates as (

    select currency, rate_to_base
    from (select *, row_number() over (partition by currency order by rate_date desc) as age_rank from {{ ref('int_fx_rates') }}) as aged
    where age_rank = 1

)
{% for relation, entity, amount, dated in staged_models %}
select
    staged.source_name,
    source_settings.source_system,
    '{{ entity }}' as entity,
    staged.rows_staged,
    coalesce(superseded.rows_superseded, 0) as rows_superseded,
    staged.money_staged,
    {{ 'coalesce(superseded.money_superseded, 0)' if amount else 'cast(null as ' ~ amount_type() ~ ')' }} as money_superseded,
    -- gross, so that a refund never hides a payment; where no rate is known, the rows alone tell
    cast(coalesce(superseded.money_superseded_base, 0) as {{ amount_type() }}) as money_superseded_base,
    cast(coalesce(superseded.money_restated_base, 0) as {{ amount_type() }}) as money_restated_base
from (
    select
        source_name,
        count(*) as rows_staged,
        cast({{ 'sum(' ~ amount ~ ')' if amount else 'null' }} as {{ amount_type() }}) as money_staged
    from {{ relation }}
    group by source_name
) as staged
inner join {{ source('landing', 'source_settings') }} as source_settings on staged.source_name = source_settings.source_name
left join (
    {%- if entity == 'holidays' %}
    select source_name, count(*) as rows_superseded, null as money_superseded, null as money_superseded_base, null as money_restated_base
    from (
        select *, row_number() over (partition by source_name, holiday_date, name order by {{ newest_first() }}) as version_rank
        from {{ relation }}
        where quarantine_rule is null
    ) as ranked
    where version_rank > 1
    group by source_name
    {%- elif not amount %}
    select source_name, count(*) as rows_superseded, null as money_superseded, null as money_superseded_base, null as money_restated_base
    from {{ relation }}
    where quarantine_rule is null and not is_newest
    group by source_name
    {%- else %}
    select
        source_name,
        count(*) as rows_superseded,
        cast(sum(amount) as {{ amount_type() }}) as money_superseded,
        sum(amount_base) as money_superseded_base,
        sum(case when version_status <> 'repeated' then amount_base end) as money_restated_base
    from (
        select
            staged.source_name,
            staged.version_status,
            staged.{{ amount }} as amount,
            {{ to_base(
                'abs(staged.' ~ amount ~ ')',
                'case when staged.currency = ' ~ base_currency() ~ ' then 1 else coalesce(fx_rates.rate_to_base, latest_rates.rate_to_base) end'
            ) }} as amount_base
        from {{ relation }} as staged
        left join {{ ref('int_fx_rates') }} as fx_rates
            on staged.currency = fx_rates.currency and cast(staged.{{ dated }} as date) = fx_rates.rate_date
        left join latest_rates on staged.currency = latest_rates.currency
        where staged.quarantine_rule is null and not staged.is_newest
    ) as valued
    group by source_name
    {%- endif %}
) as superseded on staged.source_name = superseded.source_name
{%- if not loop.last %}
union all
{%- endif %}
{%- endfor %}

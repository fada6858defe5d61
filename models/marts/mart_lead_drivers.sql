{%- set drivers = {
    'budget': ('marketing', 'cost'),
    'auction_price': ('market', 'impressions / cost'),
    'click_rate': ('marketing', 'clicks / impressions'),
    'landing_rate': ('marketing', 'leads / clicks'),
} -%}
-- Why a paid channel brought more or fewer leads: leads = budget x impressions per money x click rate x leads per click, by the LMDI of the verdict.
-- Whole months, and only where money, impressions and clicks are known in both.
with spend as (

    select
        spend_month as month,
        channel_key,
        cast(sum(cost_base) as double) as cost,
        cast(sum(impressions) as double) as impressions,
        cast(sum(clicks) as double) as clicks
    from {{ ref('fct_ad_spend') }}
    where cost_kind <> 'channel_cost' and {{ add_months('spend_month', 1) }} <= {{ add_days(as_of(), 1) }}
    group by spend_month, channel_key

),

leads as (

    select lead_month as month, channel_key, cast(count(*) as double) as leads
    from {{ ref('fct_lead_funnel') }}
    where not is_reopened
    group by lead_month, channel_key

),

months as (

    select spend.month, spend.channel_key, spend.cost, spend.impressions, spend.clicks, coalesce(leads.leads, 0.0) as leads
    from spend
    left join leads on spend.month = leads.month and spend.channel_key = leads.channel_key
    where spend.cost > 0 and spend.impressions > 0 and spend.clicks > 0

),

compared as (
    {% for comparison, months_back in [('previous_month', 1), ('previous_year', 12)] %}
    select
        months.month,
        '{{ comparison }}' as comparison,
        months.channel_key
        {%- for column in ['cost', 'impressions', 'clicks', 'leads'] %},
        base.{{ column }} as base_{{ column }},
        months.{{ column }} as current_{{ column }}
        {%- endfor %}
    from months
    inner join months as base on months.channel_key = base.channel_key and base.month = {{ add_months('months.month', -months_back) }}
    {%- if not loop.last %}

    union all
    {% endif %}
    {%- endfor %}

),

driven as (
    {% for driver, (owner, formula) in drivers.items() %}
    {%- set sides = {} %}
    {%- for side in ['base', 'current'] %}
    {%- do sides.update({side: formula | replace('impressions', side ~ '_impressions') | replace('clicks', side ~ '_clicks') | replace('leads', side ~ '_leads') | replace('cost', side ~ '_cost')}) %}
    {%- endfor %}
    select
        month,
        comparison,
        channel_key,
        '{{ driver }}' as driver,
        '{{ owner }}' as owner_department,
        {{ sides['base'] }} as base,
        {{ sides['current'] }} as current_value,
        base_leads,
        current_leads
    from compared
    {%- if not loop.last %}

    union all
    {% endif %}
    {%- endfor %}

)

select
    month,
    comparison,
    channel_key,
    driver,
    owner_department,
    cast(base as double) as base,
    cast(current_value as double) as {{ adapter.quote('current') }},
    cast({{ lmdi_effect('current_leads', 'base_leads', 'current_value', 'base') }} as double) as effect,
    cast(base_leads as bigint) as base_leads,
    cast(current_leads as bigint) as current_leads
from driven

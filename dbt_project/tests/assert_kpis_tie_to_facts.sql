-- A row here is a total that the marts and the facts do not agree on: cost in = cost out, revenue = ledger, no lead lost or multiplied.
with kpi_totals as (

    select kpi, sum(numerator) as total
    from {{ ref('mart_kpi_monthly') }}
    where channel_key = 'all' and kpi in ('leads', 'cost', 'revenue', 'payments_count', 'new_clients')
    group by kpi

),

fact_totals as (

    select 'leads' as kpi, cast(count(*) as {{ amount_type() }}) as total from {{ ref('fct_lead_funnel') }} where not is_reopened
    union all
    select 'cost', cast(coalesce(sum(cost_base), 0) as {{ amount_type() }}) from {{ ref('fct_ad_spend') }}
    union all
    select 'revenue', cast(coalesce(sum(amount_base), 0) as {{ amount_type() }}) from {{ ref('fct_payment') }}
    union all
    select 'payments_count', cast(count(*) as {{ amount_type() }}) from {{ ref('fct_payment') }} where kind = 'payment'
    union all
    select 'new_clients', cast(count(*) as {{ amount_type() }}) from {{ ref('fct_payment') }} where is_first_payment

)

select fact_totals.kpi, fact_totals.total as in_facts, kpi_totals.total as in_marts
from fact_totals
left join kpi_totals on fact_totals.kpi = kpi_totals.kpi
where coalesce(kpi_totals.total, 0) <> fact_totals.total

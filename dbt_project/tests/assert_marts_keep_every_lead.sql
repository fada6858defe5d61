-- A row here is a mart that counts other leads, clients or money than the facts: a join multiplied or dropped rows.
with checks as (

    select 'mart_funnel_cohort' as mart, cast(sum(reached) as {{ amount_type() }}) as in_mart, (select cast(count(*) as {{ amount_type() }}) from {{ ref('fct_lead_funnel') }}) as in_facts
    from {{ ref('mart_funnel_cohort') }}
    where channel_key <> 'all' and stage_key = '{{ funnel_stages() | first }}' and window_days = 0

    union all

    select 'mart_funnel_cohort won', cast(sum(reached) as {{ amount_type() }}), (select cast(count(*) as {{ amount_type() }}) from {{ ref('fct_lead_funnel') }} where {{ funnel_stages() | last }}_reached)
    from {{ ref('mart_funnel_cohort') }}
    where channel_key = 'all' and stage_key = '{{ funnel_stages() | last }}' and window_days = 0

    union all

    -- an ending dated before history begins (some exports close deals before they open) belongs to no month
    select 'mart_funnel_period exits', cast(sum(exits) as {{ amount_type() }}), (
        select cast(count(*) as {{ amount_type() }}) from {{ ref('fct_lead_funnel') }} where outcome in ('rejected', 'returned', 'lost')
            and outcome_month >= (select min(event_month) from {{ ref('mart_funnel_period') }})
    )
    from {{ ref('mart_funnel_period') }}
    where channel_key = 'all'

    union all

    select 'mart_rejections', cast(sum(leads) as {{ amount_type() }}), (select cast(count(*) as {{ amount_type() }}) from {{ ref('fct_lead_funnel') }} where outcome in ('rejected', 'returned', 'lost'))
    from {{ ref('mart_rejections') }}

    union all

    select 'mart_customer_value', cast(sum(ltv_net) as {{ amount_type() }}), (select cast(sum(net_base) as {{ amount_type() }}) from {{ ref('fct_payment') }})
    from {{ ref('mart_customer_value') }}

    union all

    select 'mart_payment_plan', cast(sum(planned) as {{ amount_type() }}), (select cast(sum(planned_base) as {{ amount_type() }}) from {{ ref('fct_payment_plan') }})
    from {{ ref('mart_payment_plan') }}
    where plan_key = 'all'

)

select mart, in_mart, in_facts from checks where coalesce(in_mart, 0) <> coalesce(in_facts, 0)

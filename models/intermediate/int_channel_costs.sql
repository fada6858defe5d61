-- Costs that no ad platform reports, spread evenly over their days; the last day takes what rounding leaves, so the days sum to the delivered cost.
with delivered as (

    select * from {{ ref('stg_template__channel_costs') }} where quarantine_rule is null and is_newest

),

mapped as (

    select
        delivered.*,
        {{ channel_key() }} as channel_key,
        {{ days_between('delivered.from_date', 'delivered.to_date') }} + 1 as days
    from delivered
    {{ join_channel('delivered') }}

),

daily as (

    select
        mapped.*,
        dim_date.date_day as spend_date,
        case
            when dim_date.date_day < mapped.to_date then cast(round(mapped.cost_original / mapped.days, 4) as {{ amount_type() }})
            else cast(mapped.cost_original - cast(round(mapped.cost_original / mapped.days, 4) as {{ amount_type() }}) * (mapped.days - 1) as {{ amount_type() }})
        end as daily_cost
    from mapped
    inner join {{ ref('dim_date') }} as dim_date on dim_date.date_day between mapped.from_date and mapped.to_date

)

select
    daily.source_name,
    daily.source_system,
    daily.load_id,
    daily.file_name,
    daily.row_number,
    'channel_cost' as cost_kind,
    daily.channel_key,
    '(none)' as account,
    coalesce(daily.note, '(none)') as campaign,
    daily.currency,
    daily.spend_date,
    cast(0 as bigint) as impressions,
    cast(0 as bigint) as clicks,
    daily.daily_cost as cost_original,
    case when daily.daily_cost = 0 then cast(0 as {{ amount_type() }}) else {{ to_base('daily.daily_cost', rate_to_base('daily')) }} end as cost_base,
    case
        when daily.spend_date > {{ as_of() }} then 'after_as_of'
        when daily.daily_cost = 0 then null
        {{ rate_rule('daily') }}
    end as quarantine_rule
from daily
{{ join_rate('daily', 'spend_date') }}

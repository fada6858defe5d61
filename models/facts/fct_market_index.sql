with delivered as (

    select * from {{ ref('stg_template__market_index') }} where quarantine_rule is null and is_newest

),

mapped as (

    select
        delivered.*,
        case when delivered.channel_raw = 'all' then 'all' else {{ channel_key() }} end as channel_key
    from delivered
    {{ join_channel('delivered') }}

),

ranked as (

    select
        *,
        row_number() over (partition by starts_on, is_whole_month, channel_key, service order by {{ newest_first() }}) as version_rank
    from mapped

)

select starts_on, is_whole_month, channel_key, service, index_value
from ranked
where version_rank = 1

with delivered as (

    select * from {{ ref('stg_template__targets') }} where quarantine_rule is null and is_newest

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
        row_number() over (partition by month, kpi_key, channel_key order by {{ newest_first() }}) as version_rank
    from mapped

)

select month, kpi_key, channel_key, target_value
from ranked
where version_rank = 1

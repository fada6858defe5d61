with measures as (

    select * from {{ ref('int_kpi_measures_daily') }}

)

select channel_key from measures group by channel_key
union all
select 'all'

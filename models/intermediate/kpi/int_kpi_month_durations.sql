{{ config(materialized='incremental', meta={'replaces': 'month', 'touched': 'int_kpi_touched_months'}) }}

-- Medians and ninetieth percentiles of whole months. A median of all is a median of rows, never of the channels' medians.
with durations as (

    select * from {{ ref('int_kpi_durations') }} {{ only_touched('activity_month', 'where', 'int_kpi_touched_months') }}

)

select measure, channel_key, activity_month as month, count(*) as n, {{ median('duration') }} as median_value, {{ percentile('duration', 0.9) }} as p90_value
from durations
group by measure, channel_key, activity_month

union all

select measure, 'all', activity_month, count(*), {{ median('duration') }}, {{ percentile('duration', 0.9) }}
from durations
group by measure, activity_month

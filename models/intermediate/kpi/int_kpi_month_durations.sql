{{ config(materialized='incremental', meta={'replaces': 'month', 'touched': 'int_kpi_touched_months'}) }}

-- Medians and ninetieth percentiles of whole months. A median of all is a median of rows, never of the channels' medians.
with durations as (

    select * from {{ ref('int_kpi_durations') }} {{ only_touched('activity_month', 'where', 'int_kpi_touched_months', day='activity_date') }}

),

measured as (
    {% for channel in ['channel_key', "'all'"] %}
    select measure, {{ channel }} as channel_key, activity_month as month, count(*) as n, {{ percentile_list('duration', [0.5, 0.9]) }} as percentiles
    from durations
    group by measure, activity_month{{ ', channel_key' if channel == 'channel_key' }}
    {%- if not loop.last %}

    union all
    {% endif %}
    {%- endfor %}

)

select measure, channel_key, month, n, {{ list_element('percentiles', 1) }} as median_value, {{ list_element('percentiles', 2) }} as p90_value
from measured

{{ config(materialized='view') }}

with durations as (
    {% for duration in durations_measured() %}
    select '{{ duration.measure }}' as measure, channel_key, {{ duration.ends }}_date as activity_date, {{ duration.value }} as duration
    from {{ ref(duration.of) }}
    where {{ duration.value }} is not null
    {%- if not loop.last %}

    union all
    {% endif %}
    {%- endfor %}

)

select measure, channel_key, {{ month_start('activity_date') }} as activity_month, activity_date, duration
from durations

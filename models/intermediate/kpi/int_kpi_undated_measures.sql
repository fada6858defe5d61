{#- stages after `lead`, which is always dated -#}
{%- set stages = funnel_stages()[1:] -%}

with measures as (

    select * from {{ ref('int_kpi_measures_daily') }}

),

reached as (

    select replace(measure, 'cohort_', 'stage_') as measure
    from measures
    where measure in ({% for stage in stages %}'cohort_{{ stage }}'{{ ', ' if not loop.last }}{% endfor %})
    group by measure

),

dated as (

    select measure
    from measures
    where measure in ({% for stage in stages %}'stage_{{ stage }}'{{ ', ' if not loop.last }}{% endfor %})
    group by measure

)

select reached.measure
from reached
left join dated on reached.measure = dated.measure
where dated.measure is null

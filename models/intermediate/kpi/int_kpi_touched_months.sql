{#- Going on, the months in which anything happened to an attempt that this build recomputed, as it was before and as it is now. -#}
{%- set stages = funnel_stages()[1:] -%}
{%- set changes = entries_of('fct_lead_funnel') -%}
{%- if not goes_on() -%}
-- a full build computes every month
select cast(null as date) as touched_key where 1 = 0
{%- else -%}
with attempts as (

    {{ changes }}

)

select lead_month as touched_key from attempts
{%- for stage in stages %}
union
select {{ month_start(stage ~ '_date') }} from attempts where {{ stage }}_date is not null
{%- endfor %}
{%- endif %}

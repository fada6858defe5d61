{#- What each measure is made from: one of its entities must be delivered, each of its stages recorded, and dated where the measure is one of time. -#}
{%- set stages, endings = funnel_stages()[1:], ['rejected', 'returned', 'lost'] -%}
{%- set entities, reached, timed = [], [('cohort_clients', stages[-1])], [] -%}
{%- for entity, measures in measures_by_entity().items() -%}
    {%- for measure in measures -%} {%- do entities.append((measure, entity)) -%} {%- endfor -%}
{%- endfor -%}
{%- for duration in durations_measured() -%}
    {%- for stage in duration.dated -%} {%- do timed.append((duration.measure, stage)) -%} {%- endfor -%}
{%- endfor -%}
{%- for stage in stages -%} {%- do reached.append(('cohort_' ~ stage, stage)) -%} {%- do timed.append(('stage_' ~ stage, stage)) -%} {%- endfor %}

with entities_of_measures as (

    select * from (values {% for measure, entity in entities %}('{{ measure }}', '{{ entity }}'){{ ', ' if not loop.last }}{% endfor %}) as needs (measure, entity)

),

stages_of_measures as (

    select *
    from (values {% for measure, stage in reached %}('{{ measure }}', '{{ stage }}', false), {% endfor %}
        {%- for measure, stage in timed %}('{{ measure }}', '{{ stage }}', true){{ ', ' if not loop.last }}{% endfor %}) as needs (measure, stage_key, is_timed)

),

reasons as (

    select entities_of_measures.measure, 1 as priority, 'not_delivered' as unknown_because
    from entities_of_measures
    left join {{ ref('int_delivered_entities') }} as delivered on entities_of_measures.entity = delivered.entity
    group by entities_of_measures.measure
    having count(delivered.entity) = 0

    union all

    select stages_of_measures.measure, 2, case when not stages.is_recorded then 'not_recorded' else 'not_dated' end
    from stages_of_measures
    inner join {{ ref('int_recorded_stages') }} as stages on stages_of_measures.stage_key = stages.stage_key
    where not stages.is_recorded or (stages_of_measures.is_timed and not stages.is_dated)

    union all

    -- no lead was ever seen to leave
    select endings.measure, 2, 'not_recorded'
    from (values {% for ending in endings %}('{{ ending }}'){{ ', ' if not loop.last }}{% endfor %}) as endings (measure)
    where not exists (select 1 from {{ ref('fct_lead_funnel') }} where outcome in ('{{ endings | join("', '") }}'))

)

select measure, unknown_because
from (select *, row_number() over (partition by measure order by priority, unknown_because desc) as choice from reasons) as ranked
where choice = 1

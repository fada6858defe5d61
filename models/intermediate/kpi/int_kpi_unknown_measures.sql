{#- What each measure is made from: one of its entities must be delivered, each of its stages recorded, and dated where the measure is one of time. -#}
{%- set stages = funnel_stages()[1:] -%}
{%- set endings = ['rejected', 'returned', 'lost'] -%}
{%- set of_payments = ['payments', 'payment_amount', 'revenue', 'new_clients', 'plan_paid', 'cohort_revenue', 'cohort_net_income', 'client_net_income'] -%}
{%- for age in client_ages() -%} {%- do of_payments.extend(['client_net_income_' ~ age ~ 'd', 'clients_' ~ age ~ 'd']) -%} {%- endfor -%}
{%- set of_leads = ['leads', 'attempts', 'cohort_clients'] + endings -%}
{%- set reached = [('cohort_clients', 'paid')] -%}
{%- set timed = [
    ('first_contact_minutes', 'first_contact'), ('first_contact_business_minutes', 'first_contact'),
    ('brief_fill_hours', 'first_contact'), ('brief_fill_hours', 'brief_filled'), ('proposal_prep_days', 'demo_held'), ('proposal_prep_days', 'proposal_sent'),
    ('contract_prep_days', 'proposal_sent'), ('contract_prep_days', 'contract_sent'), ('lt_days', 'paid'),
] -%}
{%- for stage in stages -%}
    {%- do of_leads.extend(['stage_' ~ stage, 'cohort_' ~ stage]) -%} {%- do reached.append(('cohort_' ~ stage, stage)) -%} {%- do timed.append(('stage_' ~ stage, stage)) -%}
{%- endfor -%}
{%- set entities = [('cost', 'ad_spend'), ('cost', 'channel_costs'), ('planned', 'payment_plan')] -%}
{%- for measure in of_leads -%} {%- do entities.append((measure, 'leads')) -%} {%- endfor -%}
{%- for measure in of_payments -%} {%- do entities.append((measure, 'payments')) -%} {%- endfor -%}

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

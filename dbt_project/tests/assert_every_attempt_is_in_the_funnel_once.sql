-- A row here is a valid lead whose attempts in the funnel are not numbered 1, 2, … without gaps: a join lost or multiplied it.
-- Going on, leads that this build wrote are looked at one by one, the others as a whole.
select leads.lead_key
from {{ ref('int_leads') }} as leads
left join {{ ref('fct_lead_funnel') }} as funnel
    on leads.lead_key = funnel.lead_key {%- if tests_new_rows_only() %} and funnel.{{ is_new() }} {%- endif %}
where leads.exclusion is null {%- if tests_new_rows_only() %} and leads.{{ is_new() }} {%- endif %}
group by leads.lead_key
having count(funnel.lead_attempt_key) = 0
    or count(funnel.lead_attempt_key) <> max(funnel.attempt_number)

union all

select '(all leads)'
from (select count(*) as leads from {{ ref('int_leads') }} where exclusion is null) as valid
cross join (select count(*) as leads from {{ ref('fct_lead_funnel') }} where attempt_number = 1) as in_funnel
where valid.leads <> in_funnel.leads

-- A row here is a valid lead whose attempts in the funnel are not numbered 1, 2, … without gaps: a join lost or multiplied it.
select leads.lead_key
from {{ ref('int_leads') }} as leads
left join {{ ref('fct_lead_funnel') }} as funnel on leads.lead_key = funnel.lead_key
where leads.exclusion is null
group by leads.lead_key
having count(funnel.lead_attempt_key) = 0
    or count(funnel.lead_attempt_key) <> max(funnel.attempt_number)

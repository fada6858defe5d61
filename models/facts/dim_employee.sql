with named as (

    select sdr as written_name, 'sdr' as role from {{ ref('fct_lead_funnel') }}
    union all
    select sales_rep, 'sales_rep' from {{ ref('fct_lead_funnel') }}

)

select named.role || ':' || people.person_key as employee_key, people.shown_name as name, named.role, count(*) as lead_attempts
from named
inner join {{ ref('int_employee_names') }} as people on named.written_name = people.written_name
group by named.role, people.person_key, people.shown_name

with named as (

    select sdr as name, 'sdr' as role from {{ ref('fct_lead_funnel') }} where sdr is not null
    union all
    select sales_rep, 'sales_rep' from {{ ref('fct_lead_funnel') }} where sales_rep is not null

)

select role || ':' || name as employee_key, name, role, count(*) as lead_attempts
from named
group by role, name

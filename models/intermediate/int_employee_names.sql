-- Who is meant by each name that leads name: case, blanks and marks that nobody sees make nobody another. Shown is what is written most often, in all roles.
with named as (

    select sdr as written_name, count(*) as lead_attempts from {{ ref('fct_lead_funnel') }} where sdr is not null group by sdr
    union all
    select sales_rep, count(*) from {{ ref('fct_lead_funnel') }} where sales_rep is not null group by sales_rep

),

folded as (

    select written_name, {{ category('written_name') }} as person_key, sum(lead_attempts) as lead_attempts from named group by written_name

)

select
    written_name,
    person_key,
    first_value(written_name) over (partition by person_key order by lead_attempts desc, written_name) as shown_name
from folded
where person_key is not null

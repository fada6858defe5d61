-- A row here is a plan line paid beyond its amount, below zero, or more on time than in all.
select *
from {{ ref('fct_payment_plan') }}
where paid_base < 0 or paid_base > planned_base or paid_on_time_base > paid_base

with sla as (

    select * from {{ ref('sla') }}

),

today as (

    select month from {{ ref('dim_date') }} where date_day = {{ as_of() }}

),

measured as (

    select * from {{ ref('int_kpi_speed') }}

),

overdue as (

    select
        today.month,
        open_leads.step_key,
        open_leads.department,
        coalesce(open_leads.owner_key, '(none)') as owner_key,
        count(*) as overdue_open
    from {{ ref('int_open_leads') }} as open_leads
    cross join today
    where open_leads.waiting_business_minutes > open_leads.sla_business_minutes
    group by today.month, open_leads.step_key, open_leads.department, coalesce(open_leads.owner_key, '(none)')

),

overdue_with_all as (

    select month, step_key, department, owner_key, overdue_open from overdue
    union all
    select month, step_key, department, '', sum(overdue_open) from overdue group by month, step_key, department

),

combined as (

    select
        coalesce(measured.month, overdue_with_all.month) as month,
        coalesce(measured.step_key, overdue_with_all.step_key) as step_key,
        coalesce(measured.department, overdue_with_all.department) as department,
        coalesce(measured.owner_key, overdue_with_all.owner_key) as owner_key,
        measured.n,
        measured.n_business,
        measured.within_sla,
        measured.median_minutes,
        measured.p90_minutes,
        measured.median_business_minutes,
        measured.p90_business_minutes,
        overdue_with_all.overdue_open
    from measured
    full outer join overdue_with_all
        on measured.month = overdue_with_all.month and measured.step_key = overdue_with_all.step_key and measured.owner_key = overdue_with_all.owner_key

)

select
    combined.month,
    combined.step_key,
    combined.department,
    case when combined.owner_key = '' then 'all' else coalesce(people.name, '(none)') end as owner,
    cast(coalesce(combined.n, 0) as bigint) as n,
    cast(combined.median_minutes as double) as median_minutes,
    cast(combined.p90_minutes as double) as p90_minutes,
    cast(coalesce(combined.n_business, 0) as bigint) as n_business,
    cast(combined.median_business_minutes as double) as median_business_minutes,
    cast(combined.p90_business_minutes as double) as p90_business_minutes,
    cast(sla.sla_business_minutes as bigint) as sla_business_minutes,
    cast(case when sla.stage_key is not null then coalesce(combined.within_sla, 0) end as bigint) as within_sla,
    case when sla.stage_key is not null then 100 * {{ safe_divide('combined.within_sla', 'combined.n_business') }} end as within_sla_pct,
    -- known for today only: earlier months do not keep who was waiting then
    cast(case when combined.month = today.month then coalesce(combined.overdue_open, 0) end as bigint) as overdue_open
from combined
cross join today
left join sla on combined.step_key = sla.stage_key
left join {{ ref('dim_employee') }} as people
    on case combined.department when 'marketing' then 'sdr' else 'sales_rep' end || ':' || combined.owner_key = people.employee_key

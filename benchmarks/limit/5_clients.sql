-- Marts of the clients: who they are, what they brought, and whom to call again.
-- one pass for the client's first lead and for what decides whether it is called
create or replace temp table clients as
select
    client_key,
    any_value(source_name) as source_name,
    arg_min(channel_key, created_at) as first_channel_key,
    min(created_at) as first_lead_at,
    max(created_at) as last_lead_at,
    max(paid_at) as last_win_at,
    bool_or(outcome = 'open') as is_open,
    count(*) as attempts
from fct_lead_funnel
group by client_key;

create or replace table dim_client as
select
    client_key,
    source_name,
    coalesce(channel_key, first_channel_key) as channel_key,
    first_lead_at,
    first_payment_at,
    first_payment_month,
    attempts
from clients
left join first_wins using (client_key);

create or replace table mart_customer_value as
select
    client_key,
    source_name,
    channel_key,
    first_lead_at,
    first_payment_at,
    first_payment_month,
    attempts,
    lt_days,
    payments,
    share(paid, payments) as average_check,
    gross as ltv_gross,
    net as ltv_net,
    case when first_payment_date + 30 <= getvariable('as_of') then net_30d end as ltv_30d,
    case when first_payment_date + 90 <= getvariable('as_of') then net_90d end as ltv_90d,
    case when first_payment_date + 180 <= getvariable('as_of') then net_180d end as ltv_180d,
    case when first_payment_date + 365 <= getvariable('as_of') then net_365d end as ltv_365d
from ledgers
inner join first_wins using (client_key)
inner join clients using (client_key);

-- ---------- what the clients of a month brought, month by month since
create or replace table mart_ltv_cohort as
with income as (

    select first_payment_month, paid_month as month, coalesce(first_wins.channel_key, 'all') as channel_key, sum(net_base) as net_income
    from fct_payment
    inner join first_wins using (client_key)
    group by grouping sets ((first_payment_month, paid_month, first_wins.channel_key), (first_payment_month, paid_month))

),

cohort_months as (

    -- how many clients a month won is counted already
    select months.month, won.month as first_payment_month, won.channel_key, cast(won.amount as bigint) as clients
    from month_cells as won
    inner join months on won.month <= months.month
    where won.measure = 'new_clients' and won.amount > 0

),

accumulated as (

    select
        *,
        coalesce(net_income, 0) as net,
        sum(coalesce(net_income, 0)) over (partition by first_payment_month, channel_key order by month) as cumulative
    from cohort_months
    left join income using (first_payment_month, month, channel_key)

)

select
    first_payment_month,
    date_diff('month', first_payment_month, month) as months_since,
    channel_key,
    clients,
    cast(net as decimal(18, 4)) as net_income,
    cast(cumulative as decimal(18, 4)) as cumulative_net_income,
    share(cumulative, clients) as net_income_per_client,
    false as is_partial
from accumulated;

-- ---------- lost clients: the newest lead of each, if nothing is open and nothing was won after the loss
create or replace table mart_winback as
select
    lead_attempt_key,
    leads.source_name,
    lead_id,
    client_key,
    channel_key,
    requested_service,
    sdr,
    sales_rep,
    outcome,
    lost_after_stage_key,
    reason_key,
    outcome_at as lost_at,
    cast(outcome_date + interval 3 month as date) as due_on,
    outcome_date + interval 3 month <= getvariable('as_of') as is_due,
    case when services.is_offered = false then 'partner' else winback_action end as suggested_action
from fct_lead_funnel as leads
inner join clients using (client_key)
inner join reasons using (reason_key)
left join services on requested_service = service_key
where created_at = last_lead_at and not is_open and (last_win_at is null or last_win_at < outcome_at);

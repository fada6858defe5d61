-- What every mart adds up, each counted in one pass over a fact: cohorts of leads, days of the funnel and of the ledger, lengths of steps,
-- clients. A cell of all channels has the channel 'all'.
create or replace temp macro share(part, whole) as cast(part as double) / nullif(cast(whole as double), 0);

-- ---------- cohorts: leads of a month by stage reached, within so many days of their creation
-- the shortest window that holds an age; the last stands for any time
create or replace temp macro age_window(created_at, reached_at) as case
    when reached_at <= created_at + interval 30 day then 30
    when reached_at <= created_at + interval 60 day then 60
    when reached_at <= created_at + interval 90 day then 90
    when reached_at <= created_at + interval 180 day then 180
    when reached_at <= created_at + interval 365 day then 365
    else 100000
end;
create or replace temp macro within(amount, age, days) as coalesce(sum(amount) filter (age <= days), 0);

create or replace temp table cohorts as
with leads as (

    select
        lead_month, channel_key, created_at, first_contact_at, brief_filled_at, sql_at, sal_at, demo_held_at, proposal_sent_at,
        contract_sent_at, paid_at, if(outcome = 'open', furthest_stage_order, 0) as open_at_stage
    from fct_lead_funnel

),

-- counted by age before anything else, so that windows are sums over few rows
ages as (

    select lead_month, channel_key, 1 as stage_order, 0 as age, count(*) as reached, count(*) filter (open_at_stage = 1) as open
    from leads group by all
    union all
    select lead_month, channel_key, 2, age_window(created_at, first_contact_at) as age, count(*), count(*) filter (open_at_stage = 2)
    from leads where first_contact_at is not null group by all
    union all
    select lead_month, channel_key, 3, age_window(created_at, brief_filled_at) as age, count(*), count(*) filter (open_at_stage = 3)
    from leads where brief_filled_at is not null group by all
    union all
    select lead_month, channel_key, 4, age_window(created_at, sql_at) as age, count(*), count(*) filter (open_at_stage = 4)
    from leads where sql_at is not null group by all
    union all
    select lead_month, channel_key, 5, age_window(created_at, sal_at) as age, count(*), count(*) filter (open_at_stage = 5)
    from leads where sal_at is not null group by all
    union all
    select lead_month, channel_key, 6, age_window(created_at, demo_held_at) as age, count(*), count(*) filter (open_at_stage = 6)
    from leads where demo_held_at is not null group by all
    union all
    select lead_month, channel_key, 7, age_window(created_at, proposal_sent_at) as age, count(*), count(*) filter (open_at_stage = 7)
    from leads where proposal_sent_at is not null group by all
    union all
    select lead_month, channel_key, 8, age_window(created_at, contract_sent_at) as age, count(*), count(*) filter (open_at_stage = 8)
    from leads where contract_sent_at is not null group by all
    union all
    select lead_month, channel_key, 9, age_window(created_at, paid_at) as age, count(*), 0
    from leads where paid_at is not null group by all

),

-- a stage that no lead of the month reached has a row of its own
every_stage as (

    select * from ages
    union all
    select lead_month, channel_key, stages.stage_order, 0, 0, 0
    from ages cross join stages where ages.stage_order = 1 and stages.stage_order > 1

)

select
    lead_month,
    coalesce(channel_key, 'all') as channel_key,
    stage_order,
    cast(sum(open) as bigint) as open,
    -- at any time, then within each window
    cast([
        sum(reached), within(reached, age, 30), within(reached, age, 60), within(reached, age, 90), within(reached, age, 180),
        within(reached, age, 365)
    ] as bigint[]) as reached
from every_stage
group by grouping sets ((lead_month, channel_key, stage_order), (lead_month, stage_order));

-- ---------- clients and their ledgers
create or replace temp table first_wins as
select
    paid.client_key, leads.channel_key, leads.lead_month, leads.lt_days,
    paid.paid_at as first_payment_at, paid.paid_date as first_payment_date, paid.paid_month as first_payment_month
from fct_payment as paid
inner join fct_lead_funnel as leads on paid.lead_attempt_key = leads.lead_attempt_key
where paid.is_first_payment;

create or replace temp table ledgers as
select
    client_key,
    count(*) filter (kind = 'payment') as payments,
    sum(amount_base) filter (kind = 'payment') as paid,
    sum(amount_base) as gross,
    sum(net_base) as net,
    within(net_base, paid_date - first_payment_date, 30) as net_30d,
    within(net_base, paid_date - first_payment_date, 90) as net_90d,
    within(net_base, paid_date - first_payment_date, 180) as net_180d,
    within(net_base, paid_date - first_payment_date, 365) as net_365d
from fct_payment
inner join first_wins using (client_key)
group by client_key;

-- ---------- what happened on each day
create or replace temp table daily_cells as
select 'leads' as measure, channel_key, created_date as date_day, cast(count(*) as decimal(18, 4)) as amount
from fct_lead_funnel group by all
union all
select 'stage_first_contact', channel_key, first_contact_date, count(*)
from fct_lead_funnel where first_contact_date is not null group by all
union all
select 'stage_brief_filled', channel_key, brief_filled_date, count(*)
from fct_lead_funnel where brief_filled_date is not null group by all
union all
select 'stage_sql', channel_key, sql_date, count(*)
from fct_lead_funnel where sql_date is not null group by all
union all
select 'stage_sal', channel_key, sal_date, count(*)
from fct_lead_funnel where sal_date is not null group by all
union all
select 'stage_demo_held', channel_key, demo_held_date, count(*)
from fct_lead_funnel where demo_held_date is not null group by all
union all
select 'stage_proposal_sent', channel_key, proposal_sent_date, count(*)
from fct_lead_funnel where proposal_sent_date is not null group by all
union all
select 'stage_contract_sent', channel_key, contract_sent_date, count(*)
from fct_lead_funnel where contract_sent_date is not null group by all
union all
select 'stage_paid', channel_key, paid_date, count(*)
from fct_lead_funnel where paid_date is not null group by all
union all
select outcome, channel_key, outcome_date, count(*)
from fct_lead_funnel where outcome in ('rejected', 'lost') group by all
union all
select 'cost', channel_key, spend_date, sum(cost_base)
from fct_ad_spend group by all
union all
select
    unnest(['payments', 'payment_amount', 'revenue', 'new_clients']), channel_key, paid_date,
    unnest([cast(payments as decimal(18, 4)), payment_amount, revenue, new_clients])
from (
    select
        channel_key, paid_date,
        count(*) filter (kind = 'payment') as payments, sum(amount_base) filter (kind = 'payment') as payment_amount,
        sum(amount_base) as revenue, count(*) filter (is_first_payment) as new_clients
    from fct_payment
    group by all
);

-- ---------- the same and the cohorts by month
create or replace temp table month_cells as
with client_cohorts as (

    select
        first_payment_month, channel_key, sum(net) as net,
        count(*) filter (first_payment_date + 30 <= getvariable('as_of')) as clients_30d,
        sum(net_30d) filter (first_payment_date + 30 <= getvariable('as_of')) as net_30d,
        count(*) filter (first_payment_date + 90 <= getvariable('as_of')) as clients_90d,
        sum(net_90d) filter (first_payment_date + 90 <= getvariable('as_of')) as net_90d,
        count(*) filter (first_payment_date + 180 <= getvariable('as_of')) as clients_180d,
        sum(net_180d) filter (first_payment_date + 180 <= getvariable('as_of')) as net_180d,
        count(*) filter (first_payment_date + 365 <= getvariable('as_of')) as clients_365d,
        sum(net_365d) filter (first_payment_date + 365 <= getvariable('as_of')) as net_365d
    from ledgers
    inner join first_wins using (client_key)
    group by all

),

channel_cells as (

    select measure, channel_key, month_of(date_day) as month, amount from daily_cells
    union all
    select 'attempts', channel_key, month_of(date_day), amount from daily_cells where measure = 'leads'
    union all
    select 'cohort_clients', channel_key, lead_month, count(*) from first_wins group by all
    union all
    select unnest(['cohort_revenue', 'cohort_net_income']), channel_key, lead_month, unnest([revenue, net_income])
    from (
        select channel_key, lead_month, sum(revenue) as revenue, sum(net_income) as net_income
        from payers inner join fct_lead_funnel using (lead_attempt_key)
        group by all
    )
    union all
    select
        unnest([
            'client_net_income', 'client_net_income_30d', 'clients_30d', 'client_net_income_90d', 'clients_90d',
            'client_net_income_180d', 'clients_180d', 'client_net_income_365d', 'clients_365d'
        ]),
        channel_key,
        first_payment_month,
        unnest([net, net_30d, clients_30d, net_90d, clients_90d, net_180d, clients_180d, net_365d, clients_365d])
    from client_cohorts

)

select measure, month, coalesce(channel_key, 'all') as channel_key, cast(sum(amount) as decimal(18, 4)) as amount
from channel_cells
group by grouping sets ((measure, month, channel_key), (measure, month))
union all
select 'cohort_' || stage_key, lead_month, channel_key, reached[1]
from cohorts
inner join stages on cohorts.stage_order = stages.stage_order;

create or replace temp table channel_keys as
select distinct channel_key from month_cells;

create or replace temp table months as
select cast(month_at as date) as month
from generate_series(
    (select min(month) from month_cells where measure in ('leads', 'cost', 'revenue')), cast(getvariable('as_of') as date), interval 1 month
) as months(month_at);

-- ---------- how long each step took, by month and whose it was
create or replace temp table step_times as
with steps as (

    select 2 as stage_order, month_of(first_contact_date) as month, sdr as owner, first_contact_lag_minutes as lag,
        first_contact_lag_business_minutes as business_lag
    from fct_lead_funnel
    union all
    select 3, month_of(brief_filled_date), sdr, brief_filled_lag_minutes, brief_filled_lag_business_minutes from fct_lead_funnel
    union all
    select 4, month_of(sql_date), sdr, sql_lag_minutes, sql_lag_business_minutes from fct_lead_funnel
    union all
    select 5, month_of(sal_date), sales_rep, sal_lag_minutes, sal_lag_business_minutes from fct_lead_funnel
    union all
    select 6, month_of(demo_held_date), sales_rep, demo_held_lag_minutes, demo_held_lag_business_minutes from fct_lead_funnel
    union all
    select 7, month_of(proposal_sent_date), sales_rep, proposal_sent_lag_minutes, proposal_sent_lag_business_minutes from fct_lead_funnel
    union all
    select 8, month_of(contract_sent_date), sales_rep, contract_sent_lag_minutes, contract_sent_lag_business_minutes from fct_lead_funnel
    union all
    select 9, month_of(paid_date), sales_rep, paid_lag_minutes, paid_lag_business_minutes from fct_lead_funnel

)

select
    steps.month,
    steps.stage_order,
    coalesce(steps.owner, 'all') as owner,
    count(*) as n,
    count(*) filter (business_lag <= sla_business_minutes) as within_sla,
    quantile_cont(lag, [0.5, 0.9]) as minutes,
    quantile_cont(business_lag, [0.5, 0.9]) as business_minutes
from steps
inner join stages on steps.stage_order = stages.stage_order
where lag is not null
group by grouping sets ((steps.month, steps.stage_order, steps.owner), (steps.month, steps.stage_order));

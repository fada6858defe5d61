-- The same facts, KPIs and marts, written by hand for one engine and for clean data: the floor that the build is measured against.
-- It reads the landed Parquet (variables leads, stage_events, payments, ad_spend, fx_rates name the parts; seeds the seed folder; as_of the
-- day of the report) and knows what the models have to find out: every key comes once, every text parses, no lead is reopened or merged,
-- no status columns, every stage reached is dated, every payment names its lead, one source, one time zone for source and report, no
-- targets and no payment plan, and the day of the report ends its month, so that no month is partial.
-- Its results are compared with the models' (benchmarks/limit.py), so what it assumes holds.
set TimeZone = 'UTC';

-- ---------- helpers
create or replace temp macro to_utc(local_at) as make_timestamp(epoch_us(timezone('Europe/Berlin', local_at)));
create or replace temp macro month_of(day) as cast(date_trunc('month', day) as date);
create or replace temp macro minutes(start_at, end_at) as (epoch_us(end_at) - epoch_us(start_at)) / 6e7;
create or replace temp macro lag_minutes(start_at, end_at) as case when end_at >= start_at then minutes(start_at, end_at) end;
create or replace temp macro lag_business(start_at, end_at, start_position, end_position) as
    case when end_at >= start_at then end_position - start_position end;
create or replace temp macro minute_of_day(local_at) as hour(local_at) * 60 + minute(local_at) + second(local_at) / 60.0;
create or replace temp macro business_position(day, local_at) as
    day.before + case when day.working = 0 then 0 else least(greatest(minute_of_day(local_at) - 540, 0), day.working) end;

create or replace temp table calendar as
select
    date_day,
    working,
    coalesce(sum(working) over (order by date_day rows between unbounded preceding and 1 preceding), 0) as before
from (
    select cast(day_at as date) as date_day, case when isodow(day_at) < 6 and holiday_date is null then 540 else 0 end as working
    from generate_series(timestamp '2000-01-01', timestamp '2028-06-09', interval 1 day) as days(day_at)
    left join read_csv(getvariable('seeds') || '/holidays.csv') on cast(day_at as date) = holiday_date
);

create or replace temp table channels as
select channel_key as channel_raw, channel_key from read_csv(getvariable('seeds') || '/channels.csv')
where channel_key not in (
    select source_value from read_csv(getvariable('seeds') || '/channel_mapping.csv') where source_system = 'template'
)
union all
select source_value, channel_key from read_csv(getvariable('seeds') || '/channel_mapping.csv') where source_system = 'template';

create or replace temp table reasons as
select reason_key, is_unmet_demand, winback_action from read_csv(getvariable('seeds') || '/reasons.csv');

create or replace temp table services as
select service_key, is_offered from read_csv(getvariable('seeds') || '/services.csv');

create or replace temp table stages as
select
    stage_key, stage_order, department, is_terminal, sla_business_minutes,
    -- a bit for each, those of the endings below: the bits of a lead's earlier entries say whether it was here, or further, before
    1 << cast(row_number() over (order by is_terminal desc, stage_order) as integer) as stage_bit
from read_csv(getvariable('seeds') || '/funnel_stages.csv') as known
left join read_csv(getvariable('seeds') || '/sla.csv') as agreed using (stage_key);

create or replace temp table rates as
select cast(date as date) as rate_date, currency, cast(rate_to_base as decimal(18, 8)) as rate from read_parquet(getvariable('fx_rates'));

-- ---------- leads and their events, typed
create or replace temp table lead_rows as
select
    lead_id,
    _source as source_name,
    _source || ':' || lead_id as lead_key,
    _source || ':' || lead_id || '#1' as lead_attempt_key,
    _source || ':' || contact_id as client_key,
    coalesce(channel_key, 'unmapped') as channel_key,
    campaign,
    requested_service,
    sdr,
    sales_rep,
    cast(created_at as timestamp) as created_local_at,
    to_utc(cast(created_at as timestamp)) as created_at
from read_parquet(getvariable('leads'))
left join channels on channel = channel_raw
where is_test is distinct from 'true';

create or replace temp table events as
select
    leads.lead_attempt_key,
    leads.lead_key,
    leads.source_name,
    leads.channel_key,
    leads.source_name || ':' || event_id as stage_event_key,
    stages.stage_key,
    stages.stage_order,
    stages.is_terminal,
    stages.stage_bit,
    to_utc(entered_local_at) as entered_at,
    cast(entered_local_at as date) as entered_date,
    business_position(calendar, entered_local_at) as business_position,
    case when reason is not null then coalesce(reasons.reason_key, 'unmapped') end as reason_key
from (select *, cast(entered_at as timestamp) as entered_local_at from read_parquet(getvariable('stage_events'))) as delivered
inner join lead_rows as leads on delivered.lead_id = leads.lead_id
inner join stages on delivered.stage = stages.stage_key
left join calendar on cast(entered_local_at as date) = calendar.date_day
left join reasons on delivered.reason = reasons.reason_key;

-- ---------- the ledger
create or replace table fct_payment as
select
    *,
    coalesce(payment_number = 1, false) as is_first_payment
from (
    select
        *,
        amount_base - direct_cost_base as net_base,
        case when kind = 'payment' then row_number() over (partition by client_key, kind = 'payment' order by paid_at, payment_key) end
            as payment_number
    from (
        select
            leads.source_name || ':' || payment_id as payment_key,
            payment_id,
            leads.source_name,
            leads.client_key,
            leads.lead_attempt_key,
            leads.channel_key,
            to_utc(paid_local_at) as paid_at,
            cast(paid_local_at as date) as paid_date,
            month_of(cast(paid_local_at as date)) as paid_month,
            kind,
            delivered.currency,
            cast(amount as decimal(18, 4)) as delivered_amount,
            signed as amount_original,
            cast(round(signed * coalesce(rate, 1), 4) as decimal(18, 4)) as amount_base,
            coalesce(cast(round(cast(direct_cost as decimal(18, 4)) * coalesce(rate, 1), 4) as decimal(18, 4)), 0) as direct_cost_base
        from (
            select
                *,
                cast(paid_at as timestamp) as paid_local_at,
                cast(amount as decimal(18, 4)) * case when kind = 'payment' then 1 else -1 end as signed
            from read_parquet(getvariable('payments'))
        ) as delivered
        inner join lead_rows as leads on delivered.lead_id = leads.lead_id
        left join rates on delivered.currency = rates.currency and cast(paid_local_at as date) = rates.rate_date
    )
);

-- what each lead has paid: when first, for its row, and how much, for the figures of the month it was created in
create or replace temp table payers as
select
    lead_attempt_key,
    min(paid_at) filter (kind = 'payment') as paid_at,
    sum(amount_base) as revenue,
    sum(net_base) as net_income
from fct_payment
group by lead_attempt_key;

-- ---------- one row per lead
create or replace table fct_lead_funnel as
with entries as (

    select
        lead_attempt_key,
        min(entered_at) filter (stage_order = 2) as first_contact_at, min(entered_date) filter (stage_order = 2) as first_contact_date,
        min(business_position) filter (stage_order = 2) as first_contact_position,
        min(entered_at) filter (stage_order = 3) as brief_filled_at, min(entered_date) filter (stage_order = 3) as brief_filled_date,
        min(business_position) filter (stage_order = 3) as brief_filled_position,
        min(entered_at) filter (stage_order = 4) as sql_at, min(entered_date) filter (stage_order = 4) as sql_date,
        min(business_position) filter (stage_order = 4) as sql_position,
        min(entered_at) filter (stage_order = 5) as sal_at, min(entered_date) filter (stage_order = 5) as sal_date,
        min(business_position) filter (stage_order = 5) as sal_position,
        min(entered_at) filter (stage_order = 6) as demo_held_at, min(entered_date) filter (stage_order = 6) as demo_held_date,
        min(business_position) filter (stage_order = 6) as demo_held_position,
        min(entered_at) filter (stage_order = 7) as proposal_sent_at, min(entered_date) filter (stage_order = 7) as proposal_sent_date,
        min(business_position) filter (stage_order = 7) as proposal_sent_position,
        min(entered_at) filter (stage_order = 8) as contract_sent_at, min(entered_date) filter (stage_order = 8) as contract_sent_date,
        min(business_position) filter (stage_order = 8) as contract_sent_position,
        min(entered_at) filter (is_terminal) as ended_at, min(entered_date) filter (is_terminal) as ended_date,
        arg_min(reason_key, entered_at) filter (is_terminal) as ended_reason_key
    from events
    group by lead_attempt_key

),

joined as (

    select
        leads.*,
        entries.* exclude (lead_attempt_key),
        cast(leads.created_local_at as date) as created_date,
        business_position(created_day, leads.created_local_at) as lead_position,
        payers.paid_at,
        cast(timezone('Europe/Berlin', make_timestamptz(epoch_us(payers.paid_at))) as date) as paid_date,
        greatest(
            if(payers.paid_at is not null, 9, 1), if(contract_sent_at is not null, 8, 1), if(proposal_sent_at is not null, 7, 1),
            if(demo_held_at is not null, 6, 1), if(sal_at is not null, 5, 1), if(sql_at is not null, 4, 1),
            if(brief_filled_at is not null, 3, 1), if(first_contact_at is not null, 2, 1)
        ) as furthest
    from lead_rows as leads
    left join entries on leads.lead_attempt_key = entries.lead_attempt_key
    left join payers on leads.lead_attempt_key = payers.lead_attempt_key
    left join calendar as created_day on cast(leads.created_local_at as date) = created_day.date_day

),

judged as (

    select
        joined.*,
        business_position(paid_day, timezone('Europe/Berlin', make_timestamptz(epoch_us(paid_at)))) as paid_position,
        case
            when furthest = 9 then 'won' when ended_at is null then 'open' when furthest < 4 then 'rejected' when furthest = 4 then 'returned'
            else 'lost'
        end as outcome
    from joined
    left join calendar as paid_day on paid_date = paid_day.date_day

)

select
    lead_attempt_key, lead_key, lead_id, source_name, 1 as attempt_number, false as is_reopened, client_key, channel_key, campaign,
    requested_service, sdr, sales_rep, created_at, created_date, month_of(created_date) as lead_month,
    furthest >= 2 as first_contact_reached, first_contact_at, first_contact_date,
    furthest >= 2 and first_contact_at is null as first_contact_is_imputed,
    furthest >= 3 as brief_filled_reached, brief_filled_at, brief_filled_date, furthest >= 3 and brief_filled_at is null as brief_filled_is_imputed,
    furthest >= 4 as sql_reached, sql_at, sql_date, furthest >= 4 and sql_at is null as sql_is_imputed,
    furthest >= 5 as sal_reached, sal_at, sal_date, furthest >= 5 and sal_at is null as sal_is_imputed,
    furthest >= 6 as demo_held_reached, demo_held_at, demo_held_date, furthest >= 6 and demo_held_at is null as demo_held_is_imputed,
    furthest >= 7 as proposal_sent_reached, proposal_sent_at, proposal_sent_date,
    furthest >= 7 and proposal_sent_at is null as proposal_sent_is_imputed,
    furthest >= 8 as contract_sent_reached, contract_sent_at, contract_sent_date,
    furthest >= 8 and contract_sent_at is null as contract_sent_is_imputed,
    furthest = 9 as paid_reached, paid_at, paid_date, false as paid_is_imputed,
    furthest as furthest_stage_order,
    stages.stage_key as furthest_stage_key,
    outcome,
    case outcome when 'open' then null when 'won' then paid_at else ended_at end as outcome_at,
    case outcome when 'open' then null when 'won' then paid_date else ended_date end as outcome_date,
    month_of(case outcome when 'open' then null when 'won' then paid_date else ended_date end) as outcome_month,
    case when outcome in ('rejected', 'returned', 'lost') then coalesce(ended_reason_key, 'unknown') end as reason_key,
    case when outcome in ('rejected', 'returned', 'lost') then stages.stage_key end as lost_after_stage_key,
    case outcome when 'rejected' then 'marketing' when 'returned' then 'marketing' when 'lost' then 'sales' end as lost_department,
    lag_minutes(created_at, first_contact_at) as first_contact_lag_minutes,
    lag_business(created_at, first_contact_at, lead_position, first_contact_position) as first_contact_lag_business_minutes,
    lag_minutes(first_contact_at, brief_filled_at) as brief_filled_lag_minutes,
    lag_business(first_contact_at, brief_filled_at, first_contact_position, brief_filled_position) as brief_filled_lag_business_minutes,
    lag_minutes(brief_filled_at, sql_at) as sql_lag_minutes,
    lag_business(brief_filled_at, sql_at, brief_filled_position, sql_position) as sql_lag_business_minutes,
    lag_minutes(sql_at, sal_at) as sal_lag_minutes,
    lag_business(sql_at, sal_at, sql_position, sal_position) as sal_lag_business_minutes,
    lag_minutes(sal_at, demo_held_at) as demo_held_lag_minutes,
    lag_business(sal_at, demo_held_at, sal_position, demo_held_position) as demo_held_lag_business_minutes,
    lag_minutes(demo_held_at, proposal_sent_at) as proposal_sent_lag_minutes,
    lag_business(demo_held_at, proposal_sent_at, demo_held_position, proposal_sent_position) as proposal_sent_lag_business_minutes,
    lag_minutes(proposal_sent_at, contract_sent_at) as contract_sent_lag_minutes,
    lag_business(proposal_sent_at, contract_sent_at, proposal_sent_position, contract_sent_position) as contract_sent_lag_business_minutes,
    lag_minutes(contract_sent_at, paid_at) as paid_lag_minutes,
    lag_business(contract_sent_at, paid_at, contract_sent_position, paid_position) as paid_lag_business_minutes,
    case when paid_at >= created_at then minutes(created_at, paid_at) / 1440 end as lt_days
from judged
inner join stages on judged.furthest = stages.stage_order;

-- ---------- one row per stage entry, and one undated row per stage that only a later one proves
create or replace table fct_stage_event as
select
    stage_event_key, lead_attempt_key, lead_key, source_name, channel_key, stage_key, stage_order, entered_at,
    month_of(entered_date) as entered_month,
    exited_at,
    coalesce(earlier_bits & stage_bit = 0, true) as is_first_entry,
    coalesce(not is_terminal and earlier_bits >= 2 * stage_bit, false) as is_regression,
    false as is_imputed,
    is_terminal,
    minutes(entered_at, exited_at) as calendar_minutes,
    exited_position - business_position as business_minutes,
    reason_key
from (
    select
        *,
        lead(entered_at) over in_order as exited_at,
        lead(business_position) over in_order as exited_position,
        bit_or(stage_bit) over (in_order rows between unbounded preceding and 1 preceding) as earlier_bits
    from events
    window in_order as (partition by lead_attempt_key order by entered_at, is_terminal, stage_event_key)
)
union all by name
select
    lead_attempt_key || ':imputed:' || stage_key as stage_event_key, lead_attempt_key, lead_key, source_name, channel_key, stage_key,
    stage_order, true as is_first_entry, false as is_regression, true as is_imputed, false as is_terminal
from fct_lead_funnel
inner join stages on stages.stage_order between 2 and 8 and furthest_stage_order > stages.stage_order
where case stages.stage_order
    when 2 then first_contact_is_imputed when 3 then brief_filled_is_imputed when 4 then sql_is_imputed when 5 then sal_is_imputed
    when 6 then demo_held_is_imputed when 7 then proposal_sent_is_imputed else contract_sent_is_imputed
end;

-- ---------- spend
create or replace table fct_ad_spend as
select
    concat_ws('|', date, source_name, channel_key, '(none)', campaign, 'ad_spend', currency) as ad_spend_key,
    cast(date as date) as spend_date,
    month_of(cast(date as date)) as spend_month,
    source_name, channel_key, '(none)' as account, campaign, 'ad_spend' as cost_kind, currency, impressions, clicks, cost_original, cost_original as cost_base
from (
    select
        date, _source as source_name, coalesce(channel_key, 'unmapped') as channel_key, campaign, currency,
        cast(sum(cast(impressions as bigint)) as bigint) as impressions,
        cast(sum(cast(clicks as bigint)) as bigint) as clicks,
        cast(sum(cast(cost as decimal(18, 4))) as decimal(18, 4)) as cost_original
    from read_parquet(getvariable('ad_spend'))
    left join channels on channel = channel_raw
    group by all
);

-- Ids that do not simply lead to a lead: written otherwise than delivered, known to nobody, of two clients, merges that lead nowhere. The rows count; someone should look.
with held as (

    select * from {{ ref('int_lead_references') }}

),

-- of the others nothing is asked
asked_payments as (

    select *
    from (
        {{ newest_rows('payments', ['source_name', 'source_system', 'version_key', 'lead_key', 'client_id', 'client_key']) }}
    ) as delivered
    where lead_key in (select reference_key from held)
        or client_key in (select reference_key from held)
        or (lead_key is not null and client_id is not null)

),

payments as (

    select
        asked_payments.*,
        ledger.client_key as paying_client_key,
        ledger.amount_base,
        coalesce(ledger.matched_by, ledger.unmatched_because) as address_rule
    from asked_payments
    inner join {{ ref('fct_payment') }} as ledger on asked_payments.version_key = ledger.payment_key

),

named_in_payments as (

    select
        payments.source_name,
        {{ delivered_as('payments', 'payments.source_system') }} as entity,
        case
            when lead_names.target_key is not null or client_names.target_key is not null then 'id_written_otherwise'
            -- a client that is known says enough
            when payments.lead_key is not null and (payments.client_id is null or client_names.reference_key is not null) then 'unknown_lead'
            -- where no leads are delivered, no client could be known
            when payments.lead_key is null and {{ id_source('payments.source_name') }} in (select source_name from {{ ref('int_leads') }}) then 'unknown_client'
        end as rule,
        coalesce(payments.lead_key, payments.client_key) as reference_key,
        payments.amount_base
    from payments
    left join held as lead_names on payments.lead_key = lead_names.reference_key and lead_names.reference_type = 'lead'
    left join held as client_names on case when payments.client_id is not null then payments.client_key end = client_names.reference_key and client_names.reference_type = 'client'
    where (lead_names.reference_key is not null or (payments.lead_key is null and client_names.reference_key is not null))
        -- for whom an address was looked is told below
        and payments.address_rule is null

),

-- a lead of one client and the id of another: the money is the lead's
of_two_clients as (

    select source_name, {{ delivered_as('payments') }} as entity, client_key as reference_key, amount_base
    from payments
    where lead_key is not null
        and client_id is not null
        and client_key <> paying_client_key
        and client_key in (select client_key from {{ ref('fct_lead_funnel') }})

),

named_in_events as (

    select events.source_name, {{ delivered_as('stage_events', 'events.source_system') }} as entity, events.lead_key as reference_key
    from (
        {{ newest_rows('stage_events', ['source_name', 'source_system', 'lead_key']) }}
    ) as events
    inner join held on events.lead_key = held.reference_key and held.reference_type = 'lead' and held.target_key is not null

),

merges as (

    select source_name, {{ delivered_as('leads') }} as entity, lead_key, duplicate_of_key, merge_rule
    from {{ ref('int_leads') }}
    where duplicate_of_key is not null

),

-- who was found by an address is counted; of who was not, the payment is named and nobody's address
by_address as (

    select
        source_name,
        {{ delivered_as('payments') }} as entity,
        coalesce('matched_by_' || matched_by, unmatched_because) as rule,
        source_name || ':' || coalesce(matched_by, payment_id) as reference_key,
        amount_base
    from {{ ref('fct_payment') }}
    where coalesce(matched_by, unmatched_because) is not null

),

-- Leads and payments whose ids differ in spelling alone: likely one, delivered twice. The money is what would be too much.
delivered_ids as (

    select source_name, {{ delivered_as('leads') }} as entity, lead_id as id, cast(null as {{ amount_type() }}) as amount_base
    from {{ ref('int_leads') }}
    where exclusion is null
    union all
    select source_name, {{ delivered_as('payments') }}, payment_id, abs(amount_base) from {{ ref('fct_payment') }}
    union all
    select source_name, {{ delivered_as('payment_plan') }}, {{ id_of('plan_key') }}, planned_base from {{ ref('int_payment_plan') }} where quarantine_rule is null

),

paid_by_client as (

    select
        client_key,
        min(source_name) as source_name,
        min({{ delivered_as('payments') }}) as entity,
        sum(amount_base) as money_base,
        sum(case when amount_base > 0 then amount_base else 0 end) as paid,
        sum(case when amount_base < 0 and unmatched_because is null then 1 else 0 end) as refunds
    from {{ ref('fct_payment') }}
    group by client_key

),

-- the same of clients: their leads and money are of two
named_clients as {{ not_materialized() }} (

    select {{ source_of('client_key') }} as source_name, entity, {{ id_of('client_key') }} as id, amount_base
    from (
        select {{ delivered_as('leads') }} as entity, client_key, cast(null as {{ amount_type() }}) as amount_base
        from {{ ref('int_leads') }}
        where exclusion is null
        union all
        select entity, client_key, money_base from paid_by_client
    ) as named
    -- who has no id is called by the lead
    where client_key like '%:%' and client_key not like '%#%:%' and client_key not in (select lead_key from {{ ref('int_leads') }})

),

spelt as {{ not_materialized() }} (

    -- of Salesforce's ids case is a part
    select *, case when {{ id_form_15('id') }} is not null then id else {{ id_form('id') }} end as form
    from (
        select 'id_delivered_twice' as rule, * from delivered_ids
        union all
        select 'client_delivered_twice', * from named_clients
    ) as ids

),

-- Few forms have two spellings, and of two one at least is not the usual one, whichever that is: where all ids are in capitals, most are spelt so. To find
-- them, numbers are compared and not texts.
usual as (

    select max(id) = upper(max(id)) as is_upper from delivered_ids

),

hashed as {{ not_materialized() }} (

    select
        {{ row_hash('spelt.form') }} as form_hash,
        {{ row_hash('spelt.id') }} as id_hash,
        spelt.id <> case when usual.is_upper then upper(spelt.form) else spelt.form end as is_respelt
    from spelt
    cross join usual

),

repeated_forms as (

    select form_hash
    from hashed
    where form_hash in (select form_hash from hashed where is_respelt)
    group by form_hash
    having min(id_hash) <> max(id_hash)

),

repeated as (

    select * from spelt where {{ row_hash('form') }} in (select form_hash from repeated_forms)

),

twins as (

    select rule, source_name, entity, form, count(*) as row_count, sum(amount_base) - max(amount_base) as money_base
    from (
        select rule, source_name, entity, form, id, amount_base from repeated where rule = 'id_delivered_twice'
        union all
        select rule, source_name, min(entity), form, id, sum(amount_base) from repeated where rule = 'client_delivered_twice' group by rule, source_name, form, id
    ) as named
    group by rule, source_name, entity, form
    having min(id) <> max(id)

),

-- A client id whose leads have an address each is nobody's: a word ("No contact", "test") stands where a source has no id, and makes one client of them. So is
-- an address whose leads have a phone each (mail@mail.ru).
-- A person has few addresses, and no company of many sends as great a part of all leads.
addressed_leads as (

    select
        source_name,
        {{ delivered_as('leads') }} as entity,
        client_key,
        coalesce(contact_email_hash, contact_phone_hash) as address,
        contact_phone_hash,
        lead_id,
        created_at,
        count(*) over (partition by source_name) as leads_of_source
    from {{ ref('int_leads') }}
    where exclusion is null

),

crowds as (

    select source_name, entity, client_key, row_count
    from (
        select
            source_name, entity, client_key, leads_of_source, count(*) as row_count, count(address) as addressed,
            greatest(count(distinct address), count(distinct contact_phone_hash)) as people
        from addressed_leads
        where client_key in (select client_key from addressed_leads group by client_key having count(*) >= 20)
        group by source_name, entity, client_key, leads_of_source
    ) as counted
    where people >= 20 and 2 * people > addressed and 20 * row_count >= leads_of_source

),

-- A form that sends twice or an export under other ids gives one person two leads of one moment; a form beside the CRM that it fills, two of a day in two sources.
asked_twice as (

    select source_name, min(entity) as entity, source_name as other_source, min(lead_id) as value, sum(again) as row_count, max(leads_of_source) as leads
    from (
        select source_name, min(entity) as entity, min(lead_id) as lead_id, count(*) - 1 as again, max(leads_of_source) as leads_of_source
        from addressed_leads
        where address is not null and not {{ is_a_day('created_at') }}
        group by source_name, address, created_at
        having count(*) > 1
    ) as moments
    group by source_name
    union all
    select source_name, min(entity), other_source, other_source, count(*), min(leads)
    from (
        select min(source_name) as source_name, max(source_name) as other_source, min(entity) as entity, min(leads_of_source) as leads
        from addressed_leads
        where address is not null
        group by address, {{ local_date('created_at') }}
        having min(source_name) <> max(source_name)
    ) as days
    group by source_name, other_source

),

plans as (

    select source_name, client_key, min(due_date) as first_due_date from {{ ref('int_payment_plan') }} where quarantine_rule is null group by source_name, client_key

),

seen as (

    select source_name, entity, rule, reference_key, amount_base from named_in_payments where rule is not null
    union all
    select source_name, entity, rule, reference_key, amount_base from by_address
    union all
    select source_name, entity, 'client_of_other_lead', reference_key, amount_base from of_two_clients
    union all
    select source_name, entity, 'id_written_otherwise', reference_key, cast(null as {{ amount_type() }}) from named_in_events
    union all
    select source_name, entity, 'unknown_lead', subject_key, null
    from {{ ref('int_left_out_rows') }}
    where rule = 'orphan_lead'
    union all
    select source_name, 'payment_plan', reference_rule, {{ id_source() }} || ':' || reference_id, planned_base
    from {{ ref('int_payment_plan') }}
    where reference_rule is not null and quarantine_rule is null
    union all
    -- a plan is filled by all that its client pays, also by what was paid a quarter or more before it began: of one who comes back that is other money
    select plans.source_name, 'payment_plan', 'older_money_in_plan', plans.client_key, ledger.amount_base
    from plans
    inner join {{ ref('fct_payment') }} as ledger on plans.client_key = ledger.client_key and ledger.paid_date < {{ add_days('plans.first_due_date', -92) }}
    union all
    select source_name, entity, merge_rule, lead_key, null from merges where merge_rule is not null
    union all
    select merges.source_name, merges.entity, 'id_written_otherwise', merges.duplicate_of_key, null
    from merges
    inner join held on merges.duplicate_of_key = held.reference_key and held.reference_type = 'lead' and held.target_key is not null

)

select
    concat_ws('|', source_name, entity, rule, reference_key) as lead_reference_key,
    source_name,
    entity,
    rule,
    case when rule in ('unknown_lead', 'client_of_other_lead', 'older_money_in_plan') or rule like 'merge%' then 'warn' else 'info' end as severity,
    {{ id_of('reference_key') }} as value,
    count(*) as row_count,
    cast(sum(amount_base) as {{ amount_type() }}) as money_base
from seen
group by source_name, entity, rule, reference_key
union all
select concat_ws('|', source_name, entity, rule, form), source_name, entity, rule, 'warn', form, row_count, cast(money_base as {{ amount_type() }})
from twins
union all
select
    concat_ws('|', crowds.source_name, crowds.entity, 'client_of_many', crowds.client_key),
    crowds.source_name,
    crowds.entity,
    'client_of_many',
    'warn',
    {{ id_of('crowds.client_key') }},
    crowds.row_count,
    cast(paid_by_client.money_base as {{ amount_type() }})
from crowds
left join paid_by_client on crowds.client_key = paid_by_client.client_key
union all
select concat_ws('|', source_name, entity, 'more_came_back', client_key), source_name, entity, 'more_came_back', 'warn', {{ id_of('client_key') }}, refunds, cast(-money_base as {{ amount_type() }})
from paid_by_client
-- A refund takes back what was paid: of a client of whom more came back, a payment is missing, or stands there as its own refund (a status, a later row under its id).
-- Between rates of two days a tenth may lie.
where refunds > 0 and -money_base > 0.1 * paid
union all
select concat_ws('|', source_name, entity, 'lead_delivered_twice', other_source), source_name, entity, 'lead_delivered_twice', 'warn', value, row_count, cast(null as {{ amount_type() }})
from asked_twice
-- a few people do ask twice
where row_count >= 5 and 20 * row_count >= leads

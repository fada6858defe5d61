{{ config(materialized='incremental', meta={'replaces': 'subject_key'}) }}

-- Good rows that still cannot be facts: stage entries that no lead has, payments of tests, payments that no rate values.
select
    {{ provenance() }},
    {{ delivered_as('stage_events') }} as entity,
    left_out_rule as rule,
    cast(null as {{ amount_type() }}) as amount_original,
    cast(null as string) as currency,
    cast(null as date) as dated_on,
    subject_key,
    {{ build_number() }} as build_number
from {{ ref('int_stage_entries') }}
where lead_key is null

union all

select
    {{ provenance() }},
    {{ delivered_as('payments') }},
    quarantine_rule,
    delivered_amount,
    currency,
    paid_date,
    subject_key,
    {{ build_number() }}
from {{ ref('int_payments') }}
where quarantine_rule is not null {{ only_touched('subject_key') }}

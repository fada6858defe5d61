with quarantined as (

    select * from {{ ref('int_quarantined_rows') }}

)

select
    concat_ws('|', quarantined.source_name, quarantined.entity, quarantined.load_id, quarantined.file_name, cast(quarantined.row_number as string), quarantined.rule)
        as quarantine_key,
    quarantined.source_name,
    quarantined.source_system,
    quarantined.entity,
    {{ as_contract('quarantined.entity', 'quarantined.source_system') }} as contract_entity,
    quarantined.load_id,
    quarantined.file_name,
    quarantined.row_number,
    quarantined.rule,
    -- rows of excluded leads, rows later than as_of and what is no payment are left out on purpose: nothing is wrong with them.
    -- Nor is anything with stage entries where nobody delivers leads
    case
        when quarantined.rule in ('after_as_of', 'excluded_lead', 'no_payment', 'test_payment') then 'info'
        when quarantined.rule = 'orphan_lead' and leads.are_none then 'info'
        else 'quarantine'
    end as severity,
    cast(quarantined.amount_original as {{ amount_type() }}) as amount_original,
    quarantined.currency,
    -- valued where a rate is known; a row without a date at the latest rate, because it only sizes the gap
    {{ to_base('quarantined.amount_original', "case when quarantined.currency = " ~ base_currency() ~ " then cast(1 as " ~ rate_type() ~ ") else coalesce(fx_rates.rate_to_base, latest_rates.rate_to_base) end") }} as amount_base
from quarantined
cross join (select count(*) = 0 as are_none from {{ ref('int_leads') }}) as leads
left join {{ ref('int_fx_rates') }} as fx_rates
    on quarantined.currency = fx_rates.currency and quarantined.dated_on = fx_rates.rate_date
left join (
    select currency, rate_to_base
    from (select *, row_number() over (partition by currency order by rate_date desc) as age_rank from {{ ref('int_fx_rates') }}) as aged
    where age_rank = 1
) as latest_rates on quarantined.currency = latest_rates.currency

{%- set contact = stage_roles().contact %}

with row_counts as (

    select * from {{ ref('fct_row_count') }}

),

quarantined as (

    select * from {{ ref('fct_quarantine') }}

),

excluded_leads as (

    select * from {{ ref('fct_excluded_lead') }}

),

unmapped_values as (

    select * from {{ ref('fct_unmapped_value') }}

),

lead_references as (

    select * from {{ ref('fct_lead_reference') }}

),

quarantine_rules as (

    select
        source_name,
        entity,
        rule,
        severity,
        count(*) as rows_affected,
        -- gross, so that a refund never hides a payment
        sum(abs(coalesce(amount_base, 0))) as money_base,
        count(case when amount_original is not null and amount_base is null then 1 end) as rows_unvalued
    from quarantined
    group by source_name, entity, rule, severity

),

-- leads come as deals from some systems
lead_entities as (

    select source_name, min(entity) as entity from row_counts where contract_entity = 'leads' group by source_name

),

-- what is said of leads alone
lead_rules as (

    select found.source_name, coalesce(lead_entities.entity, 'leads') as entity, found.rule, found.severity, found.rows_affected, 0 as money_base, 0 as rows_unvalued
    from (
        select source_name, 'excluded_' || exclusion as rule, 'info' as severity, count(*) as rows_affected
        from excluded_leads
        group by source_name, exclusion
        union all
        -- they are won or lost, in the month of nobody
        select source_name, 'undated_ending', 'info', count(*)
        from {{ ref('fct_lead_funnel') }}
        where outcome <> 'open' and outcome_date is null
        group by source_name
        union all
        -- they are closed, or have a reason, and no status says how: they wait as open ones
        select leads.source_name, 'closed_without_ending', 'warn', count(*)
        from {{ ref('int_leads') }} as leads
        inner join {{ ref('fct_lead_funnel') }} as funnel on leads.lead_key = funnel.lead_key
        where leads.status_raw is null
            and funnel.outcome = 'open'
            -- Zoho's closing date is a plan while the deal is open
            and (leads.reason_raw is not null or (leads.closed_at is not null and leads.source_system <> 'zoho'))
        group by leads.source_name
        union all
        -- of a midnight or a day nobody knows the minutes, so a speed from there, or until there, says little
        select source_name, 'moments_without_clock', 'warn', sum(has_no_clock)
        from (
            select source_name, case when {{ is_a_day('created_at') }}{% if contact %} or coalesce({{ is_a_day(contact ~ '_at') }}, false){% endif %} then 1 else 0 end as has_no_clock
            from {{ ref('fct_lead_funnel') }}
            where attempt_number = 1{% if contact %} and {{ contact }}_at is not null{% endif %}
        ) as moments
        group by source_name
        having 2 * sum(has_no_clock) > count(*)
        union all
        -- leads do not come by the dozen in one minute: there they were imported, and when they came nobody knows
        select minutes.source_name, 'created_together', 'warn', sum(minutes.leads)
        from (
            select source_name, {{ dbt.date_trunc('minute', 'created_at') }} as minute_at, count(*) as leads
            from {{ ref('fct_lead_funnel') }}
            where attempt_number = 1
            group by source_name, {{ dbt.date_trunc('minute', 'created_at') }}
            having count(*) >= 20
        ) as minutes
        inner join (
            select source_name, count(*) as leads from {{ ref('fct_lead_funnel') }} where attempt_number = 1 group by source_name
        ) as sources on minutes.source_name = sources.source_name
        where 20 * minutes.leads >= sources.leads and not {{ is_a_day('minutes.minute_at') }}
        group by minutes.source_name
    ) as found
    left join lead_entities on found.source_name = lead_entities.source_name

),

mapping_rules as (

    select source_name, entity, 'unmapped_' || field as rule, 'warn' as severity, sum(row_count) as rows_affected, 0 as money_base, 0 as rows_unvalued
    from unmapped_values
    group by source_name, entity, 'unmapped_' || field

),

superseded_rules as (

    select source_name, entity, 'superseded' as rule, 'info' as severity, rows_superseded as rows_affected, 0 as money_base, 0 as rows_unvalued
    from row_counts
    where rows_superseded > 0

),

-- rows, not fields: one row may hold several of them
reading_rules as (

    select source_name, entity, rule, 'warn' as severity, count(distinct concat_ws('|', load_id, file_name, cast(row_number as string))) as rows_affected, 0 as money_base, 0 as rows_unvalued
    from {{ ref('fct_unread_value') }}
    group by source_name, entity, rule

),

reference_rules as (

    select source_name, entity, rule, severity, sum(row_count) as rows_affected, coalesce(sum(money_base), 0) as money_base, 0 as rows_unvalued
    from lead_references
    group by source_name, entity, rule, severity

),

-- one row per entity even when nothing is wrong with it
totals as (

    select
        row_counts.source_name,
        row_counts.entity,
        'all' as rule,
        'quarantine' as severity,
        coalesce(sum(quarantine_rules.rows_affected), 0) as rows_affected,
        coalesce(sum(quarantine_rules.money_base), 0) as money_base,
        coalesce(sum(quarantine_rules.rows_unvalued), 0) as rows_unvalued
    from row_counts
    left join quarantine_rules
        on row_counts.source_name = quarantine_rules.source_name and row_counts.entity = quarantine_rules.entity
        and quarantine_rules.severity = 'quarantine'
    group by row_counts.source_name, row_counts.entity

),

rules as (

    select source_name, entity, rule, severity, rows_affected, money_base, rows_unvalued from totals
    union all
    select source_name, entity, rule, severity, rows_affected, money_base, rows_unvalued from quarantine_rules
    union all
    select source_name, entity, rule, severity, rows_affected, money_base, rows_unvalued from lead_rules
    union all
    select source_name, entity, rule, severity, rows_affected, money_base, rows_unvalued from mapping_rules
    union all
    select source_name, entity, rule, severity, rows_affected, money_base, rows_unvalued from reference_rules
    union all
    select source_name, entity, rule, severity, rows_affected, money_base, rows_unvalued from reading_rules
    union all
    select source_name, entity, rule, severity, rows_affected, money_base, rows_unvalued from superseded_rules

),

left_out as (

    select source_name, entity, sum(money_base) as money_left_out from quarantine_rules where severity = 'info' group by source_name, entity

)

select
    -- filled with the version when it is published
    cast('' as string) as version,
    rules.source_name,
    rules.entity,
    rules.rule,
    cast(coalesce(row_counts.rows_landed, 0) as bigint) as rows_in,
    cast(rules.rows_affected as bigint) as rows_affected,
    cast(case when rules.severity = 'quarantine' then rules.rows_affected else 0 end as bigint) as rows_quarantined,
    100 * {{ safe_divide('rules.rows_affected', 'row_counts.rows_landed') }} as rows_affected_pct,
    cast(case when rules.severity = 'quarantine' then rules.money_base else 0 end as {{ amount_type() }}) as money_quarantined,
    cast(rules.money_base as {{ amount_type() }}) as money_affected,
    cast(rules.rows_unvalued as bigint) as rows_unvalued,
    rules.severity,
    case
        when rules.rows_affected = 0 then 'ok'
        when rules.severity = 'quarantine' then 'quarantined'
        else rules.severity
    end as status,
    cast(case when rules.rule in ('all', 'superseded') then coalesce(row_counts.rows_superseded, 0) else 0 end as bigint) as rows_superseded,
    cast(case when rules.rule in ('all', 'superseded') then coalesce(row_counts.money_superseded_base, 0) else 0 end as {{ amount_type() }}) as money_superseded,
    cast(case
        when rules.rule = 'all' then coalesce(left_out.money_left_out, 0)
        -- what is said of ids and addresses counts
        when rules.severity = 'info' and rules.rule not in (select rule from lead_references) then rules.money_base
        else 0
    end as {{ amount_type() }}) as money_left_out
from rules
left join row_counts on rules.source_name = row_counts.source_name and rules.entity = row_counts.entity
left join left_out on rules.source_name = left_out.source_name and rules.entity = left_out.entity

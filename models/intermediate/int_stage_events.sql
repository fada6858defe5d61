{{ config(materialized='incremental', meta={'replaces': 'lead_key'}) }}
{%- set stages, contact = funnel_stages(), stage_roles().contact %}
{#- entries of a source that names leads of another (ids_of) are that source's own -#}
{%- set has_others_ids = 'case' in id_source() %}

with leads as (

    select * from {{ ref('int_leads') }} where exclusion is null {{ only_new() }}

),

-- a bit for each stage, so that all that was entered before fits into one number: first those of the way in their order, then endings; bit 0 is no stage
stages as (

    select
        stage_key,
        stage_order,
        is_terminal,
        cast(power(2, row_number() over (order by coalesce(stage_order, 1000000), stage_key)) as bigint) as stage_bit
    from {{ ref('funnel_stages') }}

),

of_valid_leads as (

    select
        version_key as stage_event_key,
        lead_key,
        stage_key,
        entered_at,
        actor,
        reason_key,
        {%- if has_others_ids %}
        case when substr(lead_key, 1, length(source_name) + 1) <> source_name || ':' then source_name end as other_source,
        {%- endif %}
        false as is_from_lead
    from {{ ref('int_stage_entries') }}
    where lead_key is not null

),

-- a lead row that carries its own first-contact time is an entry into that stage like any other; a funnel without one has no use for it
first_contacts as (

    select
        -- a form that no delivered key can take
        'first_contact_at#' || lead_key as stage_event_key,
        lead_key,
        cast({{ dbt.string_literal(contact) if contact else 'null' }} as string) as stage_key,
        first_contact_at as entered_at,
        sdr as actor,
        cast(null as string) as reason_key,
        {%- if has_others_ids %}
        cast(null as string) as other_source,
        {%- endif %}
        true as is_from_lead
    from leads
    where first_contact_at is not null {{ '' if contact else 'and 1 = 0' }}

),

-- so does the status of a lead that had ended and moves on: else it would stay lost though its row says where it stands
ended as (

    select of_valid_leads.lead_key, max(of_valid_leads.entered_at) as ended_at
    from of_valid_leads
    left join stages on of_valid_leads.stage_key = stages.stage_key
    group by of_valid_leads.lead_key
    having max(case when stages.is_terminal then of_valid_leads.entered_at end) = max(of_valid_leads.entered_at)

),

come_back as (

    select
        'status_at#' || leads.lead_key as stage_event_key,
        leads.lead_key,
        stages.stage_key,
        leads.status_at as entered_at,
        leads.sales_rep as actor,
        cast(null as string) as reason_key,
        {%- if has_others_ids %}
        cast(null as string) as other_source,
        {%- endif %}
        true as is_from_lead
    from leads
    inner join ended on leads.lead_key = ended.lead_key
    left join {{ ref('stage_mapping') }} as stage_mapping
        on leads.source_system = stage_mapping.source_system and stage_mapping.source_field = 'status' and leads.status_raw = stage_mapping.source_value
    inner join stages on coalesce(stage_mapping.stage_key, leads.status_raw) = stages.stage_key and not stages.is_terminal
    where {{ local_date('leads.status_at') }} > {{ local_date('ended.ended_at') }} or (leads.status_at > ended.ended_at and not {{ is_a_day('ended.ended_at') }})

),

all_entries as {{ not_materialized() }} (

    select * from of_valid_leads
    union all
    select * from first_contacts
    union all
    select * from come_back

),

with_stage as {{ not_materialized() }} (

    select
        all_entries.stage_event_key,
        all_entries.lead_key,
        all_entries.stage_key,
        -- an ending of which only the day is known closes what was done that day
        case when stages.is_terminal and {{ is_a_day('all_entries.entered_at') }} then {{ add_minutes('all_entries.entered_at', 1439) }} else all_entries.entered_at end
            as entered_at,
        all_entries.actor,
        all_entries.reason_key,
        {%- if has_others_ids %}
        all_entries.other_source,
        {%- endif %}
        all_entries.is_from_lead,
        stages.stage_order,
        coalesce(stages.is_terminal, false) as is_terminal,
        coalesce(stages.stage_bit, 1) as stage_bit
    from all_entries
    left join stages on all_entries.stage_key = stages.stage_key

),

-- few leads come back: only they are put in order
returned as (

    select lead_key
    from with_stage
    group by lead_key
    having max(case when not is_terminal and stage_order is not null then entered_at end) > min(case when is_terminal then entered_at end)

),

openings as (

    -- a stage entered after an ending opens the next attempt; an entry that no seed knows does not come in between. Of one moment the order is that of the bits
    select
        with_stage.*,
        case
            when stage_order is not null
                and lag(is_terminal) over (partition by with_stage.lead_key, stage_key = 'unmapped' order by entered_at, stage_bit, stage_event_key) then 1
            else 0
        end as opens_attempt
    from with_stage
    inner join returned on with_stage.lead_key = returned.lead_key

),

attempts as (

    select
        stage_event_key,
        opens_attempt,
        1 + sum(opens_attempt) over (
            partition by lead_key order by entered_at, stage_bit, stage_event_key rows between unbounded preceding and current row
        ) as attempt_number
    from openings

),

numbered as (

    select
        with_stage.*,
        {{ local_timestamp('with_stage.entered_at') }} as entered_local_at,
        coalesce(attempts.opens_attempt, 0) as opens_attempt,
        coalesce(attempts.attempt_number, 1) as attempt_number
    from with_stage
    left join attempts on with_stage.stage_event_key = attempts.stage_event_key

),

dated as (

    select
        numbered.stage_event_key,
        numbered.lead_key,
        cast(numbered.attempt_number as integer) as attempt_number,
        numbered.stage_key,
        numbered.stage_order,
        numbered.is_terminal,
        numbered.stage_bit,
        numbered.opens_attempt = 1 as opens_attempt,
        numbered.entered_at,
        cast(numbered.entered_local_at as date) as entered_date,
        {{ business_position('numbered.entered_local_at', 'dim_date') }} as business_position,
        numbered.actor,
        numbered.reason_key,
        {%- if has_others_ids %}
        numbered.other_source,
        {%- endif %}
        numbered.is_from_lead
    from numbered
    left join {{ ref('dim_date') }} as dim_date on cast(numbered.entered_local_at as date) = dim_date.date_day

),

placed as (

    select
        *,
        lead(entered_at) over in_order as exited_at,
        lead(business_position) over in_order as exited_position,
        coalesce(bit_or(stage_bit) over (
            partition by lead_key, attempt_number order by entered_at, stage_bit, stage_event_key rows between unbounded preceding and 1 preceding
        ), 0) as bits_before
    from dated
    window in_order as (partition by lead_key, attempt_number order by entered_at, stage_bit, stage_event_key)

)

select
    stage_event_key,
    lead_key,
    -- carried through the windows above, a text costs more than here
    {{ 'coalesce(other_source, ' if has_others_ids }}{{ dbt.split_part('lead_key', "':'", 1) }}{{ ')' if has_others_ids }} as source_name,
    attempt_number,
    stage_key,
    stage_order,
    is_terminal,
    opens_attempt,
    entered_at,
    entered_date,
    business_position,
    exited_at,
    exited_position,
    actor,
    reason_key,
    is_from_lead,
    bits_before & stage_bit = 0 as is_first_entry,
    -- a regression goes back behind the furthest stage entered before; endings have the highest bits and are no stage of the way
    stage_order is not null and bits_before % {{ 2 ** (stages | length + 1) }} >= 2 * stage_bit as is_regression,
    {{ build_number() }} as build_number
from placed

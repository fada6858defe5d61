{%- set is_matched = is_matched_by_contact() %}
with delivered as (

    select
        *,
        {{ as_of() }} as as_of_date,
        {{ id_source() }} || ':' || lead_id as lead_key,
        coalesce({{ id_source() }} || ':' || client_id, {{ made_client_key('lead_id') }}, {{ contact_client_key() }}) as client_key
    from {{ ref('stg_template__payment_plan') }}
    where quarantine_rule is null and is_newest

),

ranked as (

    select
        *,
        -- a line due in the future is valued at the latest known rate
        least(due_date, as_of_date) as rate_on,
        row_number() over (partition by source_name, plan_id order by {{ newest_first() }}) as version_rank
    from delivered

),

lines as (

    select * from ranked where version_rank = 1

),

---------- which lead and client are meant, as of payments; one row of each id, whoever names it
unknown_leads as (

    select distinct lead_key as reference_key from lines
    where lead_key is not null and lead_key not in (select lead_key from {{ ref('int_leads') }})

),

unknown_clients as (

    select distinct client_key as reference_key from lines
    where client_id is not null and client_key not in (select client_key from {{ ref('int_leads') }})

),

lead_ids as {{ not_materialized() }} (

    select lead_key as id_key, source_name from {{ ref('int_leads') }}

),

client_ids as {{ not_materialized() }} (

    select client_key as id_key, source_name from {{ ref('int_leads') }}

),

leads_meant as (
    {{ written_otherwise('unknown_leads', 'lead_ids') }}
),

clients_meant as (
    {{ written_otherwise('unknown_clients', 'client_ids') }}
),

named as (

    select
        lines.*,
        coalesce(leads_meant.id_key, lines.lead_key) as named_lead_key,
        coalesce(clients_meant.id_key, lines.client_key) as named_client_key,
        leads_meant.id_key is not null or clients_meant.id_key is not null as is_written_otherwise,
        unknown_leads.reference_key is not null and leads_meant.id_key is null
            and (lines.client_id is null or (unknown_clients.reference_key is not null and clients_meant.id_key is null)) as is_unknown_lead,
        -- where no leads are delivered, no client could be known
        lines.lead_key is null and unknown_clients.reference_key is not null and clients_meant.id_key is null
            and {{ id_source('lines.source_name') }} in (select source_name from {{ ref('int_leads') }}) as is_unknown_client,
        (lines.lead_key is null or (unknown_leads.reference_key is not null and leads_meant.id_key is null))
            and (lines.client_id is null or (unknown_clients.reference_key is not null and clients_meant.id_key is null)) as is_unknown
    from lines
    left join leads_meant on lines.lead_key = leads_meant.reference_key
    left join clients_meant on lines.client_key = clients_meant.reference_key
    left join unknown_leads on lines.lead_key = unknown_leads.reference_key
    left join unknown_clients on lines.client_key = unknown_clients.reference_key

),

all_leads as {{ not_materialized() }} (

    select * from {{ ref('int_leads') }}

),

leads as (

    select lead_key, client_key, owner_client_key, is_left_out from all_leads where lead_key in (select named_lead_key from named)

),

test_clients as (
    {{ test_clients('all_leads') }}
),

-- a line that names a lead and the client of another is the lead's
of_two_clients as (

    select named.source_name, named.plan_id
    from named
    inner join leads on named.named_lead_key = leads.lead_key
    where named.client_id is not null
        and named.named_client_key not in (leads.client_key, leads.owner_client_key)
        and named.named_client_key in (select client_key from all_leads)

){% if is_matched %},

---------- whom addresses prove, where no id met anybody
payers as (

    select distinct coalesce(lead_key, client_key) as payer_key, source_name, contact_email_hash, contact_phone_hash from named
    where is_unknown and {{ names_contact() }}

),

{{ proven_clients('payers', 'all_leads') }}
{%- endif %}

select
    named.source_name || ':' || named.plan_id as plan_key,
    named.plan_id,
    named.source_name,
    named.source_system,
    named.load_id,
    named.file_name,
    named.row_number,
    coalesce(leads.owner_client_key, {% if is_matched %}proven.client_key, {% endif %}named.named_client_key) as client_key,
    case
        {%- if is_matched %}
        when proven.client_key is not null then 'matched_by_' || proven.matched_by
        when payers.payer_key is not null then {{ unproven_rule('payers.payer_key') }}
        {%- endif %}
        when of_two_clients.plan_id is not null then 'client_of_other_lead'
        when named.is_written_otherwise then 'id_written_otherwise'
        when named.is_unknown_lead then 'unknown_lead'
        when named.is_unknown_client then 'unknown_client'
    end as reference_rule,
    case when of_two_clients.plan_id is not null then named.client_id else coalesce(named.lead_id, named.client_id, named.plan_id) end as reference_id,
    named.service,
    named.currency,
    named.due_date,
    named.planned_original,
    {{ rate_to_base('named') }} as rate_to_base,
    {{ to_base('named.planned_original', rate_to_base('named')) }} as planned_base,
    case when coalesce(leads.is_left_out, test_clients.client_key is not null) then 'excluded_lead' {{ rate_rule('named') }} end as quarantine_rule
from named
left join leads on named.named_lead_key = leads.lead_key
left join test_clients on named.named_client_key = test_clients.client_key
left join of_two_clients on named.source_name = of_two_clients.source_name and named.plan_id = of_two_clients.plan_id
{%- if is_matched %}
left join (select distinct payer_key from payers) as payers on named.is_unknown and coalesce(named.lead_key, named.client_key) = payers.payer_key
left join proven on payers.payer_key = proven.payer_key
{%- endif %}
{{ join_rate('named', 'rate_on') }}

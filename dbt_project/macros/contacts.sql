{# Payments and plan lines that name no id that anybody delivered meet a client by the keyed hash of e-mail or phone, where sources.yml says `match_by`. #}

{# Whether any source says so. Known when compiling: elsewhere it costs nothing. #}
{% macro is_matched_by_contact() -%} {{ return(not execute or matching_sources() | length > 0) }} {%- endmacro %}

{# Their names. A unit test says them by overriding this macro. #}
{% macro matching_sources() -%}
    {%- if not execute or is_unit_test() -%} {{ return([]) }} {%- endif -%}
    {{ return(ask_landing('source_settings', 'source_name', 'where match_by is not null order by source_name') | map('first') | list) }}
{%- endmacro %}

{# (source_name, contact_kind, kind_rank, holders_of): each kind that a source matches by, the first one wins; of one source's clients, or null: of all. #}
{% macro contact_kinds() -%}
    {%- for kind in ['email', 'phone'] %}
    select source_name, '{{ kind }}' as contact_kind, position('{{ kind }}' in match_by) as kind_rank, ids_of as holders_of
    from {{ source('landing', 'source_settings') }}
    where position('{{ kind }}' in match_by) > 0
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}
{%- endmacro %}

{# Of a row without ids: whether it says whom it is of in a way that its source matches by. #}
{% macro names_contact(source_name='source_name') -%}
    ({{ is_of_matching_source(source_name) }} and (contact_email_hash is not null or contact_phone_hash is not null))
{%- endmacro %}
{% macro is_of_matching_source(source_name='source_name') -%}
    {%- set sources = matching_sources() -%}
    {%- if sources -%} {{ source_name }} in ('{{ sources | join("', '") }}') {%- else -%} false {%- endif -%}
{%- endmacro %}

{# The client that a payer without ids is until somebody is found; no delivered id can take it. #}
{% macro contact_client_key() -%}
    case when {{ names_contact() }} then source_name || '#' || coalesce(contact_email_hash, '') || '/' || coalesce(contact_phone_hash, '') end
{%- endmacro %}

{# The staging models of people, apart from leads, of the systems that some source is of. #}
{% macro staged_contacts() -%}
    {%- set models = [] -%}
    {%- for system in var('contacts_of') -%}
        {%- set model = 'stg_' ~ system ~ '__contacts' -%}
        {%- set relation = ref(model) if not execute or is_read(system, model) -%}
        {%- if relation -%} {%- do models.append(relation) -%} {%- endif -%}
    {%- endfor -%}
    {{ return(models) }}
{%- endmacro %}

{# (contact_kind, contact_hash, key, source_name) of a relation with the two hashes: one row of each that it has. #}
{% macro contact_hashes(rows, key) -%}
    {%- for kind in ['email', 'phone'] %}
    select '{{ kind }}' as contact_kind, contact_{{ kind }}_hash as contact_hash, {{ key }} as contact_key, source_name
    from {{ rows }}
    where contact_{{ kind }}_hash is not null
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}
{%- endmacro %}

{# A name for a contact, among the keys of what hangs together. #}
{% macro contact_node() -%} contact_kind || '#' || contact_hash {%- endmacro %}

{# Common table expressions over `payers` (payer_key, source_name, the two hashes; several rows of a payer are one payer) and `leads` (int_leads): `proven`
   (payer_key, client_key, matched_by, client_since) is the one client who has an address of theirs. An address that several clients have proves nobody,
   but must not speak against whom the other address proves. Who has no lead is nobody's client, and so is a test. -#}
{% macro proven_clients(payers, leads, touched_only=false) -%}
contact_kinds as ({{ contact_kinds() }}
),

client_leads as (

    select owner_client_key, min(created_at) as client_since from {{ leads }} where not is_left_out group by owner_client_key

),

holders as (

    select held.contact_kind, held.contact_hash, held.source_name, leads.owner_client_key
    from ({{ contact_hashes(leads, 'lead_key') }}
    ) as held
    inner join {{ leads }} as leads on held.contact_key = leads.lead_key
    where not leads.is_left_out
    {%- for contacts in staged_contacts() %}
    union
    select held.contact_kind, held.contact_hash, held.source_name, leads.owner_client_key
    from (
        {{ contact_hashes('(select * from ' ~ contacts ~ ' where quarantine_rule is null and is_newest and not is_deleted' ~ (only_touched('client_key', table=contacts) if touched_only else '') ~ ') as people', 'client_key') }}
    ) as held
    inner join {{ leads }} as leads on held.contact_key = leads.client_key
    where not leads.is_left_out
    {%- endfor %}

),

-- whom each kind of address names; two sources may look for one payer, each in its own order of kinds
addressed as (

    select payers.contact_key as payer_key, contact_kinds.contact_kind, min(contact_kinds.kind_rank) as kind_rank, holders.owner_client_key as client_key
    from ({{ contact_hashes(payers, 'payer_key') }}
    ) as payers
    inner join contact_kinds on payers.source_name = contact_kinds.source_name and payers.contact_kind = contact_kinds.contact_kind
    inner join holders on payers.contact_kind = holders.contact_kind and payers.contact_hash = holders.contact_hash
    where contact_kinds.holders_of is null or contact_kinds.holders_of = holders.source_name
    group by payers.contact_key, contact_kinds.contact_kind, holders.owner_client_key

),

addressed_kinds as (

    select
        *,
        count(*) over (partition by payer_key, contact_kind) as clients_of_kind,
        count(*) over (partition by payer_key, client_key) as kinds_of_client
    from addressed

),

payer_kinds as (

    select payer_key, count(distinct contact_kind) as kinds from addressed group by payer_key

),

proven as (

    select
        addressed_kinds.payer_key,
        addressed_kinds.client_key,
        -- the first kind, as match_by orders them, that this client alone has
        substr(min(case when addressed_kinds.clients_of_kind = 1 then cast(addressed_kinds.kind_rank as string) || addressed_kinds.contact_kind end), 2) as matched_by,
        min(client_leads.client_since) as client_since
    from addressed_kinds
    inner join payer_kinds on addressed_kinds.payer_key = payer_kinds.payer_key
    inner join client_leads on addressed_kinds.client_key = client_leads.owner_client_key
    where addressed_kinds.kinds_of_client = payer_kinds.kinds
    group by addressed_kinds.payer_key, addressed_kinds.client_key
    having min(addressed_kinds.clients_of_kind) = 1

)
{%- endmacro %}

{# Why nobody is proven, of a payer. #}
{% macro unproven_rule(payer_key) -%}
    case when {{ payer_key }} in (select payer_key from addressed) then 'contact_of_several' else 'contact_of_nobody' end
{%- endmacro %}

{#- Going on, a night recomputes whole groups of what hangs together: a lead, its client, the client's other leads, and leads merged into one.
    Every row of the facts depends on its own group only, so replacing whole groups gives what a full build would (docs/adr/0005). -#}
{%- set leads = staged('leads') | map(attribute='relation') | list -%}
{%- set events = staged('stage_events') | map(attribute='relation') | list -%}
{%- set payments = staged('payments') | map(attribute='relation') | list -%}
{%- set contacts = staged_contacts() -%}
{%- set changed_rates = ref('int_changed_rates') -%}
{#- references that matched no id letter by letter, as the last whole build knew them: an id that comes now can be theirs, or make them doubtful -#}
{%- set held_references = api.Relation.create(schema='intermediate', identifier='int_lead_references') -%}

{%- if not goes_on() -%}
-- a full build computes everything: nothing is picked out
select cast(null as string) as touched_key where 1 = 0
{%- else -%}
with recursive new_keys as (
    {%- for table in leads %}
    select lead_key, client_key from {{ table }} where {{ is_new() }}
    union all
    {%- endfor %}
    {%- for table in events %}
    select lead_key, null from {{ table }} where {{ is_new() }}
    union all
    {%- endfor %}
    {%- for table in payments %}
    select lead_key, client_key from {{ table }} where {{ is_new() }}
    union all
    {%- endfor %}
    {%- if is_matched_by_contact() %}
    {%- for table in contacts %}
    select null, client_key from {{ table }} where {{ is_new() }}
    union all
    {%- endfor %}
    {%- endif %}
    -- payments of a day whose exchange rate came or changed
    {%- for table in payments %}
    select lead_key, client_key
    from (
        -- days are compared first: a time zone is costly on every payment there ever was
        select * from {{ table }}
        where cast(paid_at as date) between (select {{ add_days('min(rate_date)', -1) }} from {{ changed_rates }})
                and (select {{ add_days('max(rate_date)', 1) }} from {{ changed_rates }})
    ) as payments
    inner join {{ changed_rates }} as changed_rates
        on payments.currency = changed_rates.currency and {{ local_date('payments.paid_at') }} = changed_rates.rate_date
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}

),

links as {{ not_materialized() }} (
    {%- for table in leads %}
    select lead_key as one, client_key as other from {{ table }} where lead_key is not null and lead_key <> client_key
    union all
    select lead_key, merged_into_lead_key from {{ table }} where lead_key is not null and merged_into_lead_key is not null
    union all
    {%- endfor %}
    {%- for table in payments %}
    select lead_key, client_key from {{ table }} where lead_key is not null and client_id is not null
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}

),

{% if is_matched_by_contact() -%}
-- who has one address hangs together, in payments and in the CRM: whom it proves depends on all who have it
payer_addresses as {{ not_materialized() }} (
    {%- for table in payments %}
    select {{ contact_node() }} as node, contact_key
    from ({{ contact_hashes(table, 'coalesce(lead_key, client_key)') }}
    ) as held
    where {{ is_of_matching_source() }}
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}

),

address_links as (

    select contact_key as one, node as other from payer_addresses
    {%- for table in leads + contacts %}
    union all
    select contact_key, {{ contact_node() }}
    from ({{ contact_hashes(table, 'client_key' if table in contacts else 'lead_key') }}
    ) as held
    where {{ contact_node() }} in (select node from payer_addresses)
    {%- endfor %}

),

{% endif -%}
named as (

    select reference_key, source_name from {{ held_references }} where reference_type <> 'contact'
    {%- for table in events + payments %}
    union
    select lead_key, source_name from {{ table }} where lead_key is not null and {{ is_new() }}
    {%- endfor %}
    {%- for table in payments %}
    union
    select client_key, source_name from {{ table }} where client_id is not null and {{ is_new() }}
    {%- endfor %}
    {%- for table in leads %}
    union
    select merged_into_lead_key, source_name from {{ table }} where merged_into_lead_key is not null and {{ is_new() }}
    {%- endfor %}

),

named_forms as (

    {{ id_forms('named', 'reference_key') }}

),

delivered_ids as {{ not_materialized() }} (
    {%- for table in leads %}
    select lead_key as id_key, source_name from {{ table }} where lead_key is not null
    union all
    select client_key, source_name from {{ table }} where client_key is not null
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}

),

-- whatever is written in one form hangs together: which of these ids a reference means depends on all of them
form_links as (

    select reference_key as one, form_key as other from named_forms
    union all
    select id_key, form_key
    from ({{ id_forms('delivered_ids', 'id_key') }}) as delivered_forms
    where form_key in (select form_key from named_forms)

),

both_ways as {{ not_materialized() }} (

    select one, other from links
    union all
    select other, one from links
    union all
    select one, other from form_links
    union all
    select other, one from form_links
    {%- if is_matched_by_contact() %}
    union all
    select one, other from address_links
    union all
    select other, one from address_links
    {%- endif %}
    {%- for table in payments %}
    union all
    -- a payment of a lead that nobody delivered belongs to a client of its own, which leads nowhere else
    select lead_key, client_key from {{ table }} where lead_key is not null and client_key is not null and client_id is null
    {%- endfor %}

),

reached as (

    select touched_key
    from (select lead_key as touched_key from new_keys union all select client_key from new_keys) as keys
    where touched_key is not null
    union
    select both_ways.other from both_ways inner join reached on both_ways.one = reached.touched_key

)

select touched_key from reached
{%- endif %}

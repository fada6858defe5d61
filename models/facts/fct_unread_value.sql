-- Kept rows with a field that need not be there and says something that cannot be read: the field is empty in the facts, and here is where it was.
{% set moments = ['first_contact_at', 'status_at', 'closed_at', 'desired_meeting_at', 'updated_at'] -%}
{%- set staged = [
    ('stg_template__leads', 'leads', moments, 'unreadable_timestamp'),
    ('stg_template__leads', 'leads', ['is_duplicate', 'is_test', 'is_deleted'], 'unknown_flag'),
    ('stg_template__ad_spend', 'ad_spend', ['impressions', 'clicks'], 'unreadable_count'),
    ('stg_zoho__deals', 'deals', ['Closing Date'], 'unreadable_timestamp'),
    ('stg_zoho__spend', 'spend', ['Impressions', 'Clicks'], 'unreadable_count'),
] -%}

with unread as (
    {%- for model, entity, fields, rule in staged %}
    {%- set last_model = loop.last %}
    {%- for field in fields %}
    select
        {{ provenance() }},
        '{{ entity }}' as entity,
        '{{ field }}' as field,
        '{{ rule }}' as rule,
        {{ replace_pattern('unread', '^.*[|]' ~ field ~ '=([^|]*).*$', '\\1') }} as value
    from {{ ref(model) }}
    where unread like '%|{{ field }}=%' and quarantine_rule is null and is_newest
    {%- if not (loop.last and last_model) %}
    union all
    {%- endif %}
    {%- endfor %}
    {%- endfor %}

)

select
    concat_ws('|', source_name, entity, load_id, file_name, cast(row_number as varchar), field) as unread_value_key,
    source_name,
    source_system,
    entity,
    load_id,
    file_name,
    row_number,
    field,
    rule,
    value
from unread

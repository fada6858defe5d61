-- Kept rows with a field that need not be there and says something that cannot be read: the field is empty in the facts, and here is where it was.
{% set staged_models = staged('leads') + staged('ad_spend') -%}

with unread as (
    {%- for staged in staged_models %}
    select {{ provenance() }}, '{{ staged.entity }}' as entity, {{ split_rows("substr(unread, 2)", '|') }} as part
    from {{ staged.relation }}
    where unread is not null and quarantine_rule is null and is_newest
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}
    {%- for staged in staged('leads') %}
    {#- Zoho's closing date is a plan while the deal is open -#}
    {%- for moment in ['first_contact_at', 'status_at'] + (['closed_at'] if staged.system != 'zoho' else []) %}
    union all
    select {{ provenance() }}, '{{ staged.entity }}', 'future_date:{{ moment }}=' || cast({{ moment }} as string)
    from {{ staged.relation }}
    where {{ is_of_the_future(moment) }} and quarantine_rule is null and is_newest
    {%- endfor %}
    {%- endfor %}

),

named as (

    -- rule:field=value
    select
        *,
        {{ dbt.split_part('part', "':'", 1) }} as rule,
        substr({{ dbt.split_part('part', "'='", 1) }}, length({{ dbt.split_part('part', "':'", 1) }}) + 2) as field,
        substr(part, length({{ dbt.split_part('part', "'='", 1) }}) + 2) as value
    from unread

)

select
    concat_ws('|', source_name, entity, load_id, file_name, cast(row_number as string), field) as unread_value_key,
    source_name,
    source_system,
    entity,
    load_id,
    file_name,
    row_number,
    field,
    rule,
    value
from named

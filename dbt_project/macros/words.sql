{# An agency's own words (landing.words__<seed>, registered from the folder that sources.yml names) add to a seed and win over it line by line.
   A word may be pasted as the source spells it. #}
{% macro own_words() -%}
    {%- set keys = {
        'stage_mapping': ['source_system', 'source_field', 'source_value'], 'channel_mapping': ['source_system', 'source_value'],
        'reason_mapping': ['source_system', 'source_value'], 'channels': ['channel_key'], 'reasons': ['reason_key'], 'services': ['service_key'],
        'sla': ['stage_key'], 'holidays': ['holiday_date'], 'factor_owners': ['factor'], 'kpis': ['kpi_key'],
    }[this.identifier] -%}
    {%- set own = adapter.get_relation(target.database, 'landing', 'words__' ~ this.identifier) if execute -%}
    {%- if 'source_value' in (keys or []) %}
    {{ update_rows(this, {'source_value': category('source_value')}, none) }}
    {%- endif %}
    {%- if keys and own %}
    {%- set columns = adapter.get_columns_in_relation(this) -%}
    {%- set said = adapter.get_columns_in_relation(own) | map(attribute='name') | list -%}
    {%- set words -%}
    select
        {%- for column in columns if column.name in said %}
        cast(nullif({{ category(column.name) if column.name == 'source_value' else column.name }}, '') as {{ column.data_type }}) as {{ column.name }}{{ ',' if not loop.last }}
        {%- endfor %}
    from {{ own }}
    {%- endset %}
    {%- set same -%} {%- for key in keys %}words.{{ key }} = {{ this.identifier }}.{{ key }}{{ ' and ' if not loop.last }}{% endfor -%} {%- endset %}
    {%- set others = columns | rejectattr('name', 'in', keys) | map(attribute='name') | select('in', said) | list %}
    {%- if others %}
    {%- set said_now = {} %}
    {%- for name in others %} {%- do said_now.update({name: 'coalesce(words.' ~ name ~ ', ' ~ this.identifier ~ '.' ~ name ~ ')'}) %} {%- endfor %}
    {{ update_rows(this, said_now, same, words, 'words') }}
    {%- endif %}
    {{ insert_rows(this, 'select words.* from (' ~ words ~ ') as words where not exists (select 1 from ' ~ this ~ ' where ' ~ same ~ ')',
        columns | map(attribute='name') | select('in', said) | list) }}
    {{ name_stages() if this.identifier == 'kpis' }}
    {%- endif %}
{%- endmacro %}

{# A system is a folder of models/staging; `systems` in dbt_project.yml says what each of its models stands for. No other model names a system. #}

{# The staging models of an entity, as {model, system, entity}: `entity` is what sources.yml calls it. Of the systems only those that some source is of:
   the tables of others may be missing or old. The template's are always there, so that no union is empty. #}
{% macro staged(entity) -%}
    {%- set models = [] -%}
    {%- for system, delivers in var('systems').items() if entity in delivers -%}
        {%- set model = 'stg_' ~ system ~ '__' ~ delivers[entity] -%}
        {%- set relation = ref(model) if not execute or is_read(system, model) -%}
        {%- if relation -%} {%- do models.append({'model': model, 'relation': relation, 'system': system, 'entity': delivers[entity]}) -%} {%- endif -%}
    {%- endfor -%}
    {{ return(models) }}
{%- endmacro %}

{# Whether a system's tables are read: a unit test has those that it gives, a build those of its sources. #}
{% macro is_read(system, staged_model) -%}
    {%- if is_unit_test() -%} {{ return(('model.onefunnel.' ~ staged_model) in model.depends_on.nodes) }} {%- endif -%}
    {%- if system == 'template' -%} {{ return(true) }} {%- endif -%}
    {{ return([system] in ask_landing('source_settings', 'distinct source_system')) }}
{%- endmacro %}

{# All entities that systems deliver, the template's first. #}
{% macro staged_entities() -%}
    {%- set entities = [] -%}
    {%- for system, delivers in var('systems').items() -%}
        {%- for entity in delivers if entity not in entities -%} {%- do entities.append(entity) -%} {%- endfor -%}
    {%- endfor -%}
    {{ return(entities) }}
{%- endmacro %}

{# An entity as the row's system calls it. #}
{% macro delivered_as(entity, source_system='source_system') -%}
    {%- set others = [] -%}
    {%- for system, delivers in var('systems').items() if delivers.get(entity, entity) != entity -%}
        {%- do others.append("when '" ~ system ~ "' then '" ~ delivers[entity] ~ "'") -%}
    {%- endfor -%}
    {{ 'case ' ~ source_system ~ ' ' ~ others | join(' ') ~ " else '" ~ entity ~ "' end" if others else "'" ~ entity ~ "'" }}
{%- endmacro %}

{# The other way round: what the contract calls that which a system delivers under a name of its own. #}
{% macro as_contract(entity='entity', source_system='source_system') -%}
    case
        {%- for system, delivers in var('systems').items() -%}
            {%- for name, delivered in delivers.items() if name != delivered %}
        when {{ source_system }} = '{{ system }}' and {{ entity }} = '{{ delivered }}' then '{{ name }}'
            {%- endfor -%}
        {%- endfor %}
        else {{ entity }}
    end
{%- endmacro %}

{# Of an entity that holds money: the column of the amount as delivered, and that of its day. #}
{% macro money_of(entity) -%}
    {{ return({
        'ad_spend': ('cost_original', 'spend_date'),
        'channel_costs': ('cost_original', 'from_date'),
        'payments': ('delivered_amount', 'paid_at'),
        'payment_plan': ('planned_original', 'due_date'),
    }.get(entity, (none, none))) }}
{%- endmacro %}

{# How a key of a staging model is named to people (meta.named): an expression over its rows; none where no key can be disputed. #}
{% macro named_key(staged_model) -%}
    {#- while dbt parses there is no graph: any name will do -#}
    {{ return(graph.nodes['model.onefunnel.' ~ staged_model].config.meta.get('named') if execute else "''") }}
{%- endmacro %}

{# Newest good rows of an entity from all systems. `key`: going on, only of the groups that this build touches. #}
{% macro newest_rows(entity, columns, key=none) -%}
    {%- for one in staged(entity) %}
    select {{ columns | join(', ') }} from {{ one.relation }}
    where quarantine_rule is null and is_newest {{ only_touched(key, table=one.relation) if key }}
    {%- if not loop.last %}
    union all
    {%- endif -%}
    {%- endfor %}
{%- endmacro %}

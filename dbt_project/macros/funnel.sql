{# The stages of the funnel that this warehouse is built for, in order, each {stage_key, stage_order, department, roles}. They are what
   funnel_stages.csv says, the agency's own or the shipped one, and are registered with the landing: columns are made from them, so models must
   know them before any seed is built. While dbt only parses there are stages without names. #}
{% macro funnel() -%}
    {%- if not execute -%}
        {{ return([
            {'stage_key': 'first', 'stage_order': 1, 'department': 'marketing', 'roles': ['lead']},
            {'stage_key': 'middle', 'stage_order': 2, 'department': 'marketing', 'roles': ['contact', 'handoff', 'meeting']},
            {'stage_key': 'last', 'stage_order': 3, 'department': 'sales', 'roles': ['brief', 'accepted', 'offer', 'contract', 'won']},
        ]) }}
    {%- endif -%}
    {%- set stages = [] -%}
    {%- for key, order, department, role in ask_landing('funnel_stages', 'stage_key, stage_order, department, role', 'where not is_terminal order by stage_order') -%}
        {%- do stages.append({'stage_key': key, 'stage_order': order | int, 'department': department, 'roles': role.split()}) -%}
    {%- endfor -%}
    {%- if not stages -%}
        {{ exceptions.raise_compiler_error("this warehouse knows no stages yet: run `onefunnel build` once, then build by hand") }}
    {%- endif -%}
    {{ return(stages) }}
{%- endmacro %}

{# Their keys, which name the columns <stage>_at, <stage>_reached and so on. #}
{% macro funnel_stages() -%} {{ return(funnel() | map(attribute='stage_key') | list) }} {%- endmacro %}

{# {role: key of the stage that has it}. lead, handoff, accepted and won are always there; a funnel without a brief has no role brief. #}
{% macro stage_roles() -%}
    {%- set roles = {} -%}
    {%- for stage in funnel() -%}
        {%- for role in stage.roles -%} {%- do roles.update({role: stage.stage_key}) -%} {%- endfor -%}
    {%- endfor -%}
    {{ return(roles) }}
{%- endmacro %}

{# What is measured of each stage but the first, for kpis.csv: entered in the month, and reached by the leads of the month. #}
{% macro stage_measures() -%}
    {%- set measures = ['attempts'] -%}
    {%- for stage in funnel_stages()[1:] -%} {%- do measures.extend(['stage_' ~ stage, 'cohort_' ~ stage]) -%} {%- endfor -%}
    {{ return(measures) }}
{%- endmacro %}

{# How long what took: {measure, the stage it ends with, the stages that must be dated, its value, the model to read}. Only of roles that the funnel has. #}
{% macro durations_measured() -%}
    {%- set roles, stages, found = stage_roles(), funnel_stages(), [] -%}
    {%- set between = [('brief_fill_hours', 'contact', 'brief', 60), ('proposal_prep_days', 'meeting', 'offer', 1440), ('contract_prep_days', 'offer', 'contract', 1440)] -%}
    {%- if roles.contact and roles.contact != stages[0] -%}
        {%- set until_contact = stages[1:stages.index(roles.contact) + 1] -%}
        {%- do found.append({'measure': 'first_contact_minutes', 'ends': roles.contact, 'dated': [roles.contact], 'value': elapsed(stages[0], roles.contact), 'of': 'fct_lead_funnel'}) -%}
        {#- working time is known from stage to stage -#}
        {%- do found.append({'measure': 'first_contact_business_minutes', 'ends': roles.contact, 'dated': until_contact,
            'value': (until_contact | join('_lag_business_minutes + ')) ~ '_lag_business_minutes', 'of': 'fct_lead_funnel'}) -%}
    {%- endif -%}
    {%- for measure, start, end, unit in between if roles[start] and roles[end] and stages.index(roles[start]) < stages.index(roles[end]) -%}
        {%- do found.append({'measure': measure, 'ends': roles[end], 'dated': [roles[start], roles[end]], 'value': elapsed(roles[start], roles[end]) ~ ' / ' ~ unit, 'of': 'fct_lead_funnel'}) -%}
    {%- endfor -%}
    {%- do found.append({'measure': 'lt_days', 'ends': roles.won, 'dated': [roles.won], 'value': 'lt_days', 'of': 'int_kpi_wins'}) -%}
    {{ return(found) }}
{%- endmacro %}

{# Minutes from one stage to a later one, null where they were entered the other way round, and from the lead to what opened this attempt of one that came back. #}
{% macro elapsed(start, end, of='') -%}
    case when {{ is_in_order(start, end, of) }} then {{ minutes_between(of ~ start ~ '_at', of ~ end ~ '_at') }} end
{%- endmacro %}
{% macro is_in_order(start, end, of='') -%}
    {{ of }}{{ end }}_at >= {{ of }}{{ start }}_at
    {%- if start == funnel_stages()[0] %} and not coalesce({{ of }}attempt_number > 1 and {{ of }}{{ end }}_at = {{ of }}{{ start }}_at, false){% endif -%}
{%- endmacro %}

{# The first of these moments of a lead that is not before the day on which the attempt began: what ended earlier was another one, or a slip. #}
{% macro ended_at(columns, of='') -%}
    coalesce({% for column in columns %}case when {{ local_date(of ~ column) }} >= {{ local_date(of ~ 'created_at') }} then {{ of }}{{ column }} end{{ ', ' if not loop.last }}{% endfor %}{{ ', null' if columns | length == 1 }})
{%- endmacro %}

{# A shipped seed follows the funnel before the agency's own words are added. Of stages that are not the shipped ones, what speaks of those goes, and
   the line with {stage} in its key gives one to each step. #}
{% macro follow_funnel() -%}
    {%- set seed, stages = this.identifier, 'landing.funnel_stages' -%}
    {%- set key = {'kpis': 'kpi_key', 'factor_owners': 'factor'}[seed] -%}
    {%- set is_shipped = not execute or ask_landing('funnel_stages', 'bool_and(is_shipped)') != [[false]] -%}
    {%- if not is_shipped and seed == 'funnel_stages' %}
    {{ delete_rows(this, 'true') }}
    {{ insert_rows(this, 'select stage_key, stage_order, department, is_terminal, role, label_en, label_ru from ' ~ stages) }}
    {%- elif not is_shipped and seed in ('stage_mapping', 'sla') %}
    {{ delete_rows(this, 'stage_key not in (select stage_key from ' ~ stages ~ ')') }}
    {%- elif not is_shipped and key %}
    {{ delete_rows(this, key ~ " like 'step!_%' escape '!' and " ~ key ~ " not like '%{stage}%'") }}
    {{ line_for_each_step(key, stages) }}
    {%- elif key %}
    {{ delete_rows(this, key ~ " like '%{stage}%'") }}
    {%- endif %}
    {%- if seed == 'kpis' %}
    {{ name_stages() }}
    {#- of a role that this funnel does not have #}
    {{ delete_rows(this, "position('{' in concat_ws('', formula, numerator, denominator, numerator_less)) > 0") }}
    {%- endif %}
{%- endmacro %}

{# {role} in the measures and formulas of KPIs becomes the key of the stage that has it. #}
{% macro name_stages() -%}
    {%- for column in ['formula', 'numerator', 'denominator', 'numerator_less'] %}
    {%- set named = namespace(text=column) %}
    {%- for role, stage in stage_roles().items() %} {%- set named.text = 'replace(' ~ named.text ~ ", '{" ~ role ~ "}', '" ~ stage ~ "')" %} {%- endfor %}
    {{ update_rows(this, {column: named.text}, "position('{' in " ~ column ~ ") > 0") }}
    {%- endfor %}
{%- endmacro %}

{# The lines of {stage}, one for each step, in the order of the steps. The step into `accepted` is the quality of what is handed over: its owner is who does that. #}
{% macro line_for_each_step(key, stages) -%}
    {%- set columns = adapter.get_columns_in_relation(this) -%}
    {%- set lines %}
    select
        {%- for column in columns %}
        {%- set language = 'label_ru' if column.name == 'label_ru' else 'label_en' %}
        {%- if column.name == 'department' %} steps.department
        {%- elif column.name == 'owner_department' %} case when ' ' || steps.role || ' ' like '% accepted %' then steps.handed_over_by else steps.department end
        {%- elif column.name == 'display_order' %} template.display_order
        {%- elif column.is_string() or column.dtype == 'string' %}
            replace(replace(replace(replace(replace(replace(template.{{ column.name }}, 'stage_{previous}', case when steps.stage_order = 2 then 'attempts' else 'stage_{previous}' end),
                'cohort_{previous}', case when steps.stage_order = 2 then 'attempts' else 'cohort_{previous}' end),
                '{stage}', steps.stage_key), '{previous}', steps.previous), '{from}', steps.from_{{ language }}), '{to}', steps.{{ language }})
        {%- else %} template.{{ column.name }} {%- endif %}{{ ',' if not loop.last }}
        {%- endfor %}
    from {{ this }} as template
    cross join (
        select *, lag(stage_key) over way as previous, lag(label_en) over way as from_label_en, lag(label_ru) over way as from_label_ru,
            max(case when ' ' || role || ' ' like '% handoff %' then department end) over () as handed_over_by
        from {{ stages }}
        where not is_terminal
        window way as (order by stage_order)
    ) as steps
    where template.{{ key }} like '%{stage}%' and steps.stage_order > 1
    {%- endset %}
    {{ insert_rows(this, lines) }}
    {{ delete_rows(this, key ~ " like '%{stage}%'") }}
    {%- set numbered %}
        select lines.{{ key }}, {{ 10 if key == 'kpi_key' else 1 }} * row_number() over (order by lines.display_order, stages.stage_order, lines.{{ key }}) as number
        from {{ this }} as lines
        left join {{ stages }} as stages on lines.{{ key }} in ('step_' || stages.stage_key, 'step_conversion_' || stages.stage_key, 'step_conversion_' || stages.stage_key || '_cohort')
    {%- endset %}
    {{ update_rows(this, {'display_order': 'numbered.number'}, this.identifier ~ '.' ~ key ~ ' = numbered.' ~ key, numbered, 'numbered') }}
{%- endmacro %}

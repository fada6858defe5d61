{# Stages of Bitrix24. A final stage says by its semantics how it ended, whatever the pipeline calls it; statuses of leads and stages of deals share their ids. #}

{% macro bitrix24_deal_stage(stage, semantics) -%}
    case
        when {{ semantics }} = 'S' or {{ stage }} = 'WON' or {{ stage }} like 'C%:WON' then 'won'
        when {{ semantics }} = 'F' or {{ stage }} in ('LOSE', 'APOLOGY') or {{ stage }} like 'C%:LOSE' or {{ stage }} like 'C%:APOLOGY' then 'lose'
        else {{ category(stage) }}
    end
{%- endmacro %}

{% macro bitrix24_lead_stage(status, semantics) -%}
    'lead/' || case when {{ semantics }} = 'S' then 'converted' when {{ semantics }} = 'F' then 'junk' else {{ category(status) }} end
{%- endmacro %}

{# There is no field for a reason: it is the name of the stage that a deal or lead was lost in, where that is not the one for all. #}
{% macro bitrix24_reason(stage, semantics) -%}
    case when {{ semantics }} = 'F' and {{ stage }} <> 'JUNK' and {{ stage }} not like '%LOSE' then {{ category(strip_pattern(stage, '^C[0-9]+:')) }} end
{%- endmacro %}

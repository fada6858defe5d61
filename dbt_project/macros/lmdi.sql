{# Additive LMDI-I (Ang 2005, 2015) with the analytic limits at zero (Wood and Lenzen 2006). Maths and sources: docs/verdict.md. #}

{# What a verdict explains, the first line's choice first: {metric, the stage that its product of factors ends with, the measure that it sums, is_money}. The
   count of a stage is named for its stage; that of all leads is `leads`. #}
{% macro verdict_metrics() -%}
    {%- set stages, handoff = funnel_stages(), stage_roles().handoff -%}
    {%- set lead, won = stages[0], stages[-1] -%}
    {{ return([
        {'metric': 'new_clients', 'stage': won, 'measure': won ~ '_count', 'is_money': false},
        {'metric': handoff, 'stage': handoff, 'measure': handoff ~ '_count', 'is_money': false},
        {'metric': 'leads', 'stage': lead, 'measure': lead ~ '_count', 'is_money': false},
        {'metric': 'new_client_revenue', 'stage': won, 'measure': 'new_revenue', 'is_money': true},
        {'metric': 'revenue', 'stage': won, 'measure': 'revenue', 'is_money': true},
    ]) }}
{%- endmacro %}

{# The stages that their products end with. #}
{% macro verdict_ends() -%} {{ return(verdict_metrics() | map(attribute='stage') | unique | list) }} {%- endmacro %}

{# The column that holds a value of the stage which the row's metric ends with: {before}{stage}{after}. #}
{% macro of_metric(metric, before, after) -%}
    case {{ metric }}{% for each in verdict_metrics() %} when '{{ each.metric }}' then {{ before }}{{ each.stage }}{{ after }}{% endfor %} end
{%- endmacro %}

{# L(a, b) = (a - b) / ln(a / b), L(a, a) = a, L(a, 0) = 0. Near a = b the quotient loses digits, so its series takes over. #}
{% macro logarithmic_mean(a, b) -%}
    (case
        when {{ a }} > 0 and {{ b }} > 0 then
            case
                when abs({{ a }} - {{ b }}) > 1e-5 * {{ b }} then ({{ a }} - {{ b }}) / ln({{ a }} / {{ b }})
                else ({{ a }} + {{ b }}) / 2 - ({{ a }} - {{ b }}) * ({{ a }} - {{ b }}) / (12 * {{ b }})
            end
        else 0.0
    end)
{%- endmacro %}

{# Effect of factor x on the change of the product v. A product that is zero on one side owes its whole change to the factor that is zero there;
   factors behind that one are 0/0, arrive as null and had no effect. #}
{% macro lmdi_effect(v_current, v_base, x_current, x_base) -%}
    (case
        when {{ v_current }} > 0 and {{ v_base }} > 0 then coalesce({{ logarithmic_mean(v_current, v_base) }} * ln({{ x_current }} / {{ x_base }}), 0.0)
        when {{ v_base }} > 0 and {{ x_current }} = 0 then {{ v_current }} - {{ v_base }}
        when {{ v_current }} > 0 and {{ x_base }} = 0 then {{ v_current }} - {{ v_base }}
        else 0.0
    end)
{%- endmacro %}

{# Mean of twelve months around each: the outermost two, of one name, count half. #}
{% macro centred_year(column) -%}
    (sum({{ column }}) over (order by month rows between 5 preceding and 5 following)
        + (lag({{ column }}, 6) over (order by month) + lead({{ column }}, 6) over (order by month)) / 2) / 12
{%- endmacro %}

{# Variance of ln(rate), Jeffreys-smoothed so that 0 of n and n of n stay uncertain. A cohort's rate is binomial: 1/reached - 1/entered.
   Flows of one month come from different cohorts, so their counts vary on their own: 1/reached + 1/entered. #}
{% macro log_rate_variance(reached, entered, is_flow) -%}
    (1.0 / ({{ reached }} + 0.5) + case when {{ is_flow }} then 1.0 else -1.0 end / ({{ entered }} + 1.0))
{%- endmacro %}

{# Variance of ln(average check): its squared coefficient of variation over n; one client alone is taken to vary by its own size. #}
{% macro log_check_variance(amount, squares, clients) -%}
    (case
        when {{ clients }} >= 2 and {{ amount }} > 0
            then greatest({{ clients }} * {{ squares }} / ({{ amount }} * {{ amount }}) - 1, 0.0) / ({{ clients }} - 1)
        else 1.0
    end)
{%- endmacro %}

{# The stage that a step leads to (back = 0) or starts from (back = 1); null of other factors. #}
{% macro stage_of_step(factor, back) -%}
    {%- set stages = funnel_stages() -%}
    case {{ factor }}{% for stage in stages[1:] %} when 'step_{{ stage }}' then '{{ stages[loop.index - back] }}'{% endfor %} end
{%- endmacro %}

{# The count of the stage that a column names, of rows that have a count for each. #}
{% macro stage_count(prefix, stage_key) -%}
    case {{ stage_key }}{% for stage in funnel_stages() %} when '{{ stage }}' then {{ prefix }}_{{ stage }}_count{% endfor %} end
{%- endmacro %}

{# The square of an amount, exact; of a single payment beyond 10^15 that of 10^15, which only tells how far a total may vary. #}
{% macro square_of(amount) -%}
    {#- nearly all money fits into short decimals, of which a square costs a fortieth of one of the wide -#}
    {%- set short = "cast(cast(" ~ amount ~ " as decimal(18, 4)) as decimal(9, 2))" -%}
    case
        when {{ amount }} between -9999999 and 9999999 then cast({{ short }} * {{ short }} as decimal(38, 4))
        when abs({{ amount }}) < 1e15 then cast({{ amount }} as decimal(28, 2)) * cast({{ amount }} as decimal(28, 2))
        else cast(1e30 as decimal(38, 4))
    end
{%- endmacro %}

{# A sum of doubles that is the same to the last bit whatever the order of the rows: added as decimals of so many digits, and those too great for that
   (squares of great money) as whole numbers. over: a window. #}
{% macro exact_sum(expression, over=none, digits=12) -%}
    {%- set window = ' over (' ~ over ~ ')' if over else '' -%}
    {%- set small -%} cast(sum(case when abs({{ expression }}) < 1e20 then cast({{ expression }} as decimal(38, {{ digits }})) end){{ window }} as double) {%- endset -%}
    {%- set great -%} cast(sum(case when abs({{ expression }}) >= 1e20 then cast({{ expression }} as decimal(38, 0)) end){{ window }} as double) {%- endset -%}
    coalesce({{ small }} + {{ great }}, {{ small }}, {{ great }})
{%- endmacro %}

{# The mean of numbers near 1 (rates, indices, their logarithms), the same to the last bit whatever the order of the rows. over: a window. #}
{% macro exact_mean(expression, over=none) -%}
    ({{ exact_sum(expression, over, digits=18) }} / count(*){{ ' over (' ~ over ~ ')' if over else '' }})
{%- endmacro %}

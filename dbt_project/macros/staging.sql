{# How typed rows become judged rows, the same for every system: keys, what to judge again, why a row cannot be used, which build wrote it.
   Each is the end of a staging model, after its cte `typed`; which columns that must have is what its entity's contract says (docs/adding-a-source.md). #}

{% macro judged_leads() -%}
keyed as (

    select
        *,
        {{ version_key('lead_id') }} as version_key,
        source_name || ':' || lead_id as lead_key,
        {{ id_source() }} || ':' || coalesce(contact_id, contact_email_hash, contact_phone_hash, lead_id) as client_key,
        source_name || ':' || duplicate_of as merged_into_lead_key
    from typed

),

known as (

    {{ rows_to_judge('keyed', waits_for=['first_contact_at', 'status_at', 'closed_at']) }}

),

judged as (

    select
        *,
        case
            when lead_id is null then 'missing_id'
            when created_at_text is null then 'missing_date'
            when created_at is null then 'unparsable_date'
            {{ time_rule('created_at') }}
        end as quarantine_rule,
        {{ build_columns() }}
    from known

)

select * from judged
{%- endmacro %}

{# Text is not kept: of what could not be read only the reason stays. #}
{% macro judged_stage_events() -%}
kept as (

    select
        {{ provenance() }},
        landed_at,
        {{ version_key('event_id') }} as version_key,
        {{ id_source() }} || ':' || lead_id as lead_key,
        stage_raw,
        actor,
        reason_raw,
        entered_at,
        case
            when event_id is null or lead_id is null then 'missing_id'
            when entered_at_text is null then 'missing_date'
            when entered_at is null then 'unparsable_date'
        end as unusable_rule
    from typed

),

known as (

    {{ rows_to_judge('kept') }}

),

judged as (

    select
        *,
        coalesce(unusable_rule, case {{ time_rule('entered_at') }} end) as quarantine_rule,
        {{ build_columns() }}
    from known

)

select * from judged
{%- endmacro %}

{# `first_rule`: what is judged before the rules of money, for a system that lists more than payments. #}
{% macro judged_payments(first_rule='null') -%}
kept as (

    select
        {{ provenance() }},
        landed_at,
        payment_id,
        {{ version_key('payment_id') }} as version_key,
        {{ id_source() }} || ':' || lead_id as lead_key,
        client_id,
        contact_email_hash,
        contact_phone_hash,
        coalesce({{ id_source() }} || ':' || client_id, {{ made_client_key('lead_id') }}, {{ contact_client_key() }}) as client_key,
        kind,
        currency,
        delivered_amount,
        direct_cost_original,
        paid_at,
        coalesce({{ first_rule }}, {{ unusable_payment_rule() }}) as unusable_rule
    from typed

),

known as (

    {{ rows_to_judge('kept') }}

),

judged as (

    select
        *,
        coalesce(unusable_rule, case {{ time_rule('paid_at') }} end) as quarantine_rule,
        {{ build_columns() }}
    from known

)

select * from judged
{%- endmacro %}

{# People of a CRM whose leads carry only the contact's id: by their addresses payments that name no id meet them (match_by).
   client_id: the client that a person belongs to, where that is a company. #}
{% macro judged_contacts(client_id='contact_id') -%}
keyed as (

    select
        *,
        {{ version_key('contact_id') }} as version_key,
        {{ id_source() }} || ':' || {{ client_id }} as client_key
    from typed

),

known as (

    {{ rows_to_judge('keyed') }}

),

judged as (

    select
        *,
        case when contact_id is null then 'missing_id' end as quarantine_rule,
        {{ build_columns() }}
    from known

)

select * from judged
{%- endmacro %}

{# What an ad platform restates is a day. #}
{% macro judged_ad_spend() -%}
keyed as (

    select *, {{ version_key('cast(spend_date as string)') }} as version_key from typed

),

known as (

    {{ rows_to_judge('keyed') }}

),

judged as (

    select
        *,
        {{ spend_rule() }} as quarantine_rule,
        {{ build_columns() }}
    from known

)

select * from judged
{%- endmacro %}

{# Why a payment row cannot enter the ledger; null when it can. Money is never guessed: no zero, no sign without its kind. #}
{% macro unusable_payment_rule() -%}
    case
        when payment_id is null or (lead_id is null and client_id is null and not {{ names_contact() }}) then 'missing_id'
        when amount_text is null then 'missing_amount'
        when delivered_amount is null then 'unparsable_number'
        when direct_cost_text is not null and direct_cost_original is null then 'unparsable_number'
        when {{ currency_disagrees('amount_text') }} or {{ currency_disagrees('direct_cost_text') }} then 'currency_mismatch'
        when kind not in {{ payment_kinds() }} then 'unknown_kind'
        when delivered_amount = 0 then 'zero_amount'
        when delivered_amount < 0 and kind not in {{ kinds_paid_back() }} then 'negative_amount'
        when direct_cost_original < 0 then 'negative_amount'
        when paid_at_text is null then 'missing_date'
        when paid_at is null then 'unparsable_date'
        when {{ is_total_of_money('payment_id') }} then 'total_row'
    end
{%- endmacro %}

{# A word that sums up the rows around it, and nothing else: "Total" or "Total: Account", not "Total Media". Where a report repeats the day in its totals, only the word tells. #}
{% macro is_total(words) -%}
    {%- set start, blanks, end = '(^|\\x1F)[\\s\\p{Z}]*', '[:\\s\\p{Z}]*', '(\\x1F|$)' -%}
    {{ matches("concat_ws(chr(31), " ~ words | join(', ') ~ ")", '(?i)' ~ start ~ '(' ~ total_words() ~ blanks ~ end ~ '|(totals?|summe|gesamt|итого|всего): |(итого|всего) (по|за) )') }}
{%- endmacro %}
{% macro total_words() -%}
    {{ return('((grand |sub-?|report |overall )?totals?|total g[eé]n?[eé]ra[l]|totale?|totaal|summe|gesamt(summe|ergebnis)?|insgesamt|razem|łącznie|ogółem|suma końcowa'
        ~ '|(genel )?toplam|σ|∑|合計|合计|总计|總計|小計|小计|итого?|всего|общий итог|промежуточный итог|всього|разом)') }}
{%- endmacro %}

{# A line of an account that sums up or carries over what others say: its number begins as totals and balances do ("Subtotal A", "Сальдо на начало"), or it is said of a
   lead or client of which nobody would be the name. "Total Media" is a client, "Total-7" a number. #}
{% macro is_total_of_money(id) -%}
    {%- set blanks, partial = '[\\s\\p{Z}]', '((daily|weekly|monthly|quarterly|yearly|annual|page|running|cumulative) (sub-?)?totals?|übertrag|sub-?totals?|zwischensumme|подытог|промежуточный итог)' -%}
    {%- set carried = '((opening|closing|starting|ending|beginning|final) balance|balance (brought|carried) forward|(anfangs|end)?saldo|(anfangs|end)bestand'
        ~ '|сальдо|(входящий |исходящий )?остаток|обороты?)' -%}
    {%- set number = '(?i)^' ~ blanks ~ '*(' ~ total_words() ~ '|' ~ partial ~ '|' ~ carried ~ '|balance)(' ~ blanks ~ '|:|$)' -%}
    {%- set nobody = '(?i)^' ~ blanks ~ '*((' ~ total_words() ~ '|' ~ carried ~ ')[:\\s\\p{Z}]*$|' ~ partial ~ '(' ~ blanks ~ '|:|$)|(итого|всего) (по|за) )' -%}
    ({{ matches(id, number) }} or {{ matches('lead_id', nobody) }} or {{ matches('client_id', nobody) }})
{%- endmacro %}

{# Why a row of ad spend cannot be a cost; null when it can. #}
{% macro spend_rule() -%}
    case
        when date_text is null then 'missing_date'
        when spend_date is null then 'unparsable_date'
        when cost_text is null then 'missing_amount'
        when cost_original is null then 'unparsable_number'
        when {{ currency_disagrees('cost_text') }} then 'currency_mismatch'
        when cost_original < 0 then 'negative_amount'
        when {{ is_total(['channel_raw', 'account', 'campaign', 'ad_group', 'ad']) }} then 'total_row'
        {{ day_rule('spend_date') }}
    end
{%- endmacro %}

{# The newest landed row of each id, as a relation: what is landed later tells more. #}
{% macro newest_of(landed, id) -%}
    (
        select * from (select *, row_number() over (partition by _source, {{ id }} order by _load_id desc, _row desc) as version_rank from {{ landed }}) as versions
        where version_rank = 1
    )
{%- endmacro %}

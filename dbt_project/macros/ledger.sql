{# Kinds of ledger entries. Paid back, they are negative whatever sign they were delivered with; a chargeback that was won and a refund that came back
   are money again, but no new payments. #}
{% macro kinds_paid_back() -%} ('refund', 'chargeback') {%- endmacro %}
{% macro payment_kinds() -%} ('payment', 'refund', 'chargeback', 'chargeback_won', 'refund_failed') {%- endmacro %}

{# What became of a payment. Nothing said is paid; the words for it are those of the languages of the product; any other is no kind, and told. #}
{% macro to_kind(column) -%}
    {%- set word = category(column) -%}
    case
        when {{ column }} is null then 'payment'
        when {{ column }} in {{ payment_kinds() }} then {{ column }}
        when {{ is_word_of(word, ['payments', 'оплата', 'плат[её]ж', 'поступление', 'zahlung', 'paiement', 'pago', 'pagamento', 'płatność']) }} then 'payment'
        when {{ is_word_of(word, ['refunds', 'refunded', 'возврат( средств| платежа| оплаты)?', 'повернення', '(rück)?erstattung', 'remboursement', 'reembolso', 'rimborso', 'zwrot']) }} then 'refund'
        when {{ is_word_of(word, ['charge backs?', 'chargebacks', 'чарджб[еэ]к', 'rückbuchung']) }} then 'chargeback'
        else coalesce(translate({{ word }}, ' -', '__'), 'payment')
    end
{%- endmacro %}

{# How many of its smallest unit a currency's unit has: nearly always a hundred (ISO 4217, as Stripe writes it). #}
{% macro minor_units(currency) -%}
    case
        when upper({{ currency }}) in ('BIF', 'CLP', 'DJF', 'GNF', 'JPY', 'KMF', 'KRW', 'MGA', 'PYG', 'RWF', 'UGX', 'VND', 'VUV', 'XAF', 'XOF', 'XPF') then 1
        when upper({{ currency }}) in ('BHD', 'JOD', 'KWD', 'OMR', 'TND') then 1000
        else 100
    end
{%- endmacro %}

{# What a plan line (planned_original, planned_before: the lines due earlier) has of the money that its client's lines of its currency have received.
   Half a cent is rounding, and nothing owed. #}
{% macro filled_of(received) -%}
    case
        when {{ received }} - planned_before + 0.005 > planned_original then planned_original
        else cast(greatest({{ received }} - planned_before, 0) as {{ amount_type() }})
    end
{%- endmacro %}

{# A part of a plan line in the base currency, at the rate of the line. #}
{% macro part_in_base(part) -%} {{ to_base(part, 'rate_to_base') }} {%- endmacro %}

{# Clients of whom there are tests and no other lead: what is paid in their name is no money, as if it named the lead. #}
{% macro test_clients(leads) %}
    select client_key from {{ leads }} group by client_key having min(case when is_left_out then 1 else 0 end) = 1
{% endmacro %}

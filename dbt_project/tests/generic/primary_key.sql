{# A row here is a key that occurs more than once, or is null: one scan, where `unique` and `not_null` take two. #}
{% test primary_key(model, column_name) %}
{{ test_unique_combination(model, [column_name]) }}
{% endtest %}

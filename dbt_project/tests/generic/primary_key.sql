{# A row here is a key that occurs more than once, or is null: one scan, where `unique` and `not_null` take two. #}
{% test primary_key(model, column_name) %}
select {{ column_name }}, count(*) as row_count
from {{ model }}
group by {{ column_name }}
having count(*) > 1 or {{ column_name }} is null
{% endtest %}

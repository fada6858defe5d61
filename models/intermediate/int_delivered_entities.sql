-- What the sources deliver at all, as the contract calls it: an entity that landed, be it without rows, or that a system's own entity was read into.
select {{ as_contract() }} as entity from {{ source('landing', 'loads') }}
union
select contract_entity from {{ ref('fct_row_count') }} where rows_valid > 0

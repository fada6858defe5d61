-- A row here is an entity whose delivered money is not the sum of valid, quarantined and superseded money.
select *
from {{ ref('fct_row_count') }}
where money_landed_original is not null
    and money_landed_original
    <> coalesce(money_valid_original, 0) + coalesce(money_quarantined_original, 0) + coalesce(money_superseded_original, 0)

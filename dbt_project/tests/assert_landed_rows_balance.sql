-- A row here is an entity whose landed rows are not the sum of valid, quarantined and superseded ones.
select *
from {{ ref('fct_row_count') }}
where rows_landed <> rows_valid + rows_quarantined + rows_superseded

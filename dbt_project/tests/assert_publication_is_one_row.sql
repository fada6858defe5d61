-- A row here is a publication mart with no row, or with several.
select count(*) as publications
from {{ ref('mart_publication') }}
having count(*) <> 1

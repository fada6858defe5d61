-- A row here is a verdict whose departments do not add up to the change they explain.
select month, comparison, metric, basis, delta, marketing_effect, sales_effect, market_effect, undivided_effect
from {{ ref('mart_verdict') }}
where not coalesce(
    abs(marketing_effect + sales_effect + market_effect + undivided_effect - delta) <= 1e-9 * greatest(abs(base), abs({{ adapter.quote('current') }}), 1), false
)

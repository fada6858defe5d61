-- Days and currencies whose rate is another than the last whole build knew: what was valued with it, or waits for it, is valued anew.
select
    coalesce(now.currency, before.currency) as currency,
    coalesce(now.rate_date, before.rate_date) as rate_date
from {{ ref('int_fx_rates') }} as now
full outer join {{ source('landing', 'built_rates') }} as before on now.currency = before.currency and now.rate_date = before.rate_date
where now.rate_to_base is distinct from before.rate_to_base

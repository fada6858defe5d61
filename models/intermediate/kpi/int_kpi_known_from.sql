-- The month from which a measure is delivered: before it there is no figure. Only costs have such a month, all channels together: leads and money open
-- the history themselves, and a channel without costs had none.
select measure, min(activity_month) as month
from {{ ref('int_kpi_measures_daily') }}
where measure = 'cost'
group by measure

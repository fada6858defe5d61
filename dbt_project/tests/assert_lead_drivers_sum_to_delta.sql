-- A row here is a channel whose drivers do not add up to the change in its number of leads.
select month, comparison, channel_key, sum(effect) as effects, max(current_leads) - max(base_leads) as delta
from {{ ref('mart_lead_drivers') }}
group by month, comparison, channel_key
having abs(sum(effect) - (max(current_leads) - max(base_leads))) > 1e-9 * greatest(1, max(current_leads) + max(base_leads))

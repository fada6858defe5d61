select
    lead_key,
    source_name,
    exclusion,
    merged_into_lead_key,
    channel_key,
    created_at,
    {{ month_start(local_date('created_at')) }} as lead_month
from {{ ref('int_leads') }}
where exclusion is not null

{{ config(materialized='view') }}

select
    lead_attempt_key,
    source_name,
    lead_id,
    client_key,
    channel_key,
    requested_service,
    sdr,
    sales_rep,
    outcome,
    lost_after_stage_key,
    reason_key,
    lost_at,
    due_on,
    due_on <= {{ as_of() }} as is_due,
    suggested_action
from {{ ref('int_winback') }}

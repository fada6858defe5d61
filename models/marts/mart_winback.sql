{{ config(materialized='view') }}

select
    winback.lead_attempt_key,
    winback.source_name,
    winback.lead_id,
    winback.client_key,
    winback.channel_key,
    winback.requested_service,
    sdrs.shown_name as sdr,
    sales_reps.shown_name as sales_rep,
    winback.outcome,
    winback.lost_after_stage_key,
    winback.reason_key,
    winback.lost_at,
    winback.due_on,
    winback.due_on <= {{ as_of() }} as is_due,
    winback.suggested_action
from {{ ref('int_winback') }} as winback
left join {{ ref('int_employee_names') }} as sdrs on winback.sdr = sdrs.written_name
left join {{ ref('int_employee_names') }} as sales_reps on winback.sales_rep = sales_reps.written_name

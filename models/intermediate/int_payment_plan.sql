with delivered as (

    select *, {{ as_of() }} as as_of_date from {{ ref('stg_template__payment_plan') }} where quarantine_rule is null and is_newest

),

ranked as (

    select
        *,
        -- a line due in the future is valued at the latest known rate
        least(due_date, as_of_date) as rate_on,
        row_number() over (partition by source_name, plan_id order by {{ newest_first() }}) as version_rank
    from delivered

),

leads as (

    select * from {{ ref('int_leads') }} where lead_id in (select lead_id from delivered)

),

survivors as (

    select * from {{ ref('int_leads') }} where exclusion is null and lead_key in (select merged_into_lead_key from leads)

)

select
    ranked.source_name || ':' || ranked.plan_id as plan_key,
    ranked.plan_id,
    ranked.source_name,
    ranked.source_system,
    ranked.load_id,
    ranked.file_name,
    ranked.row_number,
    coalesce(survivor.client_key, leads.client_key, ranked.source_name || ':' || coalesce(ranked.client_id, 'lead-' || ranked.lead_id)) as client_key,
    ranked.service,
    ranked.currency,
    ranked.due_date,
    ranked.planned_original,
    {{ to_base('ranked.planned_original', rate_to_base('ranked')) }} as planned_base,
    -- the plan of a merged lead goes to the lead that survived, as its payments do
    case when leads.exclusion is not null and survivor.lead_key is null then 'excluded_lead' {{ rate_rule('ranked') }} end as quarantine_rule
from ranked
left join leads on ranked.lead_id = leads.lead_id and ranked.source_name = leads.source_name
left join survivors as survivor on leads.exclusion = 'merged' and leads.merged_into_lead_key = survivor.lead_key
{{ join_rate('ranked', 'rate_on') }}
where ranked.version_rank = 1

{%- set stages = funnel_stages() -%}
{%- set keys = ['basis', 'month', 'comparison', 'group_key'] -%}
-- The steps of a group and whose they are. A step over stages that are passed over belongs to the department that owns all it spans; if several
-- do, to nobody: which of them it was is not recorded.
with stages as (
    {%- for stage in stages[1:] %}
    select {{ keys | join(', ') }}, 'step_{{ stage }}' as factor, passes_over_{{ stage }} as is_passed_over
    from {{ ref('int_verdict_groups') }}
    where group_class = 'product'
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}

),

-- counted from the end, a stage that is passed over has the number of the next one that is not
numbered as (

    select
        stages.*,
        owners.owner_department,
        owners.display_order,
        count(case when not stages.is_passed_over then 1 end) over (
            partition by {{ keys | join(', ') }} order by owners.display_order desc rows between unbounded preceding and current row
        ) as step_number
    from stages
    inner join {{ ref('factor_owners') }} as owners on stages.factor = owners.factor

),

placed as (

    select
        *,
        row_number() over (partition by {{ keys | join(', ') }}, step_number order by display_order) as place,
        min(owner_department) over (partition by {{ keys | join(', ') }}, step_number) as one_owner,
        max(owner_department) over (partition by {{ keys | join(', ') }}, step_number) as other_owner
    from numbered

),

steps as (

    select
        {{ keys | join(', ') }},
        step_number,
        max(case when not is_passed_over then factor end) as factor,
        max(case when place = 1 then factor end) as first_step,
        max(case when one_owner = other_owner then one_owner else 'undivided' end) as owner_department
    from placed
    group by {{ keys | join(', ') }}, step_number

)

select
    {{ keys | join(', ') }},
    factor,
    first_step,
    owner_department,
    lag(owner_department) over (partition by {{ keys | join(', ') }} order by step_number desc) as previous_owner
from steps

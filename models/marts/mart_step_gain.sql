{%- set windows = [30, 60, 90] -%}
-- Where the funnel loses most against itself, and what one more percent of each step would bring: the partial derivative of
-- leads x step rates at the newest cohort that has lived long enough.
with cohorts as (

    select
        funnel.lead_month,
        funnel.channel_key,
        funnel.window_days,
        funnel.stage_key,
        funnel.stage_order,
        cast(funnel.reached as double) as reached,
        -- what only a status dates is overwritten as leads go on: months of it cannot be compared
        case when funnel.stage_order = 1 or lasting.stage_key is not null then 1 else 0 end as is_lasting,
        cast(lag(funnel.reached) over (partition by funnel.lead_month, funnel.channel_key, funnel.window_days order by funnel.stage_order) as double) as entered
    from {{ ref('mart_funnel_cohort') }} as funnel
    inner join {{ ref('dim_stage') }} as stages on funnel.stage_key = stages.stage_key
    left join {{ ref('int_signal_stages') }} as lasting on funnel.stage_key = lasting.stage_key
    -- a stage that is not recorded is passed over, and the next rate spans it
    where funnel.is_mature and stages.is_recorded and stages.is_dated and funnel.window_days in ({{ windows | join(', ') }})

),

-- clients by age, of the months that have lived for the longest of them
paying as (

    select
        {%- for days in windows %}
        sum(case when window_days = {{ days }} then reached end) as clients_{{ days }}{{ ',' if not loop.last }}
        {%- endfor %}
    from cohorts
    where channel_key = 'all' and stage_key = '{{ funnel_stages()[-1] }}'
        and lead_month <= (select max(lead_month) from cohorts where window_days = {{ windows[-1] }})

),

-- the youngest age at which half of the clients have paid: an older cohort says more of the deals, and less of today
ages as (

    select case
        {%- for days in windows[:-1] %}
        when clients_{{ days }} >= 0.5 * clients_{{ windows[-1] }} then {{ days }}
        {%- endfor %}
        when clients_{{ windows[-1] }} > 0 then {{ windows[-1] }}
        else {{ windows[0] }}
    end as window_days
    from paying

),

chosen as (

    select cohorts.window_days, max(cohorts.lead_month) as month
    from cohorts
    inner join ages on cohorts.window_days = ages.window_days
    group by cohorts.window_days

),

compared as (

    select
        cohorts.channel_key,
        cohorts.stage_key,
        cohorts.stage_order,
        chosen.month,
        chosen.window_days,
        min(cohorts.is_lasting) as is_lasting,
        sum(case when cohorts.lead_month = chosen.month then cohorts.entered end) as entered,
        sum(case when cohorts.lead_month = chosen.month then cohorts.reached end) as reached,
        sum(case when cohorts.lead_month < chosen.month then cohorts.entered end) as usual_entered,
        sum(case when cohorts.lead_month < chosen.month then cohorts.reached end) as usual_reached
    from cohorts
    inner join chosen on cohorts.window_days = chosen.window_days
    where cohorts.lead_month >= {{ add_months('chosen.month', -12) }}
    group by cohorts.channel_key, cohorts.stage_key, cohorts.stage_order, chosen.month, chosen.window_days

),

first_payments as (

    select payments.channel_key, count(*) as clients, sum(payments.amount_base) as amount
    from {{ ref('fct_payment') }} as payments
    cross join chosen
    where payments.is_first_payment and payments.paid_date >= {{ add_months('chosen.month', -12) }} and payments.paid_date <= {{ as_of() }}
    group by payments.channel_key

),

checks as (

    {{ with_all_channels('first_payments', [], ['clients', 'amount']) }}

),

rated as (

    select
        compared.*,
        compared.reached / nullif(compared.entered, 0) as rate,
        case
            when compared.is_lasting + coalesce(lag(compared.is_lasting) over (partition by compared.channel_key order by compared.stage_order), 1) = 2
                then compared.usual_reached / nullif(compared.usual_entered, 0)
        end as usual_rate,
        max(case when compared.stage_key = '{{ funnel_stages()[-1] }}' then compared.reached end) over (partition by compared.channel_key) as clients,
        {{ safe_divide('checks.amount', 'checks.clients') }} as first_payment
    from compared
    left join checks on compared.channel_key = checks.channel_key

),

judged as (

    select
        *,
        clients / nullif(rate, 0) / 100 as gain_clients,
        case when usual_rate > rate then clients * (usual_rate / nullif(rate, 0) - 1) when usual_rate <= rate then 0.0 end as lost_clients,
        -- beyond what chance does to one of eight steps (Bonferroni, 5 %, one side)
        entered >= {{ var('verdict_own_clients') }} and (rate - usual_rate) / nullif(sqrt(usual_rate * (1 - usual_rate) * (1 / nullif(entered, 0) + 1 / nullif(usual_entered, 0))), 0) < -2.5 as is_below_usual
    from rated
    where entered > 0

),

ranked as (

    select
        *,
        row_number() over (
            partition by channel_key order by case when is_below_usual then 0 else 1 end, lost_clients desc nulls last, stage_order
        ) as loss_rank
    from judged

)

select
    channel_key,
    stage_key,
    month,
    cast(window_days as integer) as window_days,
    cast(entered as bigint) as entered,
    cast(reached as bigint) as reached,
    cast(rate as double) as rate,
    cast(usual_rate as double) as usual_rate,
    cast(case when rate > 0 then lost_clients end as double) as lost_clients,
    coalesce(is_below_usual, false) and loss_rank = 1 as is_bottleneck,
    cast(gain_clients as double) as gain_clients,
    cast(gain_clients * first_payment as double) as gain_revenue
from ranked

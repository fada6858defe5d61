-- The decomposition, as it is worked out in int_verdict_effects and laid on channels in int_verdict_allocated.
select
    allocated.month,
    allocated.comparison,
    allocated.metric,
    allocated.basis,
    allocated.channel_key,
    allocated.factor,
    allocated.first_step,
    cast(allocated.base as double) as base,
    cast(allocated.current_value as double) as {{ adapter.quote('current') }},
    cast(allocated.effect as double) as effect,
    cast(100 * allocated.effect / nullif(metrics.base_value, 0) as double) as effect_pct,
    allocated.owner_department,
    allocated.method,
    allocated.is_pooled,
    cast(allocated.stderr as double) as stderr,
    abs(allocated.effect) <= 1.96 * allocated.stderr + 1e-9 * greatest(abs(metrics.base_value), 1.0) as within_noise
from {{ ref('int_verdict_allocated') }} as allocated
inner join {{ ref('int_verdict_metrics') }} as metrics
    on allocated.basis = metrics.basis and allocated.month = metrics.month and allocated.comparison = metrics.comparison and allocated.metric = metrics.metric
where metrics.is_recorded

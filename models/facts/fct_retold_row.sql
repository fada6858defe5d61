{#- what a row says beside its id, per entity: its moment, what tells it from others of that moment, its currency and its money -#}
{%- set told = {
    'leads': ('created_at', ['channel_raw', 'campaign', 'requested_service', 'contact_id', 'contact_email_hash', 'contact_phone_hash'], none, none),
    'payments': ('paid_at', ['lead_key', 'client_key', 'kind', 'currency', 'delivered_amount'], 'currency', 'delivered_amount'),
    'payment_plan': ('due_date', ['lead_id', 'client_id', 'currency', 'planned_original'], 'currency', 'planned_original'),
    'ad_spend': ('spend_date', ['currency', 'cost_original', 'impressions', 'clicks'], 'currency', 'cost_original'),
} -%}
{#- a list of what was changed lately begins with the oldest change, not with the oldest lead -#}
{%- set changed = {'created_at': 'coalesce(updated_at, created_at)'} -%}
{#- what the row of an id never changes (and how many do by chance), which way its own clock never goes, and into what money that was paid never turns -#}
{%- set paid_apart = 'abs(' ~ days_between('cast(older.paid_at as date)', 'cast(newer.paid_at as date)') ~ ')' -%}
{%- set kept = {
    'leads': ('lead_key', 'abs(' ~ days_between('cast(older.created_at as date)', 'cast(newer.created_at as date)') ~ ') > 1', 5, 'older.updated_at > newer.updated_at', 'false'),
    'stage_events': ('version_key', 'older.lead_key <> newer.lead_key', 5, 'false', 'false'),
    'payments': ('version_key', '(coalesce(older.lead_key, older.client_key) <> coalesce(newer.lead_key, newer.client_key) and (older.delivered_amount <> newer.delivered_amount or ' ~ paid_apart
        ~ ' > 1)) or (older.delivered_amount <> newer.delivered_amount and ' ~ paid_apart ~ ' > 31)', 2, 'false',
        'older.kind not in ' ~ kinds_paid_back() ~ ' and newer.kind in ' ~ kinds_paid_back()),
} -%}
{#- one delivery may well say two things alike -#}
{%- set several = 'min(load_id) <> max(load_id) or min(file_name) <> max(file_name)' -%}
-- Rows that a later delivery says again under other ids (costs: under another campaign, account or channel), and ids that it gives to others: exports that number their rows anew. Of what is said again the last
-- two months are looked at, while the figures can still be mended; of one moment with a clock, or of one day and all else alike.
-- And costs of one channel and note whose days overlap: a year beside its months.
-- And payments that are a refund now, under the id that they had: what was paid counts no more, and what came back is subtracted.
-- And days of a channel that two files say, nearly alike: a report that was made anew when its campaigns had other names and its costs were settled.
-- And rows that the newest of several files no longer says, though it says most of what the older one said and reaches back behind them: whole exports side by side, of which what was deleted counts on.
-- And rows whose last delivery holds an older state than one before it, by the clock of the source: an old export that came late and counts all the same.
with said_again as (
    {%- for entity, (moment, rest, currency, money) in told.items() %}
    select
        source_name,
        {{ delivered_as(entity) }} as entity,
        min({{ month_start('cast(' ~ moment ~ ' as date)') }}) as month,
        {{ currency or 'cast(null as string)' }} as currency,
        count(*) as row_count,
        case when {{ several }} then count(*) - 1 else 0 end as again,
        {{ 'case when ' ~ several ~ ' then ' ~ money ~ ' * (count(*) - 1) else 0 end' if money else 'null' }} as money_again
    from (
        {{ newest_rows(entity, ['source_name', 'source_system', 'load_id', 'file_name', moment] + rest) }}
    ) as delivered
    where {{ moment }} >= {{ add_days(as_of(), -62) }} {%- if entity == 'leads' %} and not {{ is_a_day(moment) }} {%- elif entity == 'ad_spend' %} and cost_original > 0 {%- endif %}
    group by source_name, source_system, {{ 'cast(paid_at as date)' if entity == 'payments' else moment }}, {{ rest | join(', ') }}
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}

),

-- the costs of a channel's days by file: of two that say the same days, nearly alike and yet not always the same, one was made of the other before its costs were settled
spend_days as (

    select source_name, source_system, currency, channel_raw, load_id || '|' || file_name as told_by, spend_date, sum(cost_original) as cost_original
    from (
        {{ newest_rows('ad_spend', ['source_name', 'source_system', 'load_id', 'file_name', 'channel_raw', 'currency', 'spend_date', 'cost_original']) }}
    ) as delivered
    where cost_original > 0
    group by source_name, source_system, currency, channel_raw, told_by, spend_date

),

days_again as (

    select source_name, entity, currency, min(month) as month, sum(day_count) as row_count, sum(money) as money
    from (
        select
            one.source_name,
            {{ delivered_as('ad_spend', 'one.source_system') }} as entity,
            one.currency,
            min({{ month_start('one.spend_date') }}) as month,
            count(*) as day_count,
            sum(least(one.cost_original, other.cost_original)) as money
        from spend_days as one
        inner join spend_days as other
            on one.source_name = other.source_name and one.currency = other.currency and one.channel_raw = other.channel_raw and one.spend_date = other.spend_date
                and one.told_by < other.told_by
        group by one.source_name, one.source_system, one.currency, one.channel_raw, one.told_by, other.told_by
        -- equal budgets of two campaigns are spent alike each day
        having count(*) >= 4 and max(one.cost_original) > 1.2 * min(one.cost_original)
            and 10 * count(case when abs(one.cost_original - other.cost_original) <= 0.02 * one.cost_original then 1 end) >= 9 * count(*)
            -- what is the same to the cent was told above
            and (min(one.spend_date) < {{ add_days(as_of(), -62) }} or count(case when one.cost_original <> other.cost_original then 1 end) > 0)
    ) as pairs
    group by source_name, entity, currency

),

-- what each file said, the newest first
files as (

    select
        *,
        row_number() over (partition by source_name, entity order by {{ dbt.split_part('load_id', "'-'", 1) }} desc, last_moment desc, load_id desc, file_name desc) as place
    from (
        {%- for entity, (moment, rest, currency, money) in told.items() %}
        {%- set entity_loop = loop %}
        {%- for one in staged(entity) %}
        select
            source_name,
            '{{ one.entity }}' as entity,
            load_id,
            file_name,
            count(*) as row_count,
            count(case when is_newest then 1 end) as left_count,
            min(cast({{ changed.get(moment, moment) }} as timestamp)) as first_moment,
            max(cast({{ changed.get(moment, moment) }} as timestamp)) as last_moment
        from {{ one.relation }}
        where quarantine_rule is null
        group by source_name, load_id, file_name
        {%- if not (loop.last and entity_loop.last) %}
        union all
        {%- endif %}
        {%- endfor %}
        {%- endfor %}
    ) as each_file

),

said_but_for_some as (

    select older.source_name, older.entity, older.load_id, older.file_name, newest.first_moment
    from files as older
    inner join files as newest on older.source_name = newest.source_name and older.entity = newest.entity and older.file_name <> newest.file_name
    where newest.place = 1 and older.row_count >= 10 and 2 * newest.row_count >= older.row_count
        and older.left_count > 0 and 2 * older.left_count <= older.row_count

),

not_said_again as (
    {%- for entity, (moment, rest, currency, money) in told.items() %}
    {%- set entity_loop = loop %}
    {%- for one in staged(entity) %}
    select
        rows_of.source_name,
        '{{ one.entity }}' as entity,
        min({{ month_start('cast(' ~ moment ~ ' as date)') }}) as month,
        {{ currency or 'cast(null as string)' }} as currency,
        count(*) as row_count,
        {{ 'sum(' ~ money ~ ')' if money else 'null' }} as money
    from {{ one.relation }} as rows_of
    inner join said_but_for_some as files
        on rows_of.source_name = files.source_name and files.entity = '{{ one.entity }}' and rows_of.load_id = files.load_id and rows_of.file_name = files.file_name
    where rows_of.quarantine_rule is null and rows_of.is_newest and cast({{ changed.get(moment, moment) }} as timestamp) > files.first_moment
    group by rows_of.source_name {{ ', ' ~ currency if currency }}
    {%- if not (loop.last and entity_loop.last) %}
    union all
    {%- endif %}
    {%- endfor %}
    {%- endfor %}

),

given_again as (
    {%- for entity, (key, is_another, least, is_older_state, is_turned) in kept.items() %}
    {%- set entity_loop = loop %}
    {%- for one in staged(entity) %}
    select
        older.source_name,
        '{{ one.entity }}' as entity,
        case when count(case when {{ is_another }} then 1 end) >= {{ least }} then count(case when {{ is_another }} then 1 end) else 0 end as id_given_again,
        count(distinct case when {{ is_older_state }} then older.{{ key }} end) as older_state,
        count(distinct case when {{ is_turned }} then older.{{ key }} end) as paid_turned_back
    from (select * from {{ one.relation }} where quarantine_rule is null and not is_newest) as older
    inner join (
        -- few ids came twice: without a look at them first, all rows would be joined
        select * from {{ one.relation }}
        where quarantine_rule is null and is_newest and {{ key }} in (select {{ key }} from {{ one.relation }} where quarantine_rule is null and not is_newest)
    ) as newer on older.{{ key }} = newer.{{ key }}
    where older.load_id <> newer.load_id or older.file_name <> newer.file_name
    group by older.source_name
    {%- if not (loop.last and entity_loop.last) %}
    union all
    {%- endif %}
    {%- endfor %}
    {%- endfor %}

)

select
    concat_ws('|', source_name, entity, 'said_again', cast(month as string), currency) as retold_row_key,
    source_name,
    entity,
    'said_again' as rule,
    month,
    currency,
    cast(sum(again) as bigint) as row_count,
    cast(sum(money_again) as {{ amount_type() }}) as money
from said_again
group by source_name, entity, month, currency
-- a few may well be alike
having sum(again) >= 5 and case when entity = 'ad_spend' then 10 else 4 end * sum(again) >= sum(row_count)
union all
select
    concat_ws('|', source_name, entity, 'days_again', currency),
    source_name,
    entity,
    'days_again',
    month,
    currency,
    cast(row_count as bigint),
    cast(money as {{ amount_type() }})
from days_again
union all
select
    concat_ws('|', source_name, entity, 'not_said_again', currency),
    source_name,
    entity,
    'not_said_again',
    month,
    currency,
    row_count,
    cast(money as {{ amount_type() }})
from not_said_again
{%- for rule in ['id_given_again', 'older_state', 'paid_turned_back'] %}
union all
select concat_ws('|', source_name, entity, '{{ rule }}'), source_name, entity, '{{ rule }}', null, null, cast({{ rule }} as bigint), null
from given_again
where {{ rule }} > 0
{%- endfor %}
{%- for one in staged('channel_costs') %}
{%- set costs -%}
    select source_name, channel_raw, coalesce(note, '') as note, currency, from_date, to_date, cost_original from {{ one.relation }}
    where quarantine_rule is null and is_newest and cost_original > 0
{%- endset %}
union all
select
    concat_ws('|', source_name, 'channel_costs', 'days_shared', cast(month as string), currency),
    source_name,
    'channel_costs',
    'days_shared',
    month,
    currency,
    count(*),
    cast(sum(money) as {{ amount_type() }})
from (
    select one.source_name, one.currency, {{ month_start('greatest(one.from_date, other.from_date)') }} as month, least(one.cost_original, other.cost_original) as money
    from ({{ costs }}) as one
    inner join ({{ costs }}) as other
        on one.source_name = other.source_name and one.channel_raw = other.channel_raw and one.note = other.note and one.currency = other.currency
        and one.from_date <= other.to_date and other.from_date <= one.to_date
        and (one.from_date < other.from_date or (one.from_date = other.from_date and one.to_date < other.to_date))
) as shared
group by source_name, month, currency
{%- endfor %}

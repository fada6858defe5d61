-- Keys that one delivery says twice with other content, where neither the source's clock nor `overlap` in sources.yml says which row counts.
-- Gate 2 holds the night back as long as there is one: what is published has none.
{% set claims = [] -%}
{%- for entity in staged_entities() -%}
    {%- for one in staged(entity) -%}
        {%- set named = named_key(one.model) -%}
        {%- if named -%} {%- do claims.append((one.relation, one.entity, named) + money_of(entity)) -%} {%- endif -%}
    {%- endfor -%}
{%- endfor -%}
{%- set settles = {
    'ad_spend': ['`overlap: add` (all rows count)', '`overlap: replace` (the file later in order of names counts)', '`overlap: days` (the later file states its days whole)'],
    'channel_costs': ['`overlap: add` (all rows count)', '`overlap: replace` (the file later in order of names counts)'],
    'payments': ['`overlap: add` (each row is its own)', '`overlap: replace` (the later row counts)'],
} -%}
{#- what a row of ad spend may sum up: rows of this name, inside the same of the names before it -#}
{%- set levels, names = [], ['channel', 'account', 'campaign', 'ad_group', 'ad'] -%}
{%- for level in names -%}
    {%- set group_key -%} concat_ws(chr(31), source_name, currency{% for each in names[:loop.index0] %}, coalesce({{ each }}, ''){% endfor %}) {%- endset -%}
    {%- do levels.append((level, group_key, "cost_original > 0 and source_name in (select distinct source_name from spend where " ~ level ~ " is not null)")) -%}
{%- endfor -%}
{%- do settles.update({'spend': settles.ad_spend, 'payment_plan': settles.payments, 'stage_events': settles.payments}) -%}

with disputed as (
    {%- for relation, entity, key, amount, dated in claims %}
    select
        staged.source_name,
        '{{ entity }}' as entity,
        version_key,
        {{ key }} as key,
        load_id,
        file_name,
        row_number,
        {%- if amount %}
        {{ to_base('abs(' ~ amount ~ ')', rate_to_base('staged')) }} as amount_base
        {%- else %}
        cast(null as {{ amount_type() }}) as amount_base
        {%- endif %}
    from {{ relation }} as staged
    {%- if amount %}
    left join {{ ref('int_fx_rates') }} as fx_rates on staged.currency = fx_rates.currency and cast({{ dated }} as date) = fx_rates.rate_date
    {%- endif %}
    where version_status = 'disputed'
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}

),

---------- rows of ad spend that are the sum of the others: totals of a report that repeats the day in them, or the same costs in another file, in less detail
spend as (
    select *, channel_raw as channel
    from (
        {{ newest_rows('ad_spend', ['source_name', 'source_system', 'load_id', 'file_name', 'row_number', 'channel_raw', 'account', 'campaign', 'ad_group', 'ad', 'currency', 'cost_original', 'spend_date']) }}
    ) as newest
),

-- few groups have a day on which one member costs what the others do together: only they are looked at, by their texts
hashed_members as (
    {%- for level, group_key, has_level in levels %}
    select '{{ level }}' as level_name, {{ row_hash(group_key) }} as group_hash, {{ row_hash("coalesce(" ~ level ~ ", '')") }} as member_hash, spend_date, sum(cost_original) as cost_original
    from spend
    where {{ has_level }}
    group by group_hash, member_hash, spend_date
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}

),

hashed_days as (

    -- each of the parts may have been rounded
    select level_name, group_hash, spend_date, sum(cost_original) as cost_of_day, count(*) as members_of_day
    from hashed_members
    group by level_name, group_hash, spend_date
    having count(*) > 1

),

suspects as (

    select distinct hashed_members.level_name, hashed_members.group_hash
    from hashed_members
    inner join hashed_days
        on hashed_members.level_name = hashed_days.level_name and hashed_members.group_hash = hashed_days.group_hash and hashed_members.spend_date = hashed_days.spend_date
    where abs(hashed_days.cost_of_day - 2 * hashed_members.cost_original) < 0.005 * hashed_days.members_of_day

),

members as (
    {%- for level, group_key, has_level in levels %}
    select
        '{{ level }}' as level_name,
        {{ group_key }} as group_key,
        coalesce({{ level }}, '') as member,
        spend_date,
        min(source_name) as source_name,
        min(source_system) as source_system,
        min(currency) as currency,
        min(file_name || chr(31) || lpad(cast(row_number as string), 12, '0')) as first_place,
        max(file_name || chr(31) || lpad(cast(row_number as string), 12, '0')) as last_place,
        min(load_id || chr(31) || file_name) as first_file,
        max(load_id || chr(31) || file_name) as last_file,
        count(*) as row_count,
        sum(cost_original) as cost_original
    from spend
    where {{ has_level }} and {{ row_hash(group_key) }} in (select group_hash from suspects where level_name = '{{ level }}')
    group by group_key, member, spend_date
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}

),

days as (

    select
        *,
        count(*) over (partition by level_name, group_key, spend_date) as members_of_day,
        abs(sum(cost_original) over (partition by level_name, group_key, spend_date) - 2 * cost_original)
            < 0.005 * count(*) over (partition by level_name, group_key, spend_date) as is_sum,
        coalesce(
            last_file < min(case when member <> '' then first_file end) over (partition by level_name, group_key, spend_date)
            or first_file > max(case when member <> '' then last_file end) over (partition by level_name, group_key, spend_date), false
        ) as is_of_another_file,
        coalesce({{ matches('member', '(?i)^[(\\[]?(all|alle|toutes|todas|tutte|wszystkie|tüm|все|total|overall|итого|всего|σ|∑|合計|总计|總計|合计)([^a-zа-я]|$)') }}, false) as is_named_so
    from members

),

sums as (

    select
        days.level_name,
        days.group_key,
        days.member,
        min(days.source_name) as source_name,
        min(days.source_system) as source_system,
        min(days.first_place) as first_place,
        max(days.last_place) as last_place,
        cast(sum(days.row_count) as bigint) as row_count,
        count(*) as day_count,
        coalesce(sum({{ to_base('days.cost_original', rate_to_base('days')) }}), 0) as money_base
    from days
    left join {{ ref('int_fx_rates') }} as fx_rates on days.currency = fx_rates.currency and days.spend_date = fx_rates.rate_date
    where days.members_of_day > 1
    group by days.level_name, days.group_key, days.member
    having
        (
            min(days.is_sum)
            -- by its name; without one, on days of different costs or of several others; under any name only where that cannot be chance
            and (
                (max(days.is_named_so) and min(days.members_of_day) > 1)
                or (days.member = '' and (count(distinct days.cost_original) > 1 or min(days.members_of_day) > 2))
                or (days.level_name in ('channel', 'campaign') and min(days.members_of_day) > 2 and count(distinct days.cost_original) > 2)
            )
        )
        -- a day may have been restated between two exports; of one campaign the same cost is no chance, nor is what several add up to
        or (
            days.member = ''
            and min(days.is_of_another_file)
            and 2 * sum(case when days.is_sum then 1 else 0 end) > count(*)
            and (
                days.level_name in ('ad_group', 'ad')
                or max(case when days.is_sum then days.members_of_day else 0 end) > 2
                or count(distinct case when days.is_sum then days.cost_original end) > 1
            )
        )

),

keys as (

    select
        entity,
        version_key,
        key,
        -- an id that is an address is a person's
        case when key like '%@%' then '(holds an address)' else substr(key, 1, 160) end as named_key,
        min(source_name) as source_name,
        count(distinct source_name) as sources,
        min(source_name || chr(31) || file_name || chr(31) || lpad(cast(row_number as string), 12, '0')) as first_place,
        max(source_name || chr(31) || file_name || chr(31) || lpad(cast(row_number as string), 12, '0')) as last_place,
        count(*) as row_count,
        cast(coalesce(sum(amount_base), 0) as {{ amount_type() }}) as money_base
    from disputed
    group by entity, version_key, key

)

select
    entity || '|' || version_key || '|' || key as disputed_key,
    source_name,
    entity,
    named_key,
    {{ dbt.split_part('first_place', "chr(31)", 2) }} as first_file,
    cast({{ dbt.split_part('first_place', "chr(31)", 3) }} as bigint) as first_row,
    {{ dbt.split_part('last_place', "chr(31)", 2) }} as last_file,
    cast({{ dbt.split_part('last_place', "chr(31)", 3) }} as bigint) as last_row,
    row_count,
    money_base,
    case
        when sources > 1 then 'sources ' || {{ dbt.split_part('first_place', "chr(31)", 1) }} || ' and ' || {{ dbt.split_part('last_place', "chr(31)", 1) }}
            || ' both deliver it: take ' || entity || ' out of one of them in sources.yml'
        {%- for entity, ways in settles.items() %}
        when entity = '{{ entity }}' then 'say in sources.yml under source ' || source_name || ', entity {{ entity }}: {{ ways | join(", ") }}'
            {%- if entity == 'ad_spend' %} || '; or deliver the column account'{% endif %}
        {%- endfor %}
        else 'say in sources.yml under source ' || source_name || ', entity ' || entity || ': `overlap: replace` (the later row counts)'
            || case when entity = 'leads' then '; or deliver updated_at' else '' end
    end as remedy
from keys
union all
select
    'sum|' || level_name || '|' || group_key || '|' || member,
    source_name,
    {{ delivered_as('ad_spend') }},
    'are the sum of the others of their days: ' || replace(level_name, '_', ' ') || ' ' || case when member = '' then '(empty)' else substr(member, 1, 160) end
        || ', ' || cast(day_count as string) || ' day(s)',
    {{ dbt.split_part('first_place', "chr(31)", 1) }},
    cast({{ dbt.split_part('first_place', "chr(31)", 2) }} as bigint),
    {{ dbt.split_part('last_place', "chr(31)", 1) }},
    cast({{ dbt.split_part('last_place', "chr(31)", 2) }} as bigint),
    row_count,
    cast(money_base as {{ amount_type() }}),
    'export it without totals, or leave their lines out with `skip_rows_matching` of this entity; of two exports of the same days deliver one'
from sums
union all
-- money at such rates would be wrong by thousands
select
    'rate|' || source_name || '|' || currency || '|' || rate_fault,
    source_name,
    'fx_rates',
    'are rates ' || rate_fault || ': ' || currency || ' ' || cast(cast(max(rate_to_base) as double) as string),
    min(file_name),
    min(row_number),
    max(file_name),
    max(row_number),
    count(*),
    cast(0 as {{ amount_type() }}),
    'rate_to_base says what one unit of the currency is worth in ' || {{ base_currency() }} || ': deliver it so'
from {{ ref('stg_template__fx_rates') }}
where rate_fault is not null and quarantine_rule is null and is_newest
group by source_name, currency, rate_fault
union all
-- between two files that are upside down to one another both rates are likely, and their product is 1
select
    'rate|' || source_name || '|' || currency || '|turned',
    source_name,
    'fx_rates',
    'are rates that turn upside down on ' || cast(min(rate_date) as string) || ': ' || currency || ' ' || cast(cast(min(rate_to_base) as double) as string)
        || ' beside ' || cast(cast(max(rate_before) as double) as string),
    min(file_before),
    min(row_before),
    max(file_name),
    max(row_number),
    count(*),
    cast(0 as {{ amount_type() }}),
    'rate_to_base says what one unit of the currency is worth in ' || {{ base_currency() }} || ': deliver it so in both'
from (
    select
        *,
        lag(rate_to_base) over of_currency as rate_before,
        lag(rate_date) over of_currency as date_before,
        lag(file_name) over of_currency as file_before,
        lag(row_number) over of_currency as row_before
    from {{ ref('stg_template__fx_rates') }}
    where quarantine_rule is null and is_newest
    window of_currency as (partition by source_name, currency order by rate_date)
) as rates
where {{ days_between('date_before', 'rate_date') }} <= 10
    and cast(rate_to_base as double) * cast(rate_before as double) between 0.95 and 1.05
    and cast(rate_to_base as double) / cast(rate_before as double) not between 0.92 and 1.087
group by source_name, currency

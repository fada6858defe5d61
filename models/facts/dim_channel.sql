select
    channels.channel_key,
    channels.label_en,
    channels.label_ru,
    channels.channel_group,
    channel_groups.label_en as group_label_en,
    channel_groups.label_ru as group_label_ru,
    channels.is_paid,
    coalesce(channels.is_market_gauge, false) as is_market_gauge,
    channels.display_order
from {{ ref('channels') }} as channels
inner join {{ ref('channel_groups') }} as channel_groups on channels.channel_group = channel_groups.channel_group

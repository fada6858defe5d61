// Why a paid channel brought more or fewer leads: money, the price of the auction, the click rate, leads per click.
const DRIVERS = [["budget", money, "marketing"], ["auction_price", count, "market"], ["click_rate", (value) => percent(value, 2), "marketing-soft"],
  ["landing_rate", percent, "ink"]];

/** Channels with their four effects in the chosen month, the largest change of leads first. */
function drivenChannels() {
  const rows = group("drivers", "comparison", "month")(state.compare, state.month);
  return [...new Set(rows.map((row) => row.channel_key))].filter((channel) => state.channel === "all" || channel === state.channel).map((channel) => {
    const parts = Object.fromEntries(rows.filter((row) => row.channel_key === channel).map((row) => [row.driver, row]));
    const { base_leads: before, current_leads: now } = Object.values(parts)[0];
    return { channel, parts, before, now };
  }).sort((a, b) => Math.abs(b.now - b.before) - Math.abs(a.now - a.before));
}

function driversChart(channels) {
  return chartBox(t("drivers_title"), () => ({
    grid: chartGrid(), legend: chartLegend(), tooltip: { ...tooltipOf((value) => signed(value, count)), axisPointer: { type: "shadow" } },
    xAxis: valueAxis(shortNumber), yAxis: { ...categoryAxis(channels.map(({ channel }) => channelLabel(channel))), inverse: true },
    series: DRIVERS.map(([driver, , hue]) => barSeries(t(`driver_${driver}`), channels.map(({ parts }) => parts[driver].effect), colour(hue), { stack: "effect" })),
  }), 70 + 30 * channels.length);
}

function driversTable(channels) {
  const cell = ({ base, current, effect }, format) => ({ text: `${signed(effect, (value) => fixed(value, 1))} (${format(base)} → ${format(current)})`, value: effect });
  return dataTable({
    caption: t("drivers_title"), className: "wide",
    head: [t("channel"), t("drivers_leads"), ...DRIVERS.map(([driver]) => t(`driver_${driver}`))],
    rows: channels.map(({ channel, parts, before, now }) => ({
      data: { "data-channel": channel },
      cells: [channelLabel(channel), { text: `${count(before)} → ${count(now)}`, value: now - before }, ...DRIVERS.map(([driver, format]) => cell(parts[driver], format))],
    })),
  });
}

/** Nothing where no channel reports money, impressions and clicks in both months. */
function driversFigure() {
  const channels = drivenChannels();
  return channels.length ? figure({
    id: "drivers", title: t("drivers_title"), draw: () => driversChart(channels), asTable: () => driversTable(channels),
    after: [h("figcaption", null, t("drivers_key", { month: monthLabel(state.month), other: monthLabel(otherMonth()) }))],
  }) : null;
}

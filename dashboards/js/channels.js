// What each channel costs and brings: sums over the chosen months, ratios out of the sums.
let channelOrder = { column: "leads", down: true };

function economicsOf(channel, months) {
  const rows = months.flatMap((month) => group("economics", "channel_key", "month")(channel, month));
  // what no source delivers or records is null in every row, and stays unknown here: a sum of nothing known is not 0
  const known = (key) => !rows.length || rows.some((row) => isNumber(row[key]));
  const sums = Object.fromEntries(["cost", "leads", "sql", "sal", "clients", "revenue", "net_income"].map((key) => [key, known(key) ? sum(rows, key) : null]));
  const both = isNumber(sums.cost) && isNumber(sums.net_income);
  return {
    channel, ...sums, cpl: ratio(sums.cost, sums.leads), cost_per_sql: ratio(sums.cost, sums.sql), sal_ratio: ratio(sums.sal, sums.sql), cac: ratio(sums.cost, sums.clients),
    romi: both ? ratio(sums.net_income - sums.cost, sums.cost) : null, paid_back: both && sums.cost > 0 ? sums.net_income >= sums.cost : null,
  };
}

const ECONOMICS = [
  ["cost", "cost", money], ["leads", "leads", count], ["cpl", "cpl", money], ["sql", "sql", count], ["cost_per_sql", "cost_per_sql", money],
  ["sal_ratio", "sal_ratio_cohort", (value) => percent(value, 0)], ["clients", null, count], ["cac", "cac", money], ["revenue", null, money],
  ["romi", "romi", (value) => percent(value, 0)],
];

function channelTable(rows, total) {
  const most = { cost: Math.max(...rows.map((row) => row.cost), 1), leads: Math.max(...rows.map((row) => row.leads), 1) };
  const ordered = [...rows].sort((a, b) => {
    const [left, right] = [a[channelOrder.column], b[channelOrder.column]];
    if (!isNumber(left) || !isNumber(right)) return isNumber(right) - isNumber(left);
    return channelOrder.down ? right - left : left - right;
  });
  const header = ([key]) => h("button", {
    type: "button", id: `sort-${key}`, class: "sort", "aria-pressed": channelOrder.column === key ? "true" : "false",
    onclick: () => {
      channelOrder = { column: key, down: channelOrder.column === key ? !channelOrder.down : true };
      renderAll();
    },
  }, t(`economics_${key}`), h("span", { "aria-hidden": "true" }, channelOrder.column === key ? (channelOrder.down ? " ↓" : " ↑") : ""));
  const cells = (row) => ECONOMICS.map(([key, , format]) => ({
    text: key in most && row.channel !== "all"
      ? h("span", { class: "in-cell" }, h("i", { "aria-hidden": "true", style: { width: `${(Math.max(row[key], 0) / most[key]) * 100}%` } }), h("span", null, format(row[key])))
      : format(row[key]),
    value: row[key],
    class: key === "romi" && isNumber(row.romi) ? (row.romi >= 0 ? "good" : "bad") : "",
  }));
  const name = (row) => h("button", { type: "button", class: "pick", id: `pick-${row.channel}`, onclick: () => choose({ channel: row.channel === state.channel ? "all" : row.channel }) },
    channelLabel(row.channel), row.channel === "unmapped" ? h("strong", { class: "tag worst" }, t("map_it")) : null);
  return dataTable({
    caption: t("channels_table"), className: "wide channels", text: [ECONOMICS.length + 1],
    head: [t("channel"), ...ECONOMICS.map(header), t("paid_back")],
    rows: [
      { class: "sum", data: { "data-channel": "all" }, cells: [t("all_channels"), ...cells(total), NOTHING] },
      ...ordered.map((row) => ({
        class: [row.channel === state.channel ? "chosen" : "", row.channel === "unmapped" ? "unmapped" : ""].join(" "), data: { "data-channel": row.channel },
        cells: [name(row), ...cells(row), row.paid_back === null ? { text: row.cost === 0 ? t("free") : NOTHING, class: "faint" } : { text: t(row.paid_back ? "yes" : "no"), class: row.paid_back ? "good" : "bad" }],
      })),
    ],
  });
}

function cplChart(rows, total) {
  const paid = rows.filter((row) => isNumber(row.cpl) && row.cost > 0).sort((a, b) => a.cpl - b.cpl);
  const most = Math.max(...paid.map((row) => row.cpl), total.cpl || 0, 1);
  return h("ol", { class: "bars" }, paid.map((row) => h("li", { class: row.channel === state.channel ? "chosen" : "", "data-channel": row.channel },
    h("span", { class: "name" }, channelLabel(row.channel)),
    h("span", { class: "track", "aria-hidden": "true" },
      h("i", { class: "bar", style: { width: `${(row.cpl / most) * 100}%` } }),
      isNumber(total.cpl) ? h("i", { class: "average", style: { left: `${(total.cpl / most) * 100}%` } }) : null),
    h("span", { class: "value", "data-value": row.cpl }, money(row.cpl)))));
}

/** The channels that cost most, each with its own line: which one drifts. */
function cplMultiples(months) {
  const rows = shownChannels().map((channel) => economicsOf(channel, months)).filter((row) => row.cost > 0).sort((a, b) => b.cost - a.cost).slice(0, 9);
  if (rows.length < 2) return null;
  const direction = kpiInfo("cpl")?.direction;
  return h("ul", { class: "multiples" }, rows.map((row) => {
    const now = kpiRow("cpl", row.channel, state.month) || {};
    return h("li", null, h("span", { class: "name" }, channelLabel(row.channel)),
      sparkline(months.map((month) => kpiRow("cpl", row.channel, month)?.value ?? null), { width: 150, height: 34, area: true }),
      h("span", { class: "value" }, money(now.value), " ", change(now.is_partial ? now.to_date_mom_pct : now.mom_pct, direction)));
  }));
}

function cplHistory() {
  const months = monthsUpTo(state.month, 25);
  const values = (channel) => months.map((month) => kpiRow("cpl", channel, month)?.value ?? null);
  const own = values(state.channel);
  return figure({
    id: "cpl-history", title: t("cpl_history", { channel: channelLabel(state.channel) }),
    draw: () => (own.some(isNumber) ? chartBox(t("cpl_history", { channel: channelLabel(state.channel) }), () => ({
      grid: chartGrid(), legend: chartLegend(), tooltip: tooltipOf(money), xAxis: categoryAxis(months.map((month) => monthLabel(month, "short"))), yAxis: valueAxis(shortNumber),
      series: [lineSeries(channelLabel(state.channel), own, colour("marketing")),
        state.channel === "all" ? null : lineSeries(t("all_channels"), values("all"), colour("faint"), { lineStyle: { width: 1.4, type: "dashed" } })].filter(Boolean),
    }), 220) : emptyNote(t("no_cost", { channel: channelLabel(state.channel) }))),
    after: [cplMultiples(months)],
    asTable: () => dataTable({
      caption: t("cpl_history", { channel: channelLabel(state.channel) }), head: [t("month"), channelLabel(state.channel), t("all_channels")],
      rows: months.map((month, i) => [monthLabel(month), money(own[i]), money(values("all")[i])]),
    }),
  });
}

section("channels", "channels", "month", (body) => {
  const months = monthsUpTo(state.month, Number(state.span));
  put(body, h("div", { class: "controls" }, segmented("span", t("span"), CHOICES.span.map((value) => [value, t(value === "1" ? "span_one" : "span_many", { n: value })]))));
  const total = economicsOf("all", months);
  const rows = shownChannels().map((channel) => economicsOf(channel, months)).filter((row) => row.cost || row.leads || row.revenue);
  if (!rows.length) {
    put(body, emptyNote(t("no_channels", { month: monthLabel(state.month) })));
    return;
  }
  const unmapped = rows.find((row) => row.channel === "unmapped");
  put(body, note(t("economics_note", { from: monthLabel(months[0]), to: monthLabel(state.month) })));
  if (unmapped) put(body, note(t("unmapped_note", { leads: count(unmapped.leads), cost: money(unmapped.cost) }), { class: "note warn" }));
  put(body, h("div", { class: "pair" },
    figure({
      id: "cpl", title: t("cpl_title"), draw: () => (rows.some((row) => row.cost > 0 && row.leads) ? cplChart(rows, total) : emptyNote(t("no_costs"))),
      asTable: () => dataTable({ caption: t("cpl_title"), head: [t("channel"), t("economics_cpl")], rows: rows.map((row) => [channelLabel(row.channel), money(row.cpl)]) }),
      after: [h("figcaption", null, t("cpl_key", { cpl: money(total.cpl) }))],
    }), cplHistory()), driversFigure(), h("h3", null, t("channels_table")), channelTable(rows, total));
}, "mart_channel_economics");

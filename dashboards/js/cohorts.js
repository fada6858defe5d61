// How far each month's leads came: one row per month, one column per stage.
function heatCell(row, of) {
  const value = row && (of === "step" ? ratio(row.reached, row.reached_previous) : ratio(row.reached, row.leads));
  if (!isNumber(value)) return { text: NOTHING, class: "heat none" };
  return {
    text: percent(value, 0), value, class: `heat ${row.is_mature === false ? "young" : ""}`, style: { "--heat": `${Math.round(4 + value * 46)}%` },
    title: t("out_of", { n: count(row.reached), of: count(of === "step" ? row.reached_previous : row.leads) }),
  };
}

function heatTable(months, stages) {
  const find = group("funnel_cohort", "channel_key", "window_days", "stage_key", "lead_month");
  return dataTable({
    caption: t("heat_title"), className: "heatmap wide", head: [t("lead_month"), t("leads"), ...stages.map((stage) => stageLabel(stage.stage_key))],
    rows: months.map((month) => {
      const rows = stages.map((stage) => find(state.channel, state.window, stage.stage_key, month)[0]);
      const first = rows.find(Boolean);
      return {
        class: month === state.month ? "chosen" : "", data: { "data-month": month },
        cells: [monthLabel(month, "short"), { text: count(first?.leads), value: first?.leads }, ...rows.map((row) => heatCell(row, state.heat))],
      };
    }),
  });
}

function countTable(months, stages) {
  const find = group("funnel_cohort", "channel_key", "window_days", "stage_key", "lead_month");
  return dataTable({
    caption: t("heat_title"), className: "wide", head: [t("lead_month"), t("leads"), ...stages.map((stage) => stageLabel(stage.stage_key)), t("still_open")],
    rows: months.map((month) => {
      const rows = stages.map((stage) => find(state.channel, state.window, stage.stage_key, month)[0]);
      const open = sum(funnelStages().map((stage) => find(state.channel, state.window, stage.stage_key, month)[0] || {}), "open");
      return [monthLabel(month, "short"), count(rows.find(Boolean)?.leads), ...rows.map((row) => count(row?.reached)), count(open)];
    }),
  });
}

section("cohorts", "cohorts", "channel", (body) => {
  const find = group("funnel_cohort", "channel_key", "window_days", "stage_key", "lead_month");
  const stages = funnelStages().slice(1);
  const months = monthsUpTo(state.month, 25).filter((month) => find(state.channel, state.window, "lead", month).length).reverse();
  const windows = [...new Set(table("funnel_cohort").map((row) => row.window_days))].sort((a, b) => a - b);
  put(body, h("div", { class: "controls" },
    segmented("heat", t("heat_of"), CHOICES.heat.map((value) => [value, t(`heat_${value}`)])),
    windows.length ? heatWindow(windows) : null));
  if (!months.length) {
    put(body, emptyNote(t("no_cohorts", { channel: channelLabel(state.channel) })));
    return;
  }
  put(body, figure({
    id: "heat", title: t("heat_title"), draw: () => heatTable(months, stages), asTable: () => countTable(months, stages),
    after: [h("figcaption", null, t("heat_key"))],
  }));
}, "mart_funnel_cohort");

// The same choice as the funnel's window, under a name of its own: two controls on one page need two ids.
function heatWindow(windows) {
  return h("label", { class: "select" }, h("span", null, t("window")),
    h("select", { id: "choose-heat-window", onchange: (event) => choose({ window: event.target.value }) },
      windows.map((days) => h("option", { value: days, selected: state.window === String(days) }, days ? t("window_days", { n: days }) : t("window_all")))));
}

// Why leads left, where, and what they asked for that is not offered.
function tally(rows, key) {
  const totals = new Map();
  for (const row of rows) totals.set(row[key], (totals.get(row[key]) || 0) + row.leads);
  return [...totals.entries()].sort((a, b) => b[1] - a[1]);
}

function tallyFigure(id, title, rows, before, key, name) {
  const now = tally(rows, key);
  const then = new Map(tally(before, key));
  const total = sum(rows, "leads");
  const most = Math.max(...now.map(([, leads]) => leads), ...now.slice(0, 10).map(([value]) => then.get(value) || 0), 1);
  return figure({
    id, title,
    draw: () => h("ol", { class: "bars" }, now.slice(0, 10).map(([value, leads]) => h("li", { "data-key": value },
      h("span", { class: "name" }, name(value)),
      h("span", { class: "track", "aria-hidden": "true" }, h("i", { class: "bar", style: { width: `${(leads / most) * 100}%` } }),
        h("i", { class: "ghost", style: { left: `${((then.get(value) || 0) / most) * 100}%` } })),
      h("span", { class: "value", "data-value": leads }, count(leads), h("small", null, ` ${percent(leads / total, 0)}`))))),
    asTable: () => dataTable({
      caption: title, head: [title, monthLabel(state.month, "short"), t("share"), monthLabel(otherMonth(), "short")],
      rows: now.map(([value, leads]) => [name(value), { text: count(leads), value: leads }, percent(leads / total), count(then.get(value) || 0)]),
    }),
  });
}

section("rejections", "rejections", "both", (body) => {
  const of = (month) => group("rejections", "month")(month).filter((row) => state.channel === "all" || row.channel_key === state.channel);
  const rows = of(state.month);
  const before = of(otherMonth());
  if (!rows.length) {
    put(body, emptyNoteOf("lost_deals", t("no_rejections", { month: monthLabel(state.month), channel: channelLabel(state.channel) })));
    return;
  }
  const unmet = rows.filter((row) => row.is_unmet_demand);
  const marketing = sum(rows.filter((row) => row.lost_department === "marketing"), "leads");
  put(body, h("p", { class: "lead", id: "left" }, t("rejections_lead", {
    n: count(sum(rows, "leads")), marketing: count(marketing), sales: count(sum(rows, "leads") - marketing), partners: count(sum(rows, "leads_handed_off")),
  })));
  if (sum(rows, "leads_undated")) put(body, note(t("undated_leads", { n: count(sum(rows, "leads_undated")) })));
  put(body, h("div", { class: "pair" },
    tallyFigure("reasons", t("by_reason"), rows, before, "reason_key", reasonLabel),
    tallyFigure("left-after", t("left_after"), rows, before, "lost_after_stage_key", stageLabel)));
  put(body, h("h3", null, t("unmet_title")));
  if (unmet.length) {
    const trailing = monthsUpTo(state.month, 12).flatMap(of).filter((row) => row.is_unmet_demand);
    put(body, h("p", { class: "lead", id: "unmet" }, t("unmet_lead", { n: count(sum(unmet, "leads")), share: percent(sum(unmet, "leads") / sum(rows, "leads"), 0) })),
      dataTable({
        caption: t("unmet_title"), head: [t("service"), monthLabel(state.month, "short"), t("last_12_months")],
        rows: tally(trailing, "requested_service").slice(0, 12).map(([service, leads]) =>
          [serviceLabel(service), count(sum(unmet.filter((row) => row.requested_service === service), "leads")), count(leads)]),
      }));
  } else put(body, emptyNote(t("no_unmet", { month: monthLabel(state.month) })));
}, "mart_rejections");

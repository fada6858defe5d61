// How fast each step is taken, against the service level, and who has leads waiting.
const stepName = (step) => {
  const stages = funnelStages();
  const before = stages[stages.findIndex((stage) => stage.stage_key === step) - 1];
  return before ? `${stageLabel(before.stage_key)} → ${stageLabel(step)}` : stageLabel(step);
};

function withinSla(row) {
  if (!isNumber(row.within_sla_pct)) return { text: NOTHING };
  const tone = row.n_business < FEW ? "" : row.within_sla_pct >= 80 ? "good" : row.within_sla_pct < 50 ? "bad" : "";
  return {
    text: h("span", { class: "in-cell share" }, h("i", { "aria-hidden": "true", style: { width: `${row.within_sla_pct}%` } }), h("span", null, `${upTo(row.within_sla_pct, 0)}\u00a0%`)),
    value: row.within_sla_pct, class: tone,
  };
}

function speedTable(rows, first, name) {
  return dataTable({
    caption: t("speed_title"), className: "wide", head: [first, t("done"), t("median"), t("p90"), t("median_business"), t("sla"), t("within_sla"), t("overdue")],
    rows: rows.map((row) => ({
      data: { "data-step": row.step_key, "data-owner": row.owner },
      cells: [name(row), count(row.n), { text: duration(row.median_minutes), value: row.median_minutes }, duration(row.p90_minutes),
        duration(row.median_business_minutes), isNumber(row.sla_business_minutes) ? duration(row.sla_business_minutes) : NOTHING, withinSla(row),
        { text: row.overdue_open === null ? NOTHING : count(row.overdue_open), class: row.overdue_open ? "bad" : "", value: row.overdue_open }],
    })),
  });
}

function firstContactChart(contact) {
  const months = monthsUpTo(state.month, 25);
  const find = group("speed", "step_key", "owner", "month");
  const rows = months.map((month) => find(contact.stage_key, "all", month)[0] || {});
  const sla = rows.map((row) => row.sla_business_minutes).find(isNumber);
  const title = t("first_contact_title");
  return figure({
    id: "first-contact", title,
    draw: () => (rows.some((row) => isNumber(row.median_business_minutes)) ? chartBox(title, () => ({
      grid: chartGrid(), legend: chartLegend(), tooltip: tooltipOf(duration), xAxis: categoryAxis(months.map((month) => monthLabel(month, "short"))),
      yAxis: valueAxis((value) => duration(value)),
      series: [
        lineSeries(t("median_business"), rows.map((row) => row.median_business_minutes ?? null), colour("marketing"),
          isNumber(sla) ? { markLine: { symbol: "none", silent: true, lineStyle: { color: colour("bad"), type: "dashed" }, label: { formatter: t("sla"), color: colour("bad"), position: "insideEndTop" }, data: [{ yAxis: sla }] } } : {}),
        lineSeries(t("p90_business"), rows.map((row) => row.p90_business_minutes ?? null), colour("faint"), { lineStyle: { width: 1.2 } }),
      ],
    }), 220) : emptyNote(t("no_speed", { month: monthLabel(state.month) }))),
    asTable: () => dataTable({
      caption: title, head: [t("month"), t("done"), t("median_business"), t("p90_business"), t("within_sla")],
      rows: months.map((month, i) => [monthLabel(month), count(rows[i].n), duration(rows[i].median_business_minutes), duration(rows[i].p90_business_minutes), withinSla(rows[i])]),
    }),
  });
}

section("speed", "speed", "month", (body) => {
  const rows = group("speed", "month")(state.month);
  const order = (row) => stageInfo(row.step_key)?.stage_order ?? 99;
  const all = rows.filter((row) => row.owner === "all").sort((a, b) => order(a) - order(b));
  const people = rows.filter((row) => row.owner !== "all" && row.sla_business_minutes !== null).sort((a, b) => order(a) - order(b) || b.n - a.n);
  if (!all.length) {
    put(body, emptyNote(t("no_speed", { month: monthLabel(state.month) })));
    return;
  }
  put(body, speedTable(all, t("step"), (row) => stepName(row.step_key)), note(t("speed_note")));
  const contact = stageOf("contact");
  put(body, h("div", { class: "pair" }, contact ? firstContactChart(contact) : null, figure({
    id: "owners", title: t("owners_title"), draw: () => ownerBars(people), asTable: () => speedTable(people, t("step"), (row) => `${ownerLabel(row.owner)}: ${stepName(row.step_key)}`),
    after: [h("figcaption", null, t("owners_key"))],
  })));
}, "mart_speed");

/** Share within the service level per person over all their steps. */
function ownerBars(people) {
  const owners = new Map();
  for (const row of people) {
    const seen = owners.get(row.owner) || { owner: row.owner, department: row.department, n: 0, within: 0, overdue: 0 };
    seen.n += row.n_business;
    seen.within += row.within_sla || 0;
    seen.overdue += row.overdue_open || 0;
    owners.set(row.owner, seen);
  }
  const rows = [...owners.values()].filter((row) => row.n || row.overdue).sort((a, b) => (a.department < b.department ? -1 : a.department > b.department ? 1 : b.n - a.n)).slice(0, 16);
  if (!rows.length) return emptyNote(t("no_owners"));
  return h("ol", { class: "bars" }, rows.map((row) => h("li", { class: row.department },
    h("span", { class: "name" }, ownerLabel(row.owner)),
    h("span", { class: "track", "aria-hidden": "true" }, h("i", { class: "bar", style: { width: `${(ratio(row.within, row.n) || 0) * 100}%` } })),
    h("span", { class: "value" }, percent(ratio(row.within, row.n), 0), h("small", null, ` ${t("of_steps", { n: count(row.n) })}`),
      row.overdue ? h("small", { class: "bad" }, ` ${t("waiting", { n: count(row.overdue) })}`) : null))));
}

// Payments against their plan, and what a client brings over the months.
section("plan", "plan_section", "month", (body) => {
  const rows = table("plan");
  if (!rows.length) {
    put(body, emptyNote(t("no_payment_plan")));
    return;
  }
  const shown = rows.filter((row) => row.month > shiftMonth(state.month, -13) && row.month <= shiftMonth(state.month, 3));
  const now = rows.find((row) => row.month === state.month);
  const lateBefore = sum(rows.filter((row) => row.month < state.month), "overdue");
  put(body, h("p", { class: "lead", id: "plan-lead" }, now ? [t("plan_lead", { month: monthLabel(state.month), paid: money(now.paid), planned: money(now.planned) }), " ",
    kpiLink("plan_fulfilment", h("b", { "data-value": now.fulfilment }, percent(now.fulfilment))), ". ", t("plan_overdue", { overdue: money(now.overdue), before: money(lateBefore) })]
    : t("no_plan_month", { month: monthLabel(state.month) })));
  const labels = shown.map((row) => monthLabel(row.month, "short"));
  put(body, figure({
    id: "plan", title: t("plan_title"),
    draw: () => chartBox(t("plan_title"), () => ({
      grid: chartGrid(), legend: chartLegend(), tooltip: tooltipOf(money), xAxis: categoryAxis(labels), yAxis: valueAxis(shortNumber),
      series: [
        barSeries(t("on_time"), shown.map((row) => row.on_time), colour("sales"), { stack: "plan" }),
        barSeries(t("paid_late"), shown.map((row) => row.paid - row.on_time), colour("sales-soft"), { stack: "plan" }),
        barSeries(t("overdue_money"), shown.map((row) => row.overdue), colour("bad"), { stack: "plan" }),
        barSeries(t("not_due"), shown.map((row) => row.outstanding - row.overdue), colour("hair"), { stack: "plan" }),
      ],
    }), 260),
    asTable: () => dataTable({
      caption: t("plan_title"), className: "wide", head: [t("due_month"), t("planned"), t("paid"), t("on_time"), t("overdue_money"), t("outstanding"), kpiLabel("plan_fulfilment")],
      rows: shown.map((row) => [monthLabel(row.month), { text: money(row.planned), value: row.planned }, { text: money(row.paid), value: row.paid }, money(row.on_time),
        money(row.overdue), money(row.outstanding), { text: percent(row.fulfilment), value: row.fulfilment }]),
    }),
    after: [h("figcaption", null, t("plan_key"))],
  }));
}, "mart_payment_plan");

function ltvTable(cohorts, ages) {
  const find = group("ltv", "channel_key", "first_payment_month", "months_since");
  const most = Math.max(...table("ltv").filter((row) => row.channel_key === state.channel).map((row) => ratio(row.cumulative_net_income, row.clients) || 0), 1);
  return dataTable({
    caption: t("ltv_title"), className: "heatmap wide", head: [t("first_payment_month"), t("clients"), ...ages.map((age) => t("month_n", { n: age }))],
    rows: cohorts.map((month) => {
      const rows = ages.map((age) => find(state.channel, month, age)[0]);
      return [monthLabel(month, "short"), count(find(state.channel, month, 0)[0]?.clients), ...rows.map((row) => {
        const value = row ? ratio(row.cumulative_net_income, row.clients) : null;
        return isNumber(value) ? {
          text: money(Math.round(value)), value, class: `heat ${row.is_partial ? "young" : ""}`, style: { "--heat": `${Math.round(4 + (Math.max(value, 0) / most) * 46)}%` },
        } : { text: "", class: "heat none" };
      })];
    }),
  });
}

/** What clients bring by age: the mean of each month of age over the cohorts that lived it, added up. So young cohorts do not bend the curve. */
function ltvCurve(cohorts, ages) {
  const find = group("ltv", "channel_key", "first_payment_month", "months_since");
  let total = 0;
  return ages.map((age) => {
    const rows = cohorts.map((month) => find(state.channel, month, age)[0]).filter((row) => row && !row.is_partial);
    if (!rows.length || total === null) total = null;
    else total += ratio(sum(rows, "net_income"), sum(rows, "clients")) || 0;
    return total;
  });
}

section("ltv", "ltv", "channel", (body) => {
  const cohorts = monthsUpTo(state.month, 25).filter((month) => group("ltv", "channel_key", "first_payment_month", "months_since")(state.channel, month, 0).length);
  if (!cohorts.length) {
    put(body, emptyNoteOf("ltv", t("no_ltv", { channel: channelLabel(state.channel) })));
    return;
  }
  const ages = [0, 1, 2, 3, 6, 9, 12, 18, 24].filter((age) => cohorts.some((month) => group("ltv", "channel_key", "first_payment_month", "months_since")(state.channel, month, age).length));
  const steps = Array.from({ length: Math.min(cohorts.length, 25) }, (_, age) => age);
  const latest = cohorts.filter((month) => month >= shiftMonth(state.month, -12));
  const earlier = cohorts.filter((month) => month < shiftMonth(state.month, -12));
  put(body, figure({
    id: "ltv", title: t("ltv_title"),
    draw: () => h("div", null, chartBox(t("ltv_title"), () => ({
      grid: chartGrid(), legend: chartLegend(), tooltip: tooltipOf(money), xAxis: categoryAxis(steps.map((age) => t("month_n", { n: age }))), yAxis: valueAxis(shortNumber),
      series: [lineSeries(t("ltv_latest"), ltvCurve(latest, steps), colour("sales")), earlier.length ? lineSeries(t("ltv_earlier"), ltvCurve(earlier, steps), colour("faint")) : null].filter(Boolean),
    }), 220), ltvTable([...cohorts].reverse().slice(0, 13), ages)),
    asTable: () => ltvTable([...cohorts].reverse(), steps),
    after: [h("figcaption", null, kpiLink("ltv", t("ltv_key")))],
  }));
}, "mart_ltv_cohort");

// What to act on and how far to trust it: calls that are due, figures that changed since, rows that were left out.
section("openLeads", "open_leads", "channel", (body) => {
  const rows = table("open_leads").filter((row) => state.channel === "all" || row.channel_key === state.channel);
  if (!rows.length) {
    put(body, emptyNote(t("no_open_leads")));
    return;
  }
  const groups = new Map();
  for (const row of rows) {
    const group = groups.get(`${row.next_step_key}|${row.owner}`) || { ...row, waiting: 0, overdue: 0, longest_days: 0 };
    group.waiting += row.waiting;
    group.overdue += row.overdue;
    group.longest_days = Math.max(group.longest_days, row.longest_days || 0);
    groups.set(`${row.next_step_key}|${row.owner}`, group);
  }
  const ordered = [...groups.values()].sort((a, b) => b.overdue - a.overdue || b.waiting - a.waiting);
  put(body, h("p", { class: "lead" }, t("open_leads_lead", { waiting: count(sum(rows, "waiting")), overdue: count(sum(rows, "overdue")) })),
    dataTable({
      caption: t("open_leads"), text: [1], head: [t("waits_for"), t("owner"), t("waiting_leads"), t("overdue_leads"), t("longest_days")],
      rows: ordered.slice(0, 20).map((row) => [stageLabel(row.next_step_key), row.owner, { text: count(row.waiting), value: row.waiting },
        { text: count(row.overdue), value: row.overdue }, count(row.longest_days)]),
    }), note(t("open_leads_note")));
}, "mart_open_leads");

section("winback", "winback", "channel", (body) => {
  const rows = table("winback").filter((row) => state.channel === "all" || row.channel_key === state.channel);
  if (!rows.length) {
    put(body, emptyNoteOf("lost_deals", t("no_winback")));
    return;
  }
  const of = (moment, action) => sum(rows.filter((row) => row.moment === moment && (!action || row.suggested_action === action)), "clients");
  const actions = [...new Set(rows.map((row) => row.suggested_action))].sort();
  put(body, h("p", { class: "lead" }, t("winback_lead", { due: count(of("due")), next: count(of("week")) })),
    dataTable({
      caption: t("winback"), head: [t("action"), t("due_now"), t("due_week"), t("due_later")],
      rows: actions.map((action) => [t(`action_${action}`), { text: count(of("due", action)), value: of("due", action) }, count(of("week", action)),
        count(of("later", action))]),
    }), note(t("winback_note")));
}, "mart_winback");

section("restatements", "restatements", "none", (body) => {
  const rows = table("restatements").filter((row) => !row.is_maturing);
  const maturing = table("restatements").length - rows.length;
  if (!rows.length) {
    put(body, emptyNote(t(hasTable("restatements") ? "no_restatements" : "not_published")));
  } else {
    put(body, h("p", { class: "lead" }, t("restatements_lead", { n: count(rows.length), day: dayLabel(rows[0].then_published_at || "") })));
    const ordered = [...rows].sort((a, b) => (a.channel_key === "all" ? 0 : 1) - (b.channel_key === "all" ? 0 : 1) || (a.month < b.month ? 1 : -1));
    put(body, dataTable({
      caption: t("restatements"), text: [1, 2], className: "wide", head: ["KPI", t("month"), t("channel"), t("then"), t("now"), t("difference")],
      rows: ordered.slice(0, 20).map((row) => {
        const unit = kpiInfo(row.kpi)?.unit;
        return [kpiLink(row.kpi), monthLabel(row.month, "short"), channelLabel(row.channel_key), inUnit(row.then, unit), inUnit(row.now, unit), signed(row.delta, (value) => inUnit(value, unit))];
      }),
    }));
  }
  if (maturing) put(body, note(t("maturing", { n: count(maturing) })));
}, "mart_restatements");

function checkSummary() {
  const { status, checks, warnings } = PAYLOAD.checks;
  if (!checks) return t(`status_${publication().quality_status || "unknown"}`);
  return [t(`status_${status}`), ": ", t("check_counts", { pass: count(checks.pass || 0), warn: count(warnings.length) })];
}

/** Days between a source's last data and the day shown; null where no source says. */
function daysBehind() {
  let through = {};
  try {
    through = JSON.parse(publication().data_through_by_source || "{}");
  } catch {
    return [];
  }
  const asOf = new Date(`${publication().as_of}T00:00:00Z`);
  return Object.entries(through).map(([source, day]) => ({
    source, day, behind: day ? Math.max(Math.round((asOf - new Date(`${day.slice(0, 10)}T00:00:00Z`)) / 86400000), 0) : null,
  }));
}
const STALE_DAYS = 2;
const staleSources = () => daysBehind().filter((each) => each.behind === null || each.behind > STALE_DAYS);

function freshness() {
  if (!daysBehind().length) return emptyNote(t("no_freshness"));
  return dataTable({
    caption: t("freshness"), head: [t("source"), t("data_through"), t("days_behind")],
    rows: daysBehind().map(({ source, day, behind }) => ({
      data: { "data-source": source },
      cells: [source, dayLabel(day), { text: behind === null ? NOTHING : count(behind), class: behind > STALE_DAYS ? "bad" : "", value: behind }],
    })),
  });
}

section("quality", "quality", "none", (body) => {
  const rows = table("quality");
  const shown = publication();
  const stated = [[t("version"), shown.version || NOTHING], [t("published_at"), shown.published_at ? `${shown.published_at.slice(0, 16).replace("T", " ")} UTC` : NOTHING],
    [t("as_of"), dayLabel(shown.as_of)], [t("checks"), checkSummary()], [t("time_zone"), shown.reporting_time_zone || NOTHING]];
  put(body, h("dl", { class: "facts" }, stated.map(([name, value]) => h("div", null, h("dt", null, name), h("dd", null, value)))));
  if (PAYLOAD.checks.warnings?.length) put(body, h("ul", { class: "warnings" }, PAYLOAD.checks.warnings.map((text) => h("li", null, text))));
  const totals = rows.filter((row) => row.rule === "all");
  const landed = sum(totals, "rows_in");
  const left = sum(totals, "rows_quarantined");
  put(body, h("p", { class: "lead", id: "excluded" }, left
    ? t("excluded_lead", { rows: count(left), of: count(landed), pct: percent(ratio(left, landed), 2), money: money(sum(totals, "money_quarantined")) })
    : t("excluded_none", { of: count(landed) })));
  const superseded = sum(totals, "rows_superseded");
  if (superseded) put(body, h("p", { id: "superseded" }, t("superseded_lead", { rows: count(superseded), money: money(sum(totals, "money_superseded")) })));
  if (sum(totals, "money_left_out")) put(body, h("p", { id: "left-out" }, t("left_out_lead", { money: money(sum(totals, "money_left_out")) })));
  put(body, h("h3", null, t("freshness")), freshness());
  const moneyOut = (row) => Number(row.money_quarantined) + Number(row.money_superseded || 0) + Number(row.money_left_out || 0);
  const rules = rows.filter((row) => row.rule !== "all" && row.rows_affected > 0).sort((a, b) => moneyOut(b) - moneyOut(a) || b.rows_affected - a.rows_affected);
  put(body, h("h3", null, t("rules_title")));
  if (!rules.length) put(body, emptyNote(t("no_rules")));
  else {
    put(body, dataTable({
      caption: t("rules_title"), text: [1, 2, 3], className: "wide", head: [t("source"), t("entity"), t("rule"), t("treatment"), t("rows"), t("share"), t("money_out")],
      rows: rules.map((row) => [row.source_name, row.entity, row.rule.replaceAll("_", " "), t(`severity_${row.severity}`), { text: count(row.rows_affected), value: row.rows_affected },
        isNumber(row.rows_affected_pct) ? `${upTo(row.rows_affected_pct, 2)}\u00a0%` : NOTHING,
        [money(moneyOut(row)), row.rows_unvalued ? h("small", null, ` + ${t("unvalued", { n: count(row.rows_unvalued) })}`) : null]]),
    }));
  }
}, "mart_data_quality");

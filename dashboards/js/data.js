// The embedded tables, unpacked on first use (see onefunnel/report/columns.py), and look-ups over them.
const PAYLOAD = JSON.parse(document.getElementById("data").textContent);
const WORDS = JSON.parse(document.getElementById("words").textContent);
const unpacked = new Map();
const indexes = new Map();

function unpackColumn(column) {
  let values = column.v;
  if (!values) {
    values = [];
    for (let i = 0; i < column.r.length; i += 2) for (let k = 0; k < column.r[i + 1]; k++) values.push(column.r[i]);
  }
  return column.d ? values.map((position) => (position === null ? null : column.d[position])) : values;
}

/** Rows of an embedded table as objects; an empty list when this version does not hold it. */
function table(name) {
  if (!unpacked.has(name)) {
    const packed = PAYLOAD.tables[name];
    const rows = [];
    if (packed) {
      const columns = Object.entries(packed.c).map(([key, column]) => [key, unpackColumn(column)]);
      for (let i = 0; i < packed.n; i++) {
        const row = {};
        for (const [key, values] of columns) row[key] = values[i];
        rows.push(row);
      }
    }
    unpacked.set(name, rows);
  }
  return unpacked.get(name);
}

/** Rows of a table grouped by the given keys: group("kpi", "kpi", "channel_key")("leads", "all") -> rows. */
function group(name, ...keys) {
  const id = `${name}|${keys.join("|")}`;
  if (!indexes.has(id)) {
    const found = new Map();
    for (const row of table(name)) {
      const key = keys.map((part) => row[part]).join("|");
      if (found.has(key)) found.get(key).push(row);
      else found.set(key, [row]);
    }
    indexes.set(id, found);
  }
  return (...values) => indexes.get(id).get(values.join("|")) || [];
}

const MONTHS = PAYLOAD.months;
const hasTable = (name) => name in PAYLOAD.tables;
const publication = () => table("publication")[0] || {};
const kpiRow = (kpi, channel, month) => group("kpi", "kpi", "channel_key", "month")(kpi, channel, month)[0] || null;
const kpiInfo = (kpi) => group("kpis", "kpi_key")(kpi)[0] || null;
const stageInfo = (stage) => group("stages", "stage_key")(stage)[0] || null;
const stageOf = (role) => table("stages").find((stage) => (stage.role || "").split(" ").includes(role));
// What a verdict can speak of: clients, the stage that is handed over to sales, leads; and money.
const METRICS = ["new_clients", stageOf("handoff")?.stage_key, "leads", "new_client_revenue", "revenue"].filter(Boolean);
const funnelStages = () => table("stages").filter((stage) => !stage.is_terminal);
const sum = (rows, key) => rows.reduce((total, row) => total + (row[key] || 0), 0);
/** Null without a denominator, and where the numerator is unknown: JavaScript would take null for 0. */
const ratio = (numerator, denominator) => (isNumber(numerator) && denominator ? numerator / denominator : null);

function shiftMonth(month, by) {
  const moved = new Date(`${month}T00:00:00Z`);
  moved.setUTCMonth(moved.getUTCMonth() + by);
  return moved.toISOString().slice(0, 10);
}

/** The months up to and including `month`, at most `count`. */
function monthsUpTo(month, count) {
  return MONTHS.filter((each) => each <= month).slice(-count);
}

const isPartial = (month) => group("economics", "month")(month).some((row) => row.is_partial)
  || group("kpi", "month")(month).some((row) => row.is_partial);

// Every KPI with its formula and what dates it: where each figure's link leads.
section("glossary", "glossary", "none", (body) => {
  put(body, note(t("glossary_note")));
  for (const department of ["marketing", "sales"]) {
    put(body, h("h3", null, departmentLabel(department)), h("dl", { class: "glossary" },
      table("kpis").filter((row) => row.department === department).map((row) => h("div", { id: `def-${row.kpi_key}`, tabindex: "-1" },
        h("dt", null, labelOf(row, row.kpi_key), " ", h("code", null, row.kpi_key)),
        h("dd", null, h("span", { class: "formula" }, row.formula),
          h("span", { class: "faint" }, ` · ${t(`basis_word_${row.basis}`)} · ${t(`unit_${row.unit}`)} · ${t(`direction_${row.direction}`)}`))))));
  }
});

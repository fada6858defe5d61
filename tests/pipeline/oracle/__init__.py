"""An independent calculation of every KPI from the source files, for tests only.

Written from the KPI contract, without the warehouse's SQL: plain Python for the funnel, pandas for the sums.
`read_template` / `read_zoho` -> `Source` -> `build_funnel` -> `kpi_monthly` and the other marts -> `compare`.
"""

"""The build on Spark: landing handed over as Parquet, dbt run there, facts and marts taken back."""

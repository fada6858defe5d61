# The image of every Airflow service and of the onefunnel command: the locked dependencies and this project, run by an ordinary user.
FROM python:3.12-slim AS dependencies
RUN python -m venv /opt/venv
COPY requirements.lock /tmp/requirements.lock
RUN /opt/venv/bin/pip install --no-cache-dir --require-hashes --requirement /tmp/requirements.lock

FROM python:3.12-slim
RUN useradd --create-home --uid 50000 onefunnel \
    && install --directory --owner=onefunnel /var/lib/onefunnel /opt/airflow /opt/airflow/logs
COPY --from=dependencies /opt/venv /opt/venv
WORKDIR /opt/onefunnel
COPY . .
# An editable install keeps models, seeds, expectations and dashboards where the package looks for them: beside it.
RUN /opt/venv/bin/pip install --no-cache-dir --no-deps --no-build-isolation --editable .
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    AIRFLOW_HOME=/opt/airflow \
    AIRFLOW__CORE__DAGS_FOLDER=/opt/onefunnel/dags \
    AIRFLOW__CORE__LOAD_EXAMPLES=False \
    AIRFLOW__USAGE_DATA_COLLECTION__ENABLED=False \
    DBT_SEND_ANONYMOUS_USAGE_STATS=false \
    GX_ANALYTICS_ENABLED=false \
    ONEFUNNEL_PROJECT_DIR=/opt/onefunnel \
    ONEFUNNEL_HOME=/var/lib/onefunnel
USER onefunnel
VOLUME ["/var/lib/onefunnel"]
CMD ["onefunnel", "--help"]

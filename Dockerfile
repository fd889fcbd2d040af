# Two stages: of the one that builds, nothing but its packages is left in the image that runs.
FROM python:3.13-slim AS build
WORKDIR /app
RUN python -m venv /venv
COPY pyproject.toml README.md ./
COPY bot/__init__.py bot/
# Editable: the package stays in /app, beside the catalogues it reads from /app/locales.
RUN /venv/bin/pip install --no-cache-dir --editable . && /venv/bin/pip uninstall --yes pip

FROM python:3.13-slim
# Time zones come from the tzdata package that pyproject.toml asks for, not from the base image.
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 PYTHONTZPATH= \
    HTTP_HOST=0.0.0.0 HTTP_PORT=8081 DATA_DIR=/data LOG_FORMAT=json
RUN useradd --system --uid 10001 --home-dir /nonexistent --shell /usr/sbin/nologin bot \
    && install --directory --owner bot --mode 700 /data
WORKDIR /app
COPY --from=build /venv /venv
COPY pyproject.toml README.md ./
COPY locales locales
COPY bot bot
# Once here instead of at each start, where nothing can be written.
RUN python -m compileall -q bot
USER bot
# Only written to by the embedded Redis, when REDIS_URL is not set.
VOLUME /data
EXPOSE 8081
HEALTHCHECK --interval=15s --timeout=4s --start-period=20s --retries=4 \
    CMD ["python", "-c", "import os, urllib.request as web; web.urlopen(f'http://127.0.0.1:{os.environ[\"HTTP_PORT\"]}/healthz', timeout=3)"]
CMD ["python", "-m", "bot", "run"]

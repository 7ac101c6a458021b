#!/bin/bash
# Runs once, inside the influxdb:2 image, after its first setup: a user who may only read, for Grafana.
# The variables DOCKER_INFLUXDB_INIT_* are set by the image.
set -euo pipefail
influx v1 auth create \
    --org "$DOCKER_INFLUXDB_INIT_ORG" \
    --read-bucket "$DOCKER_INFLUXDB_INIT_BUCKET_ID" \
    --username "$NIGEHBAN_INFLUX_READER" \
    --password "$NIGEHBAN_INFLUX_READER_PASSWORD"
influx v1 dbrp create \
    --org "$DOCKER_INFLUXDB_INIT_ORG" \
    --bucket-id "$DOCKER_INFLUXDB_INIT_BUCKET_ID" \
    --db "$DOCKER_INFLUXDB_INIT_BUCKET" \
    --rp autogen \
    --default

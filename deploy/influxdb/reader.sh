#!/bin/bash
# Runs once, inside the influxdb:2 image, after its first setup: the bucket of hourly rollups beside the
# first, and a user who may only read both, for Grafana. `nigehban influx setup` finds all of it there.
# The variables DOCKER_INFLUXDB_INIT_* are set by the image.
set -euo pipefail
years="${DOCKER_INFLUXDB_INIT_BUCKET}_years"
influx bucket create \
    --org "$DOCKER_INFLUXDB_INIT_ORG" \
    --name "$years" \
    --retention 1825d \
    --shard-group-duration 91d
years_id=$(influx bucket list --org "$DOCKER_INFLUXDB_INIT_ORG" --name "$years" --hide-headers | cut -f 1)
influx v1 auth create \
    --org "$DOCKER_INFLUXDB_INIT_ORG" \
    --read-bucket "$DOCKER_INFLUXDB_INIT_BUCKET_ID" \
    --read-bucket "$years_id" \
    --username "$NIGEHBAN_INFLUX_READER" \
    --password "$NIGEHBAN_INFLUX_READER_PASSWORD"
for bucket in "$DOCKER_INFLUXDB_INIT_BUCKET_ID $DOCKER_INFLUXDB_INIT_BUCKET" "$years_id $years"; do
    influx v1 dbrp create \
        --org "$DOCKER_INFLUXDB_INIT_ORG" \
        --bucket-id "${bucket%% *}" \
        --db "${bucket#* }" \
        --rp autogen \
        --default
done

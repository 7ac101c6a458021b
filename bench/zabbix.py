"""Zabbix 6.0 with PostgreSQL, the rival that polls and stores: its CPU a value, over our responder.

    python -m bench.zabbix '{"seconds": 10, "runs": 3}'

Zabbix is told ten OIDs a host and nothing else: no triggers, no trends, no housekeeping. Prints one
line of JSON. The figure is nearly the same from 2,000 to 15,000 values a second.
"""

from __future__ import annotations

import contextlib
import gzip
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from bench import city, peers
from bench.table import middle

SCHEMA = Path("/usr/share/zabbix-server-pgsql/schema.sql.gz")
POLLERS = 50
CONNECTIONS = POLLERS + 50
"""Each poller has one to the database, and so has each of Zabbix's other processes."""
GROWN = 10
"""Polls of a host until one request asks all its OIDs: Zabbix begins with one and dares more."""
STEADY = 0.95
"""The share of the values asked for that must be stored; below it Zabbix is behind its schedule."""

_CONF = """DBHost={folder}
DBName=postgres
DBUser=zabbix
LogFile={folder}/zabbix.log
LogFileSize=0
PidFile={folder}/zabbix.pid
SocketDir={folder}
DebugLevel=1
Timeout=3
StartPollers={pollers}
StartDBSyncers=4
StartPreprocessors=2
StartPollersUnreachable=1
StartPingers=0
StartTrappers=0
StartDiscoverers=0
StartHTTPPollers=0
StartODBCPollers=0
StartHistoryPollers=1
StartAlerters=1
StartLLDProcessors=1
CacheSize=256M
HistoryCacheSize=256M
HistoryIndexCacheSize=64M
ValueCacheSize=128M
TrendCacheSize=64M
HousekeepingFrequency=0
ProblemHousekeepingFrequency=3600
CacheUpdateFrequency=3600
"""
"""What an administrator of a large Zabbix sets; what it does not need for this is not started."""


def _unprivileged() -> list[str]:
    """Neither PostgreSQL nor Zabbix runs as root; setpriv leaves no process of its own in between."""
    if os.geteuid():
        return []
    return ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"]


class Database:
    """An empty PostgreSQL on a unix socket; fsync and all else as the package has them."""

    def __init__(self, folder: Path, psql: str, pid: int) -> None:
        self.folder, self.pid = folder, pid
        self._command = [psql, "-h", str(folder), "-U", "zabbix", "-qAt", "-v", "ON_ERROR_STOP=1", "postgres"]

    def run(self, sql: str) -> str:
        done = subprocess.run(self._command, input=sql, capture_output=True, text=True, check=False)
        if done.returncode:
            raise RuntimeError(f"psql: {done.stderr.strip().splitlines()[-1:]}")
        return done.stdout

    def stored(self) -> int:
        """Values in the history."""
        return int(self.run("SELECT count(*) FROM history_uint"))


@contextlib.contextmanager
def postgresql() -> Iterator[Database]:
    """In a temporary folder that goes with it."""
    initdb = peers.program("initdb", "postgresql")
    tools = Path(initdb).resolve().parent
    with tempfile.TemporaryDirectory() as folder:
        data = f"{folder}/data"
        if not os.geteuid():
            shutil.chown(folder, "postgres", "postgres")
        create = [*_unprivileged(), initdb, "-D", data, "-U", "zabbix", "-A", "trust", "-E", "UTF8", "-N"]
        done = subprocess.run([*create, "--locale=C"], capture_output=True, text=True, check=False)
        if done.returncode:
            raise RuntimeError(f"initdb: {done.stderr.strip().splitlines()[-1:]}")
        settings = [
            f"max_connections={CONNECTIONS}",
            "listen_addresses=",
            f"unix_socket_directories={folder}",
        ]
        command = [*_unprivileged(), str(tools / "postgres"), "-D", data]
        for setting in settings:
            command += ["-c", setting]
        with peers.running(command, patience_s=30) as child:
            ready = [str(tools / "pg_isready"), "-q", "-h", folder]
            peers.wait_for(lambda: not subprocess.run(ready, check=False).returncode, 20, "PostgreSQL")
            yield Database(Path(folder), str(tools / "psql"), child.pid)


def fill(database: Database, hosts: int, port: int, delay_s: int) -> None:
    """Zabbix's schema and, in place of its front end, its rows for hosts 1 to `hosts` and their items."""
    each = range(1, hosts + 1)
    items = [(host, at) for host in each for at in range(len(city.ASKED))]
    rows: dict[str, list[tuple[object, ...]]] = {
        "role (roleid, name)": [(1, "none")],
        "users (userid, username, roleid)": [(1, "nobody", 1)],
        "hstgrp (groupid, name)": [(1, "City")],
        "config (configid, discovery_groupid)": [(1, 1)],
        "hosts (hostid, host, name)": [(n, f"ups{n}", f"ups{n}") for n in each],
        "hosts_groups (hostgroupid, hostid, groupid)": [(n, n, 1) for n in each],
        "interface (interfaceid, hostid, main, type, ip, port, available)": [
            (n, n, 1, 2, city.address(n), port, 1) for n in each
        ],
        "interface_snmp (interfaceid, version, bulk, community)": [(n, 2, 1, city.COMMUNITY) for n in each],
        # type 20: SNMP agent; value type 3: unsigned
        "items (itemid, hostid, interfaceid, type, value_type, key_, snmp_oid, delay, history, trends)": [
            (n, host, host, 20, 3, f"m{at}", city.ASKED[at][0], f"{delay_s}s", "1d", "0")
            for n, (host, at) in enumerate(items, 1)
        ],
        "item_rtdata (itemid)": [(n,) for n, _ in enumerate(items, 1)],
    }
    sql = [gzip.decompress(SCHEMA.read_bytes()).decode()]
    for table, lines in rows.items():
        sql += [f"COPY {table} FROM stdin;", *("\t".join(map(str, line)) for line in lines), "\\."]
    database.run("\n".join([*sql, "ANALYZE;\n"]))


@contextlib.contextmanager
def server(database: Database) -> Iterator[subprocess.Popen[str]]:
    """zabbix_server over this database."""
    path = peers.program("zabbix_server", "zabbix-server-pgsql")
    conf = database.folder / "zabbix.conf"
    conf.write_text(_CONF.format(folder=database.folder, pollers=POLLERS))
    # without TZ the C library looks at /etc/localtime for each value: about a tenth of all the CPU
    command = [*_unprivileged(), "env", "TZ=UTC", path, "-f", "-c", str(conf)]
    with peers.running(command, patience_s=60) as child:
        yield child


def window(database: Database, zabbix: int, seconds: float) -> dict[str, float]:
    """CPU a value of all processes of both. Counting the values is outside of what is weighed."""
    counted, before = time.monotonic(), database.stored()
    time.sleep(0.2)  # what counted has ended, and its CPU is in PostgreSQL's account
    began, used = time.monotonic(), _used(database, zabbix)
    time.sleep(seconds)
    wall, now = time.monotonic() - began, _used(database, zabbix)
    until, after = time.monotonic(), database.stored()
    rate = (after - before) / (until - counted)
    costs = [1e6 * (b - a) / wall / max(rate, 1) for a, b in zip(used, now, strict=True)]
    return {
        "us_a_value": sum(costs),
        "postgresql_us": costs[1],
        "values_a_second": rate,
        "cores": sum(now) / wall - sum(used) / wall,
    }


def _used(database: Database, zabbix: int) -> tuple[float, float]:
    return peers.cpu_of_all(zabbix), peers.cpu_of_all(database.pid)


def measured(
    hosts: int = 3000, delay_s: int = 2, seconds: float = 10, runs: int = 3, patience_s: float = 120
) -> list[dict[str, float]]:
    """Windows from when Zabbix keeps to its schedule. Whole delays in `seconds` weigh every host alike.

    RuntimeError when it does not within `patience_s`."""
    peers.program("zabbix_server", "zabbix-server-pgsql")  # absent, it costs no database
    with peers.responder() as (port, _), postgresql() as database:
        fill(database, hosts, port, delay_s)
        asked = hosts * len(city.ASKED) / delay_s
        with server(database) as child:
            end = time.monotonic() + patience_s
            time.sleep(GROWN * delay_s)
            while window(database, child.pid, 2 * delay_s)["values_a_second"] < STEADY * asked:
                if child.poll() is not None or time.monotonic() > end:
                    raise RuntimeError(
                        f"Zabbix does not store {asked:,.0f} values/s: {_last_words(database)}"
                    )
            return [window(database, child.pid, seconds) for _ in range(runs)]


def _last_words(database: Database) -> list[str]:
    log = database.folder / "zabbix.log"
    return log.read_text().splitlines()[-1:] if log.exists() else []


if __name__ == "__main__":
    peers.compiled()
    windows = measured(**json.loads(sys.argv[1] if sys.argv[1:] else "{}"))
    print(json.dumps({"us_a_value": middle(w["us_a_value"] for w in windows), "windows": windows}))

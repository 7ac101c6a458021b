"""The programs a run is measured against: found or installed, compiled, started, stopped, weighed."""

from __future__ import annotations

import contextlib
import os
import resource
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from pathlib import Path

from bench import city

HERE = Path(__file__).parent
BUILD = HERE / "build"
PROGRAMS = ("responder", "bound_snmp", "bound_icmp")
OURS, THEIRS = {0}, {1}
"""With two cores or more, what is measured has one of them and its responder another."""


_INSTALLING_S = 180  # for a package; what takes longer counts as absent


class Absent(Exception):
    """A peer is not here and cannot be installed; its column stays empty."""


def compiled() -> None:
    """Builds what is older than its source. Absent without a C compiler."""
    BUILD.mkdir(exist_ok=True)
    for name in PROGRAMS:
        source, target = HERE / "c" / f"{name}.c", BUILD / name
        if not target.exists() or target.stat().st_mtime < source.stat().st_mtime:
            command = [program("gcc"), "-O2", "-Wall", "-Wextra", "-o", str(target), str(source)]
            subprocess.run(command, check=True)


def found(name: str) -> str | None:
    """The path of an installed program: PATH, sbin, PostgreSQL's folder, which Debian has in no PATH."""
    databases = sorted(map(str, Path("/usr/lib/postgresql").glob("*/bin")))
    return shutil.which(
        name, path=os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/sbin", *databases])
    )


def program(name: str, package: str | None = None) -> str:
    """Its path; installed by apt where this user may."""
    if (path := found(name)) is not None:
        return path
    if os.geteuid() == 0 and shutil.which("apt-get"):
        with _no_services():
            _apt("install", "-y", "-qq", "--no-install-recommends", package or name)
        if (path := found(name)) is not None:
            return path
    raise Absent(f"{name} is not here: apt-get install {package or name}")


@cache
def _apt(*words: str) -> None:
    """Once for each request: what could not be had once is not waited for again."""
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    if words[0] != "update" and not any(Path("/var/lib/apt/lists").glob("*Packages*")):
        _apt("update", "-qq")
    with contextlib.suppress(subprocess.TimeoutExpired):
        subprocess.run(
            ["apt-get", *words], env=quiet, capture_output=True, check=False, timeout=_INSTALLING_S
        )


@contextlib.contextmanager
def _no_services() -> Iterator[None]:
    """What is installed meanwhile does not start by itself: a benchmark starts its own, elsewhere."""
    policy = Path("/usr/sbin/policy-rc.d")  # asked by every Debian package; 101: forbidden
    if policy.exists():
        yield
        return
    policy.write_text("#!/bin/sh\nexit 101\n")
    policy.chmod(0o755)
    try:
        yield
    finally:
        policy.unlink()


def cores_apart() -> bool:
    return len(os.sched_getaffinity(0)) >= 2


def cpu() -> float:
    """Seconds of CPU of this process, all its threads."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def cpu_of(pid: int) -> float:
    """Seconds of CPU of another process, by the kernel's ticks of 10 ms."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def cpu_of_all(pid: int) -> float:
    """Seconds of CPU of another process and all its descendants, those that have ended too."""
    parents, used = {}, {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):  # it may end meanwhile
            fields = path.read_text().rpartition(")")[2].split()
            number = int(path.parent.name)
            parents[number] = int(fields[1])
            used[number] = sum(map(int, fields[11:15]))  # the last two: children waited for
    family = [pid]
    for member in family:
        family += [child for child, parent in parents.items() if parent == member]
    return sum(used[member] for member in family) / os.sysconf("SC_CLK_TCK")


def resident(pid: int | str = "self") -> int:
    """Octets of resident memory."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def descriptors() -> int:
    return len(os.listdir("/proc/self/fd"))


def free_port(kind: int = socket.SOCK_STREAM) -> int:
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def running(
    command: Sequence[str], pinned: bool = False, patience_s: float = 5, listening: bool = False
) -> Iterator[subprocess.Popen[str]]:
    """A child, ended with the block; killed when it has not ended in `patience_s`. `listening`: what it
    says is read from its `stdout`."""
    if pinned and cores_apart():
        command = ["taskset", "-c", ",".join(map(str, THEIRS)), *command]
    # a pipe that nobody reads would stop whoever says much
    stdout = subprocess.PIPE if listening else subprocess.DEVNULL
    child = subprocess.Popen(command, stdout=stdout, stderr=subprocess.DEVNULL, text=True)
    try:
        yield child
    finally:
        child.send_signal(signal.SIGTERM)
        try:
            child.wait(patience_s)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
        if child.stdout is not None:
            child.stdout.close()


@contextlib.contextmanager
def responder(*misbehaving: str, port: int | None = None) -> Iterator[tuple[int, int]]:
    """The SNMP agents of the whole city: (port, process id). `misbehaving` as in responder.c."""
    port = port or free_port(socket.SOCK_DGRAM)
    with tempfile.NamedTemporaryFile("w", suffix=".table") as file:
        file.write(city.table())
        file.flush()
        command = [str(BUILD / "responder"), str(port), file.name, *misbehaving]
        with running(command, pinned=True, listening=True) as child:
            assert child.stdout is not None
            if child.stdout.readline() != "ready\n":
                raise RuntimeError(f"the responder did not start on port {port}")
            yield port, child.pid


def wait_for(true: Callable[[], bool], seconds: float, what: str) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        with contextlib.suppress(OSError):
            if true():
                return
        time.sleep(0.05)
    raise RuntimeError(f"waited {seconds} s in vain for {what}")


_MODULE = """bench:
  version: 2
  max_repetitions: 25
  retries: 1
  timeout: 2s
  auth: {{community: {community}}}
  get:
{gets}
  metrics:
{metrics}
"""


def exporter_module() -> str:
    """snmp.yml of prometheus-snmp-exporter 0.21 for the same ten OIDs."""
    gets = "\n".join(f"  - {name}" for name, _, _ in city.ASKED)
    metrics = "\n".join(
        f"  - {{name: m{n}, oid: {name}, type: gauge, help: one of ten}}"
        for n, (name, _, _) in enumerate(city.ASKED)
    )
    return _MODULE.format(community=city.COMMUNITY, gets=gets, metrics=metrics)


@contextlib.contextmanager
def exporter() -> Iterator[tuple[int, int]]:
    """prometheus-snmp-exporter with the ten OIDs: (HTTP port, process id)."""
    path = program("prometheus-snmp-exporter")
    port = free_port()
    with tempfile.NamedTemporaryFile("w", suffix=".yml") as file:
        file.write(exporter_module())
        file.flush()
        listen = f"--web.listen-address=127.0.0.1:{port}"
        with running([path, f"--config.file={file.name}", listen, "--log.level=error"]) as child:
            wait_for(
                lambda: bool(urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=1)),
                10,
                "the exporter",
            )
            yield port, child.pid


_INFLUX = """reporting-disabled = true
bind-address = "127.0.0.1:{rpc}"
[meta]
  dir = "{folder}/meta"
[data]
  dir = "{folder}/data"
  wal-dir = "{folder}/wal"
  query-log-enabled = false
[http]
  bind-address = "127.0.0.1:{port}"
  log-enabled = false
[logging]
  level = "error"
[monitor]
  store-enabled = false
"""


@contextlib.contextmanager
def influxd() -> Iterator[tuple[str, int]]:
    """An empty InfluxDB 1.x with a database `cctv`: (URL, process id)."""
    path = program("influxd", "influxdb")
    port = free_port()
    with tempfile.TemporaryDirectory() as folder:
        configuration = Path(folder) / "influxdb.conf"
        configuration.write_text(_INFLUX.format(folder=folder, port=port, rpc=free_port()))
        with running([path, "run", "-config", str(configuration)]) as child:
            url = f"http://127.0.0.1:{port}"
            wait_for(lambda: bool(urllib.request.urlopen(f"{url}/ping", timeout=1)), 20, "influxd")
            create = urllib.request.Request(f"{url}/query", data=b"q=CREATE+DATABASE+cctv", method="POST")
            urllib.request.urlopen(create, timeout=10).close()
            yield url, child.pid

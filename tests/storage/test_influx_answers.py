"""What no real server can be made to say at will: a stand-in says it, and keeps a ledger of its own."""

from __future__ import annotations

import gzip
import json
import ssl
import subprocess
import threading
import zlib
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import Retryable
from domain.reading import Outcome, Probe, Reading
from storage.influx import Backoff, InfluxSink
from storage.influx_http import InfluxSettings, client, fault, find_out
from storage.influx_setup import setup
from storage.influx_sift import sift
from storage.influx_years import Roller
from storage.refusals import Refused, Rejected, TooLarge
from storage.schema import Place
from tests.peers import program, wait_until

PLACES = {"ups-1": Place("ups", "saddar", "box-1")}
SETTINGS = InfluxSettings("http://127.0.0.1:1", token="t0ken-secret")
QUICK = Backoff(first_s=0.01, most_s=0.05, refused_s=0.05)


@dataclass
class StandIn:
    """Answers requests from a script, 204 once it is spent, and remembers what it was sent."""

    version: str = "1.6.7"
    script: list[tuple[int, dict[str, str], str]] = field(default_factory=list)
    stored: list[str] = field(default_factory=list)
    asked: list[tuple[str, str, str]] = field(default_factory=list)  # method, path, authorization
    buckets: list[dict[str, object]] = field(default_factory=list)
    mappings: list[dict[str, object]] = field(default_factory=list)
    hang: threading.Event = field(default_factory=threading.Event)
    url: str = ""


@pytest.fixture
def stand_in() -> Iterator[StandIn]:
    state = StandIn()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_: object) -> None:
            """Silent."""

        def answer(self, status: int, headers: dict[str, str], body: str) -> None:
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body.encode())))
            self.end_headers()
            self.wfile.write(body.encode())

        def do(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            path = self.path.partition("?")[0]
            state.asked.append((self.command, path, self.headers.get("Authorization", "")))
            if path == "/ping":
                self.answer(204, {"X-Influxdb-Version": state.version} if state.version else {}, "")
            elif path.startswith("/api/v2/orgs"):
                self.answer(200, {}, json.dumps({"orgs": [{"id": "o1"}]}))
            elif path.startswith("/api/v2/buckets"):
                self.answer(*self.of_buckets(path, json.loads(body or b"{}")))
            elif path == "/api/v2/dbrps":
                if self.command == "POST":
                    state.mappings.append(json.loads(body))
                self.answer(200, {}, json.dumps({"content": state.mappings}))
            elif path == "/query":
                asked = parse_qs(self.path.partition("?")[2]).get("db", [""])[0]
                if state.version.startswith("3") and asked not in [one["db"] for one in state.buckets]:
                    self.answer(404, {}, json.dumps({"error": f"database not found: {asked}"}))
                else:
                    self.answer(200, {}, '{"results":[{"statement_id":0}]}')
            elif path == "/api/v3/configure/database":
                made = json.loads(body)
                known = made["db"] in [one["db"] for one in state.buckets]
                state.buckets += [] if known else [made]
                self.answer(409 if known else 200, {}, "")
            elif state.script:
                status, headers, text = state.script.pop(0)
                if status == 0:
                    state.hang.wait(10)
                    self.close_connection = True
                else:
                    self.answer(status, headers, text)
            else:
                plain = body
                if self.headers.get("Content-Encoding") == "gzip" and state.version[:1] in ("1", "v"):
                    plain = gzip.decompress(body)
                elif self.headers.get("Content-Encoding") == "gzip":  # version 3: the first member only
                    plain = zlib.decompressobj(31).decompress(body)
                state.stored += plain.decode().splitlines()
                self.answer(204, {}, "")

        def of_buckets(self, path: str, sent: dict[str, object]) -> tuple[int, dict[str, str], str]:
            asked = parse_qs(self.path.partition("?")[2]).get("name")
            if self.command == "GET":
                found = [one for one in state.buckets if [one["name"]] == asked]
                return (200 if found else 404), {}, json.dumps({"buckets": found})
            if self.command == "PATCH":
                (bucket,) = (one for one in state.buckets if path.endswith(str(one["id"])))
                bucket.update(sent)
            else:
                bucket = {"id": f"b{len(state.buckets) + 1}", **sent}
                state.buckets.append(bucket)
            return 201, {}, json.dumps(bucket)

        do_GET = do_POST = do_PATCH = do  # noqa: N815

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    state.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield state
    state.hang.set()
    server.shutdown()
    thread.join()
    server.server_close()


def readings(count: int) -> list[Reading]:
    return [Reading("ups-1", Probe.SNMP, 1_000 + n, Outcome.OK) for n in range(count)]


@pytest.mark.parametrize("version", ["1.6.7", "v2.7.1"])
@pytest.mark.parametrize(
    ("status", "headers", "body"),
    [
        (500, {}, '{"error":"timeout"}'),
        (502, {}, "<html>proxy</html>"),
        (503, {"Retry-After": "0"}, ""),
        (429, {"Retry-After": "Sat, 01 Jan 2022 00:00:00 GMT", "Date": "Sat, 01 Jan 2022 00:00:01 GMT"}, ""),
        (401, {}, '{"code":"unauthorized","message":"unauthorized access"}'),
        (403, {}, '{"error":"forbidden"}'),
        (404, {}, '{"error":"database not found: \\"cctv\\""}'),
        (400, {}, '{"error":"database is required"}'),
        (400, {}, "not even json"),
        (418, {}, ""),
        (0, {}, ""),
    ],
)
def test_whatever_the_server_answers_nothing_is_lost_and_all_is_sent_when_it_relents(
    stand_in: StandIn, tmp_path: Path, version: str, status: int, headers: dict[str, str], body: str
) -> None:
    stand_in.version = version
    stand_in.script = [(status, headers, body)] * 2
    settings = InfluxSettings(stand_in.url, token="t0ken-secret", timeout_s=0.1 if status == 0 else 5)
    sink = InfluxSink(settings, PLACES, tmp_path, backoff=QUICK)
    sink.write(readings(10))
    wait_until(lambda: bool(stand_in.stored), 5)
    assert sink.flush(5), sink.health()
    assert len(set(stand_in.stored)) == 10
    assert sink.health().tally.acknowledged_lines == 10
    assert not (tmp_path / "parked.lp").exists()
    writes = [(path, auth) for _, path, auth in stand_in.asked if path.endswith("write")]
    assert {path for path, _ in writes} == {"/api/v2/write" if version == "v2.7.1" else "/write"}
    assert {auth for _, auth in writes} == {"Token t0ken-secret"}
    sink.close()


@pytest.mark.parametrize("version", ["1.6.7", "v2.7.1", "3.1.0", ""])
def test_many_batches_of_a_backfill_reach_every_server_whole(
    stand_in: StandIn, tmp_path: Path, version: str
) -> None:
    stand_in.version = version
    stand_in.script = [(500, {}, "")] * (3 if version else 4)  # they gather; "" is asked once more
    sink = InfluxSink(
        InfluxSettings(stand_in.url), PLACES, tmp_path, backoff=Backoff(first_s=0.2, most_s=0.2)
    )
    for reading in readings(50):
        sink.write([reading])
    assert sink.flush(10), sink.health()
    assert len(set(stand_in.stored)) == len(stand_in.stored) == 50
    sink.close()


def test_the_wait_a_server_asks_for_is_kept_to() -> None:
    backoff = Backoff(first_s=1, most_s=60, refused_s=30, asked_s=300)
    for failures, longest in [(1, 1), (2, 2), (5, 16), (50, 60)]:
        assert longest * 0.75 <= backoff.wait(failures, Retryable("")) <= longest
    assert backoff.wait(9, Retryable("", after_s=7)) == 7
    assert backoff.wait(1, Retryable("", after_s=86_400)) == 300
    assert backoff.wait(1, Refused("")) == 30
    asked = fault(503, "", {"retry-after": "12"}, SETTINGS)
    assert isinstance(asked, Retryable)
    assert asked.after_s == 12
    dated = {"Retry-After": "Sat, 01 Jan 2022 00:01:00 GMT", "Date": "Sat, 01 Jan 2022 00:00:00 GMT"}
    assert getattr(fault(429, "", dated, SETTINGS), "after_s", None) == 60


def test_a_secret_echoed_by_the_server_is_not_passed_on() -> None:
    for status in (400, 401, 413, 422, 500, 503):
        body = '{"error":"partial write: unable to parse t0ken-secret dropped=0"}'
        assert "t0ken-secret" not in str(fault(status, body, {}, SETTINGS))
    assert "t0ken-secret" not in repr(SETTINGS)


@pytest.mark.parametrize("url", ["influx:8086", "http://", "http://user:word@host:8086", "ftp://host"])
def test_a_url_that_is_none_or_holds_credentials_is_refused_without_showing_it(url: str) -> None:
    with pytest.raises(ValueError) as caught:
        InfluxSettings(url)
    assert "word" not in str(caught.value)


@pytest.mark.parametrize(
    ("version", "script", "v2"),
    [
        ("1.7.11", [], False),
        ("1.8.10", [], True),
        ("v2.7.1", [], True),
        ("3.1.0", [], True),
        ("", [(404, {}, "404 page not found")], False),
        ("", [(404, {}, '{"error":"database not found"}')], True),
        ("", [(401, {}, "")], True),
        ("unknown", [], True),
    ],
)
def test_the_write_road_is_found_out_from_the_server(
    stand_in: StandIn, version: str, script: list[tuple[int, dict[str, str], str]], v2: bool
) -> None:
    stand_in.version, stand_in.script = version, script
    settings = InfluxSettings(stand_in.url)
    with client(settings) as http:
        assert find_out(http, settings).v2 is v2


def test_buckets_and_their_mappings_are_made_once_and_only_ever_lengthened(stand_in: StandIn) -> None:
    stand_in.version = "v2.7.1"
    settings = InfluxSettings(stand_in.url, "cctv", org="city", token="t")
    assert setup(settings, raw_days=30, rollup_days=700)[1:] == [
        "made bucket cctv, kept 30 days",
        "mapped database cctv to it, for InfluxQL",
        "made bucket cctv_years, kept 700 days",
        "mapped database cctv_years to it, for InfluxQL",
    ]
    assert setup(settings, raw_days=30, rollup_days=700)[1:] == [
        "bucket cctv was there",
        "database cctv was mapped to it",
        "bucket cctv_years was there",
        "database cctv_years was mapped to it",
    ]
    assert "lengthened retention of cctv to 60 days" in setup(settings, raw_days=60, rollup_days=700)
    said = setup(settings, raw_days=7, rollup_days=0)
    assert "left retention of cctv at 60 days: shortening it would delete" in said
    assert "lengthened retention of cctv_years to for ever" in said
    assert [(one["name"], one["retentionRules"]) for one in stand_in.buckets] == [
        ("cctv", [{"type": "expire", "everySeconds": 60 * 86_400}]),
        ("cctv_years", []),
    ]
    assert [(one["database"], one["bucketID"], one["default"]) for one in stand_in.mappings] == [
        ("cctv", "b1", True),
        ("cctv_years", "b2", True),
    ]


def test_a_virtual_mapping_does_and_a_mapping_to_another_bucket_is_left(stand_in: StandIn) -> None:
    stand_in.version = "v2.7.1"
    settings = InfluxSettings(stand_in.url, "cctv", org="city", token="t")
    stand_in.buckets = [{"id": "b1", "orgID": "o1", "name": "cctv"}]
    stand_in.mappings = [
        {"database": "cctv", "bucketID": "b1", "virtual": True},
        {"database": "cctv_years", "bucketID": "theirs"},
    ]
    said = setup(settings, raw_days=0)
    assert "database cctv was mapped to it" in said
    assert (
        "left database cctv_years mapped to another bucket: InfluxQL does not read bucket cctv_years" in said
    )
    assert len(stand_in.mappings) == 2


def test_the_bucket_of_years_is_kept_in_long_shards(stand_in: StandIn) -> None:
    stand_in.version = "v2.7.1"
    setup(InfluxSettings(stand_in.url, "cctv", org="city", token="t"), raw_days=30)
    (years,) = (one for one in stand_in.buckets if one["name"] == "cctv_years")
    rule = {"type": "expire", "everySeconds": 1825 * 86_400, "shardGroupDurationSeconds": 91 * 86_400}
    assert years["retentionRules"] == [rule]


def test_databases_of_version_3_are_made_once(stand_in: StandIn) -> None:
    stand_in.version = "3.1.0"
    settings = InfluxSettings(stand_in.url, "cctv", token="t")
    assert setup(settings, raw_days=30)[1:] == [
        "made database cctv, kept 30 days",
        "made database cctv_years, kept 1825 days",
    ]
    kept = "kept as it was made: version 3 changes no retention"
    again = [f"database {name} was there, {kept}" for name in ("cctv", "cctv_years")]
    assert setup(settings, raw_days=30)[1:] == again
    assert stand_in.buckets[1] == {"db": "cctv_years", "retention_period": "1825d"}


@pytest.mark.filterwarnings("ignore:Unverified HTTPS")
@pytest.mark.parametrize("version", ["v2.7.1", "3.1.0"])
def test_rollups_of_newer_versions_say_what_to_do_before_there_is_a_database(
    stand_in: StandIn, version: str
) -> None:
    stand_in.version = version
    settings = InfluxSettings(stand_in.url, "cctv", org="city", token="long-secret")
    with closing(Roller(settings)) as roller:
        if version.startswith("3"):
            with pytest.raises(Refused, match=r"database not found: cctv.*run `nigehban influx setup`"):
                roller.roll(0)
        setup(settings)
        assert roller.roll(0).lines == 0  # nothing is there to be rolled up
        assert roller.newest(0) is None


def test_a_certificate_is_checked_unless_told_not_to(tmp_path: Path) -> None:
    key, cert = tmp_path / "key.pem", tmp_path / "cert.pem"
    subject = "-x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost -addext subjectAltName=IP:127.0.0.1"
    subprocess.run(
        [program("openssl"), "req", *subject.split(), "-keyout", str(key), "-out", str(cert)],
        check=True,
        capture_output=True,
    )
    got: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            """Silent."""

        def do_GET(self) -> None:
            self.send_response(204)
            self.send_header("X-Influxdb-Version", "1.8.10")
            self.end_headers()

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            got.extend(gzip.decompress(body).decode().splitlines())
            self.send_response(204)
            self.end_headers()

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    url = f"https://127.0.0.1:{server.server_port}"
    try:
        sink = InfluxSink(InfluxSettings(url), PLACES, tmp_path / "a", backoff=QUICK)
        sink.write(readings(1))
        wait_until(lambda: "CERTIFICATE_VERIFY_FAILED" in sink.health().error)
        sink.close()
        assert got == []
        for place, verify in (("a", str(cert)), ("b", False)):
            sink = InfluxSink(InfluxSettings(url, verify=verify), PLACES, tmp_path / place, backoff=QUICK)
            sink.write(readings(1))
            assert sink.flush(5), sink.health()
            sink.close()
        assert len(got) == 3
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@given(st.lists(st.sampled_from(["good", "bad", "big", "unnamed"]), max_size=60), st.integers(1, 40))
def test_sifting_stores_every_good_line_and_names_every_bad_one(kinds: list[str], most: int) -> None:
    lines = [f"{kind} v={n}".encode() for n, kind in enumerate(kinds)]
    stored: set[bytes] = set()

    def send(part: list[bytes] | object) -> None:
        sent = list(part)  # type: ignore[call-overload]
        if len(sent) > most or (len(sent) == 1 and sent[0].startswith(b"big")):
            raise TooLarge("too large")
        bad = [line for line in sent if line.startswith(b"bad")]
        unnamed = [line for line in sent if line.startswith((b"unnamed", b"big"))]
        stored.update(line for line in sent if line.startswith(b"good"))
        if bad:
            said = "\n".join(f"unable to parse '{line.decode()}': odd" for line in bad)
            raise Rejected(json.dumps({"error": f"partial write: {said} dropped=0"}))
        if unnamed:
            raise Rejected(f"partial write: beyond retention dropped={len(unnamed)}")

    found = sift(lines, send)
    assert {line for line, _ in found} == {line for line in lines if not line.startswith(b"good")}
    assert len(found) == len({line for line, _ in found})
    assert stored == {line for line in lines if line.startswith(b"good")}


def test_the_lines_version_3_names_by_number_are_parked_with_its_words() -> None:
    told = {
        "error": "partial write of line protocol occurred",
        "data": [{"original_line": "b v", "line_number": 2, "error_message": "no value"}],
    }
    sent: list[list[bytes]] = []

    def send(part: object) -> None:
        sent.append(list(part))  # type: ignore[call-overload]
        if b"b v" in sent[-1]:
            raise Rejected(json.dumps(told))

    assert sift([b"a v=1", b"b v", b"c v=1"], send) == [(b"b v", "no value")]
    assert sent == [[b"a v=1", b"b v", b"c v=1"], [b"a v=1", b"c v=1"]]

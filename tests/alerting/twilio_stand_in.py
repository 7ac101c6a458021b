"""A stand-in for Twilio's Messages resource: a process of its own, with its own ledger.

    python -m tests.alerting.twilio_stand_in PORT LEDGER

LEDGER gets one JSON line for each message truly taken, written before the answer; it is the proof
of what people would have received. It knows as much of the API as the driver uses: create, list by
To and DateSent>, paging. Faults are set by POST /control with JSON; each lists the rates of

    refuse    429 before anything is taken          drop      taken, then the connection is cut
    error     500 after it was taken                reset     cut before anything is taken
    refuse_get  429 to a listing
    hang_s    seconds to wait before an answer      queued    true: date_sent stays empty
    numbers   {number: code}: 400 with that code    seed      of the dice

GET /control gives the counts of requests and of each fault.
"""

from __future__ import annotations

import json
import random
import socket
import sys
import threading
import time
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

PAGE = 50


class Ledger:
    def __init__(self, file: Path) -> None:
        self.lock = threading.Lock()
        self.file = file.open("a", encoding="utf-8")
        self.messages: list[dict[str, Any]] = []
        self.faults: dict[str, Any] = {}
        self.counts: dict[str, int] = {}
        self.dice = random.Random(0)

    def count(self, what: str) -> None:
        with self.lock:
            self.counts[what] = self.counts.get(what, 0) + 1

    def strikes(self, fault: str) -> bool:
        with self.lock:
            struck = self.dice.random() < float(self.faults.get(fault, 0.0))
        if struck:
            self.count(fault)
        return struck

    def take(self, account: str, form: dict[str, str]) -> dict[str, Any]:
        with self.lock:
            now = format_datetime(datetime.now(UTC))
            number = len(self.messages)
            message = {
                "sid": f"SM{number:032x}",
                "account_sid": account,
                "to": form["To"],
                "from": form.get("From"),
                "messaging_service_sid": form.get("MessagingServiceSid"),
                "body": form["Body"],
                "status": "queued",
                "date_created": now,
                "date_updated": now,
                "date_sent": None if self.faults.get("queued") else now,
                "validity_period": form.get("ValidityPeriod"),
                "direction": "outbound-api",
                "error_code": None,
                "error_message": None,
                "num_segments": "1",
                "num_media": "0",
                "price": None,
                "price_unit": "USD",
                "api_version": "2010-04-01",
                "uri": f"/2010-04-01/Accounts/{account}/Messages/SM{number:032x}.json",
                "subresource_uris": {},
            }
            self.messages.append(message)
            self.file.write(json.dumps(message) + "\n")
            self.file.flush()
            return message

    def listed(self, to: str, after: str, page: int) -> tuple[list[dict[str, Any]], bool]:
        """Newest first; as with the real thing, what was not sent yet has no date to be found by."""
        with self.lock:
            found = [m for m in reversed(self.messages) if m["to"] == to]
        if after:
            since = datetime.fromisoformat(after)
            found = [m for m in found if m["date_sent"] and parsedate_to_datetime(m["date_sent"]) >= since]
        return found[page * PAGE : (page + 1) * PAGE], len(found) > (page + 1) * PAGE


def handler(ledger: Ledger) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = 65536  # head and body in one packet: apart, the delayed acknowledgement costs 40 ms

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class's name
            pass

        def answer(self, status: int, body: Any) -> None:
            text = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        def refuse(self, status: int, code: int, message: str) -> None:
            self.answer(status, {"code": code, "message": message, "status": status, "more_info": ""})

        def cut(self) -> None:
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR)

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
            path = urlsplit(self.path).path
            if path == "/control":
                ledger.faults = json.loads(body)
                ledger.dice = random.Random(ledger.faults.get("seed", 0))
                self.answer(200, {})
                return
            ledger.count("post")
            form = {key: values[0] for key, values in parse_qs(body).items()}
            if not self.headers.get("Authorization", "").startswith("Basic "):
                self.refuse(401, 20003, "Authenticate")
            elif ledger.strikes("refuse"):
                self.refuse(429, 20429, "Too Many Requests")
            elif ledger.strikes("reset"):
                self.cut()
            elif code := ledger.faults.get("numbers", {}).get(form["To"]):
                self.refuse(400, code, f"The number {form['To']} will not do")
            else:
                if ledger.faults.get("hang_s"):
                    ledger.count("hung")
                    time.sleep(float(ledger.faults["hang_s"]))
                message = ledger.take(path.split("/")[3], form)
                if ledger.strikes("drop"):
                    self.cut()
                elif ledger.strikes("error"):
                    self.refuse(500, 20500, "Internal Server Error")
                else:
                    self.answer(201, message)

        def do_GET(self) -> None:
            split = urlsplit(self.path)
            if split.path == "/control":
                self.answer(200, ledger.counts)
                return
            ledger.count("get")
            query = {key: values[0] for key, values in parse_qs(split.query).items()}
            if ledger.strikes("refuse_get"):
                self.refuse(429, 20429, "Too Many Requests")
                return
            page = int(query.get("Page", 0))
            messages, more = ledger.listed(query.get("To", ""), query.get("DateSent>", ""), page)
            onward = (
                f"{split.path}?To={query.get('To', '').replace('+', '%2B')}&Page={page + 1}" if more else None
            )
            self.answer(200, {"messages": messages, "page": page, "page_size": PAGE, "next_page_uri": onward})

    return Handler


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def handle_error(self, request: Any, client_address: Any) -> None:
        pass  # clients that went away are part of the play


def main() -> None:
    port, file = int(sys.argv[1]), Path(sys.argv[2])
    Server(("127.0.0.1", port), handler(Ledger(file))).serve_forever()


if __name__ == "__main__":
    main()

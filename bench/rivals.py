"""The SNMP rivals: prometheus-snmp-exporter and the bound in C, over the responder that we poll too."""

from __future__ import annotations

import http.client
import subprocess
import threading

from bench import city, peers
from collector.snmp import ber
from collector.snmp.session import oid

SCRAPERS = 4


def exporter(port: int, devices: int) -> float:
    """CPU us a device, each scraped once, over kept connections."""
    with peers.exporter() as (web, pid):

        def scrape(first: int, failures: list[str]) -> None:
            connection = http.client.HTTPConnection("127.0.0.1", web)
            for number in range(first, devices, SCRAPERS):
                connection.request("GET", f"/snmp?module=bench&target={city.address(number)}:{port}")
                answer = connection.getresponse()
                body = answer.read()
                if answer.status != 200 or b"\nm9 " not in body:
                    failures.append(city.address(number))

        failures: list[str] = []
        used = peers.cpu_of(pid)
        threads = [threading.Thread(target=scrape, args=(n, failures)) for n in range(SCRAPERS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if failures:
            raise RuntimeError(f"the exporter failed for {len(failures)} devices, {failures[0]} first")
        return (peers.cpu_of(pid) - used) * 1e6 / devices


def bound(port: int, devices: int, rounds: int) -> tuple[float, float]:
    """(CPU us a device, devices a second) of one C loop that asks and reads the same."""
    request = ber.request(ber.V2C, city.COMMUNITY.encode(), ber.GET, [oid(name) for name, _, _ in city.ASKED])
    packet = request.packet(bytes(4))
    command = [peers.BUILD / "bound_snmp", port, devices, rounds, packet.hex(), len(request.head)]
    said = subprocess.run(list(map(str, command)), capture_output=True, text=True, check=True).stdout.split()
    answered, wall, used = map(float, said)
    return used * 1e6 / answered, answered / wall

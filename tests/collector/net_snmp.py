"""A real agent: snmpd on a free loopback port, open to a community and to users of every strength."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from collector.snmp.session import Credentials
from tests.peers import free_port, program, running, wait_until

STRONG = Credentials("3", user="strong", auth_protocol="SHA-512", auth_key="auth-phrase-512",
                     priv_protocol="AES-256", priv_key="priv-phrase-256")  # fmt: skip
LONGER = Credentials("3", user="longer", auth_protocol="SHA-1", auth_key="auth-phrase-lng",
                     priv_protocol="AES-256", priv_key="priv-phrase-lng")  # fmt: skip
USUAL = Credentials("3", user="usual", auth_protocol="SHA-256", auth_key="auth-phrase-256",
                    priv_protocol="AES-128", priv_key="priv-phrase-128")  # fmt: skip
LEGACY = Credentials("3", user="legacy", auth_protocol="MD5", auth_key="auth-phrase-md5",
                     priv_protocol="DES", priv_key="priv-phrase-des")  # fmt: skip
UNSEALED = Credentials("3", user="unsealed", auth_protocol="SHA-1", auth_key="auth-phrase-one")
PLAIN = Credentials("3", user="plain")

_CONF = """
rocommunity public
rocommunity6 public
sysName pole-17
createUser strong SHA-512 "auth-phrase-512" AES-256 "priv-phrase-256"
createUser longer SHA "auth-phrase-lng" AES-256 "priv-phrase-lng"
createUser plain
createUser usual SHA-256 "auth-phrase-256" AES "priv-phrase-128"
createUser legacy MD5 "auth-phrase-md5" DES "priv-phrase-des"
createUser unsealed SHA "auth-phrase-one"
rouser strong priv
rouser longer priv
rouser plain noauth
rouser usual priv
rouser legacy priv
rouser unsealed auth
"""


@contextmanager
def snmpd(folder: Path, port: int = 0, host: str = "127.0.0.1") -> Iterator[int]:
    """Its port. Started anew in the same folder it keeps its engineID and counts up its boots."""
    port = port or free_port(socket.SOCK_DGRAM, host)
    conf = folder / "snmpd.conf"
    conf.write_text(_CONF, encoding="utf-8")
    log = folder / "snmpd.log"
    log.write_bytes(b"")
    where = f"udp6:[{host}]:{port}" if ":" in host else f"udp:{host}:{port}"
    command = [program("snmpd"), "-f", "-Lo", "-C", "-c", str(conf), where]
    env = {"SNMP_PERSISTENT_DIR": str(folder / "state"), "MIBS": ""}
    with running(command, log, env):
        wait_until(lambda: b"NET-SNMP version" in log.read_bytes(), what="snmpd")
        yield port

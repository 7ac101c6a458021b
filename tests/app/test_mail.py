from __future__ import annotations

import asyncio
import email
from collections.abc import Iterator
from email.message import Message
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword

from app.mail import send
from app.settings import MailShape
from domain.errors import Permanent, Retryable
from tests.peers import free_port


class Postbox:
    """What a real SMTP server took, or how it refuses."""

    def __init__(self) -> None:
        self.taken: list[Message] = []
        self.answer = "250 taken"

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:
        if self.answer.startswith("250"):
            self.taken.append(email.message_from_bytes(envelope.content))
        await asyncio.sleep(0)
        return self.answer

    def knows(self, _server: Any, _session: Any, _envelope: Any, _how: str, given: Any) -> AuthResult:
        return AuthResult(success=given == LoginPassword(b"nigehban", b"right"), handled=False)


@pytest.fixture
def post() -> Iterator[tuple[Postbox, MailShape]]:
    box = Postbox()
    port = free_port()
    server = Controller(box, "127.0.0.1", port, authenticator=box.knows, auth_require_tls=False)
    server.start()
    settings = MailShape(
        host="127.0.0.1",
        port=port,
        security="none",
        user="nigehban",
        sender="n@city.example",
        to=["a@city.example", "b@city.example"],
    )
    yield box, settings
    server.stop()


def test_a_report_is_mailed_with_its_files(post: tuple[Postbox, MailShape], tmp_path: Path) -> None:
    box, settings = post
    page = tmp_path / "nigehban-2026-10.html"
    page.write_text("<p>99.1 %</p>")
    send(settings, "right", "Uptime 2026-10", "It is attached.", [page])
    (message,) = box.taken
    assert message["To"] == "a@city.example, b@city.example"
    names = [part.get_filename() for part in message.walk() if part.get_filename()]
    assert names == ["nigehban-2026-10.html"]


def test_a_wrong_password_is_permanent_and_not_shown(post: tuple[Postbox, MailShape]) -> None:
    with pytest.raises(Permanent) as refused:
        send(post[1], "canary-secret", "s", "b", [])
    assert "canary-secret" not in str(refused.value)


def test_a_busy_server_is_tried_again_later(post: tuple[Postbox, MailShape]) -> None:
    post[0].answer = "451 later"
    with pytest.raises(Retryable):
        send(post[1], "right", "s", "b", [])


def test_a_server_that_is_away_is_tried_again_later(post: tuple[Postbox, MailShape]) -> None:
    away = post[1].model_copy(update={"port": free_port()})
    with pytest.raises(Retryable):
        send(away, "right", "s", "b", [])

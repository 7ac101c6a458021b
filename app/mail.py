"""Mails a finished report to those the settings name. Nothing of the monitoring depends on it."""

from __future__ import annotations

import mimetypes
import smtplib
import ssl
from collections.abc import Sequence
from email.message import EmailMessage
from pathlib import Path
from typing import TYPE_CHECKING

from domain.errors import Permanent, Retryable

if TYPE_CHECKING:
    from app.settings import MailShape

TIMEOUT_S = 30


def send(settings: MailShape, password: str, subject: str, body: str, files: Sequence[Path]) -> None:
    """One message with the files attached. Retryable when the server cannot be reached or is busy,
    Permanent when it refuses us or every recipient."""
    message = EmailMessage()
    message["Subject"], message["From"], message["To"] = subject, settings.sender, ", ".join(settings.to)
    message.set_content(body)
    for path in files:
        kind = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
        main, _, sub = kind.partition("/")
        message.add_attachment(path.read_bytes(), maintype=main, subtype=sub, filename=path.name)
    try:
        _hand_over(settings, password, message)
    except smtplib.SMTPResponseException as error:
        words = f"{settings.host} answers {error.smtp_code}"
        raise (Permanent if error.smtp_code >= 500 else Retryable)(words) from None
    except smtplib.SMTPRecipientsRefused:
        raise Permanent(f"{settings.host} takes mail for none of the recipients") from None
    except (OSError, smtplib.SMTPException) as error:
        raise Retryable(f"{settings.host} cannot be reached: {error}") from None


def _hand_over(settings: MailShape, password: str, message: EmailMessage) -> None:
    context = ssl.create_default_context()
    where = (settings.host, settings.port)
    if settings.security == "tls":
        server: smtplib.SMTP = smtplib.SMTP_SSL(*where, timeout=TIMEOUT_S, context=context)
    else:
        server = smtplib.SMTP(*where, timeout=TIMEOUT_S)
    with server:
        if settings.security == "starttls":
            server.starttls(context=context)
        if settings.user:
            server.login(settings.user, password)
        server.send_message(message)

"""SMS by Twilio's REST API, API version 2010-04-01.

The API knows no idempotency key: after a lost answer the only way not to say a thing twice is to
look through the messages to that number. A 429 was never processed; a 5xx may have been.
"""

from __future__ import annotations

import logging
import re
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any, Literal, NoReturn

from pydantic import AfterValidator, Field

from config.located import read
from config.shape import Shape, validate
from domain.alarm import Delivery, DeliveryStatus
from domain.errors import ConfigError, NigehbanError, OutcomeUnknown, Permanent, Retryable
from domain.ports import Receipt

ERRORS = Path(__file__).with_name("twilio_errors.yaml")
API = "https://api.twilio.com"

SKEW = timedelta(minutes=15)
"""So far our clock and Twilio's may differ without a message being overlooked."""
LOOKED_THROUGH = 50
"""Messages to one number: more than the budget lets through in the time a delivery is valid."""

_STATUS = {  # of a Message resource; all others are on their way
    "delivered": DeliveryStatus.DELIVERED,
    "read": DeliveryStatus.DELIVERED,
    "undelivered": DeliveryStatus.UNDELIVERED,
    "failed": DeliveryStatus.FAILED,
    "canceled": DeliveryStatus.FAILED,
}


def sender_argument(sender: str) -> tuple[str, str]:
    """(argument, value) for messages.create; ValueError "what -> remedy" for what is none of the three."""
    if re.fullmatch(r"MG[0-9a-fA-F]{32}", sender):
        return "messaging_service_sid", sender
    if re.fullmatch(r"\+[1-9]\d{6,14}", sender) or re.fullmatch(r"\d{3,6}", sender):
        return "from_", sender
    if re.fullmatch(r"(?=.*[A-Za-z])[A-Za-z0-9 +\-_&]{1,11}", sender):
        return "from_", sender
    raise ValueError(
        f"{sender!r} is no sender -> write an E.164 number, a messaging service (MG and 32 hexadecimal "
        "digits), or up to 11 letters and digits with a letter among them"
    )


def _sender(value: str) -> str:
    sender_argument(value)
    return value


class TwilioShape(Shape):
    """Settings of the Twilio channel; secrets only by reference (env:NAME, file:/path)."""

    account_sid: Annotated[str, Field(pattern=r"^AC[0-9a-fA-F]{32}$")]
    api_key: Annotated[str, Field(pattern=r"^SK[0-9a-fA-F]{32}$")] | None = None
    secret: Annotated[str, Field(pattern=r"^(env|file):.+$")]  # of the key, or the account's token
    sender: Annotated[str, AfterValidator(_sender)]
    timeout_s: Annotated[float, Field(gt=0, le=14)] = 10.0
    valid_s: Annotated[int, Field(ge=300, le=900)] = 600
    base_url: str = API


@dataclass(frozen=True, slots=True)
class Credentials:
    """`user` is an API key's SID or the account's own; an API key can be revoked alone."""

    account_sid: str
    user: str
    secret: str = field(repr=False)


class _Verdict(Shape):
    kind: Literal["retryable", "permanent", "unknown"]
    why: str
    wait_s: Annotated[float, Field(gt=0)] | None = None


class _ErrorsShape(Shape):
    codes: dict[int, _Verdict]
    statuses: dict[int, _Verdict]


@dataclass(frozen=True, slots=True)
class ErrorTable:
    """twilio_errors.yaml, checked."""

    codes: Mapping[int, _Verdict]
    statuses: Mapping[int, _Verdict]

    def error(self, status: int, code: int | None, message: str) -> NigehbanError:
        """The error to raise for an answer that is not a success."""
        verdict = self.codes.get(code or 0) or self.statuses.get(status)
        if verdict is None:
            # refused and not billed: trying again costs nothing and may help; 5xx may have been taken
            kind: Literal["retryable", "unknown"] = "unknown" if status >= 500 else "retryable"
            verdict = _Verdict(kind=kind, why=message or "no reason given")
        text = f"Twilio {code or status}: {verdict.why}"
        if verdict.kind == "permanent":
            return Permanent(text, str(code or status))
        if verdict.kind == "unknown":
            return OutcomeUnknown(text, verdict.wait_s)
        return Retryable(text, verdict.wait_s)


def load_errors(path: Path = ERRORS) -> ErrorTable:
    document = read(path)
    shape, problems = validate(document, _ErrorsShape)
    if shape is None:
        raise ConfigError(problems)
    return ErrorTable(shape.codes, shape.statuses)


class TwilioChannel:
    name = "twilio"

    def __init__(
        self,
        credentials: Credentials,
        sender: str,
        *,
        timeout_s: float = 10.0,
        valid_s: int = 600,
        base_url: str = API,
        errors: ErrorTable | None = None,
    ) -> None:
        from twilio.http.http_client import TwilioHttpClient
        from twilio.rest import Client

        self._sender = dict([sender_argument(sender)])
        self._valid_s = valid_s
        self._errors = errors or load_errors()
        wire = logging.getLogger("nigehban.twilio.wire")
        wire.disabled = True  # the driver logs numbers and texts
        client = Client(
            credentials.user,
            credentials.secret,
            credentials.account_sid,
            http_client=TwilioHttpClient(timeout=timeout_s, logger=wire),  # its default is for ever
            environment={"TWILIO_REGION": ""},  # nothing is taken from the environment behind our back
        )
        client.api.base_url = base_url.rstrip("/")
        self._messages = client.messages

    def send(self, delivery: Delivery) -> Receipt:
        """Raises Retryable (not taken), OutcomeUnknown (no answer, or 5xx) or Permanent."""
        try:
            message = self._messages.create(
                to=delivery.number, body=delivery.text, validity_period=self._valid_s, **self._sender
            )
        except Exception as error:
            self._raise(error)
        return _receipt(message)

    def find(self, delivery: Delivery) -> Receipt | None:
        """The message to this number with these words, made since the delivery became due.

        Asked twice: by date sent, and without it, for a message still queued has none. A trial
        account's messages carry a prefix. The same words to the same person within the skew are
        taken for the same message, which they are to the reader.
        """
        since = datetime.fromtimestamp(delivery.at / 1000, UTC) - SKEW
        for query in ({"date_sent_after": since}, {}):
            try:
                messages = self._messages.list(to=delivery.number, limit=LOOKED_THROUGH, **query)
            except Exception as error:
                self._raise(error)
            for message in messages:
                fresh = message.date_created is None or message.date_created >= since
                if fresh and (message.body or "").strip().endswith(delivery.text.strip()):
                    return _receipt(message)
        return None

    def _raise(self, error: Exception) -> NoReturn:
        if (answer := _answered(error)) is not None:
            raise self._errors.error(*answer) from None
        if _never_left(error):
            raise Retryable(f"Twilio cannot be reached: {_root(error)}") from None
        raise OutcomeUnknown(f"no answer from Twilio: {_root(error)}") from None


def _answered(error: Exception) -> tuple[int, int | None, str] | None:
    """(HTTP status, Twilio's code, its words) of a refusal; None when there was no answer.

    The driver raises an error with these as attributes, but for a listing keeps the bare response.
    """
    from twilio.base.exceptions import TwilioException

    if not isinstance(error, TwilioException):
        return None
    response = error.args[1] if len(error.args) > 1 else None
    status = getattr(error, "status", None) or getattr(response, "status_code", None)
    if not isinstance(status, int):
        return None
    code = getattr(error, "code", None)
    words = str(getattr(error, "msg", "") or getattr(error, "title", ""))
    return status, code if isinstance(code, int) else None, words


def _receipt(message: Any) -> Receipt:
    return Receipt(str(message.sid), _STATUS.get(str(message.status), DeliveryStatus.SENT))


def _chain(error: BaseException) -> list[BaseException]:
    """The error and what it wraps: requests and urllib3 keep the cause in args or `reason`."""
    found: list[BaseException] = []
    here: object = error
    while isinstance(here, BaseException) and here not in found:
        found.append(here)
        inner = getattr(here, "reason", None)
        here = (
            inner
            if isinstance(inner, BaseException)
            else next((a for a in here.args if isinstance(a, BaseException)), here.__cause__)
        )
    return found


def _never_left(error: Exception) -> bool:
    """No connection was made, so no request can have been carried out."""
    from requests.exceptions import ConnectTimeout
    from urllib3.exceptions import NewConnectionError

    before = (ConnectTimeout, NewConnectionError, ssl.SSLCertVerificationError)
    return any(isinstance(e, before) for e in _chain(error))


def _root(error: Exception) -> str:
    """The kind of failure without addresses or parameters."""
    last = _chain(error)[-1]
    return (
        f"{type(last).__name__}: {last.strerror}"
        if isinstance(last, OSError) and last.strerror
        else type(last).__name__
    )

"""What every notifier owes: one message per id, honest failures, and never a hung sender."""

import base64
import hmac
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass

import pytest

from ringtest.control import registry
from ringtest.control.connectors.smtp import Smtp
from ringtest.control.connectors.webhook import Webhook
from ringtest.control.ports.notifier import DeliveryFailed, Message, Notifier
from tests.conformance.receivers import HttpReceiver, MailReceiver, Receiver


@dataclass
class Case:
    """A connector and a receiver made for each other."""

    receiver: Receiver
    connect: Callable[[], Notifier]

    def message(
        self,
        subject: str = "[Ring 1] it broke",
        text: str = "It broke.\n",
        address: str | None = None,
    ) -> Message:
        """A message to the receiver."""
        address = self.receiver.address if address is None else address
        return Message(
            id="0b6c", address=address, subject=subject, text=text, body={"summary": text}
        )


@pytest.fixture(params=["webhook", "mail"])
async def case(request: pytest.FixtureRequest) -> AsyncIterator[Case]:
    """Every notifier there is, with its receiver."""
    made = _webhook() if request.param == "webhook" else _mail()
    await made.receiver.start()
    yield made
    await made.receiver.stop()


def _webhook() -> Case:
    return Case(HttpReceiver(), lambda: Webhook(timeout=0.3))


def _mail() -> Case:
    receiver = MailReceiver()
    return Case(
        receiver,
        lambda: Smtp(f"smtp://127.0.0.1:{receiver.port}", "ring@example.org", timeout=0.3),
    )


def test_every_notifier_is_in_this_suite() -> None:
    found = {name for name in registry.find_connectors() if name.startswith("notifier.")}
    assert found == {"notifier.webhook", "notifier.smtp"}


async def test_a_message_arrives_with_its_id_subject_and_text(case: Case) -> None:
    answer = await case.connect().send(case.message())
    assert 0 < len(answer) <= 200
    (got,) = case.receiver.got
    assert (got.id, got.subject, got.text) == ("0b6c", "[Ring 1] it broke", "It broke.\n")


async def test_a_copy_has_the_same_id(case: Case) -> None:
    for _ in range(2):
        await case.connect().send(case.message())
    assert [got.id for got in case.receiver.got] == ["0b6c", "0b6c"]


async def test_text_of_any_language_arrives(case: Case) -> None:
    text = "Прорвало: 輪が壊れた ✗\n"
    await case.connect().send(case.message("輪 ✗", text))
    (got,) = case.receiver.got
    assert (got.subject, got.text) == ("輪 ✗", text)


async def test_a_receiver_that_is_down_is_tried_again(case: Case) -> None:
    await case.receiver.stop()
    with pytest.raises(DeliveryFailed) as failed:
        await case.connect().send(case.message())
    assert failed.value.again
    await case.receiver.start()
    await case.connect().send(case.message())
    assert len(case.receiver.got) == 1


async def test_a_busy_receiver_is_tried_again(case: Case) -> None:
    case.receiver.mood = "busy"
    with pytest.raises(DeliveryFailed) as failed:
        await case.connect().send(case.message())
    assert failed.value.again
    assert 0 < len(failed.value.answer) <= 200


async def test_a_refusal_for_good_is_final(case: Case) -> None:
    case.receiver.mood = "refusing"
    with pytest.raises(DeliveryFailed) as failed:
        await case.connect().send(case.message())
    assert not failed.value.again


async def test_a_silent_receiver_does_not_hold_the_sender(case: Case) -> None:
    case.receiver.mood = "silent"
    with pytest.raises(DeliveryFailed) as failed:
        await case.connect().send(case.message())
    assert failed.value.again


async def test_a_hostile_message_adds_no_header_and_no_receiver(case: Case) -> None:
    hostile = "broke\r\nBcc: rival@example.org\r\n\r\nhello"
    await case.connect().send(case.message(hostile))
    (got,) = case.receiver.got
    assert "bcc" not in got.headers
    if isinstance(case.receiver, MailReceiver):
        assert case.receiver.receivers == ["lab@example.org"]


@pytest.mark.parametrize(
    "address", ["", "nonsense", "ftp://x/y", "a@b\r\nRCPT TO:<c@d>", "a@b,c@d", "http://"]
)
async def test_an_address_that_cannot_be_used_is_final(case: Case, address: str) -> None:
    with pytest.raises(DeliveryFailed) as failed:
        await case.connect().send(case.message(address=address))
    assert not failed.value.again


# Webhooks alone ------------------------------------------------------------------


@pytest.fixture
async def hook() -> AsyncIterator[HttpReceiver]:
    receiver = HttpReceiver()
    await receiver.start()
    yield receiver
    await receiver.stop()


def to(hook: HttpReceiver, secret: str = "") -> Message:
    """A message for the web server."""
    return Message(id="m1", address=hook.address, subject="s", text="t", body={}, secret=secret)


@pytest.mark.parametrize(
    ("secret", "key"), [("plain", b"plain"), ("whsec_" + base64.b64encode(b"k2").decode(), b"k2")]
)
async def test_the_signature_covers_id_time_and_body(
    hook: HttpReceiver, secret: str, key: bytes
) -> None:
    await Webhook(now=lambda: 1767261600.9).send(to(hook, secret))
    (got,) = hook.got
    assert got.headers["webhook-timestamp"] == "1767261600"
    digest = hmac.digest(key, b"m1.1767261600." + got.raw, "sha256")
    assert got.headers["webhook-signature"] == f"v1,{base64.b64encode(digest).decode()}"
    assert secret.encode() not in got.raw


async def test_without_a_secret_there_is_no_signature(hook: HttpReceiver) -> None:
    await Webhook().send(to(hook))
    assert "webhook-signature" not in hook.got[0].headers


@pytest.mark.parametrize(
    ("status", "again"),
    [(301, True), (400, False), (404, False), (408, True), (410, False), (429, True), (500, True)],
)
async def test_which_answers_are_worth_another_try(
    hook: HttpReceiver, status: int, again: bool
) -> None:
    """A redirect is not followed: the signed report stays where it was sent."""
    hook.mood, hook.status = "refusing", {"refusing": status}
    with pytest.raises(DeliveryFailed) as failed:
        await Webhook().send(to(hook))
    assert failed.value.again is again
    assert failed.value.answer == f"{status} refusing"


async def test_a_long_answer_is_cut_and_cleaned(hook: HttpReceiver) -> None:
    hook.extra = b"\x00\x1b[31m" + b"x" * 100_000
    answer = await Webhook().send(to(hook))
    assert answer.startswith("200 well [31mx") and len(answer) == 200


# Mail alone ------------------------------------------------------------------------


@pytest.mark.parametrize("url", ["http://x", "smtp://", "x", ""])
def test_a_mail_server_that_cannot_be_one_is_said_at_once(url: str) -> None:
    with pytest.raises(ValueError, match="smtp"):
        Smtp(url, "ring@example.org")


def test_the_sender_must_be_a_plain_address() -> None:
    with pytest.raises(ValueError, match="plain"):
        Smtp("smtp://127.0.0.1:25", "ring@example.org\r\nBcc: x@y")


async def test_a_mail_server_that_speaks_no_tls_is_tried_again() -> None:
    receiver = MailReceiver()
    await receiver.start()
    with pytest.raises(DeliveryFailed) as failed:
        await Smtp(f"smtps://127.0.0.1:{receiver.port}", "ring@example.org", timeout=0.3).send(
            Message(id="m", address="lab@example.org", subject="s", text="t", body={})
        )
    assert failed.value.again
    await receiver.stop()

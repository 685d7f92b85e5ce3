"""What is sealed stays unreadable, and opens with the same key alone."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from ringtest.control.connectors.aes_secret_box import AesSecretBox, create
from ringtest.control.kernel.settings import Settings
from ringtest.control.ports.secret_box import SecretBox

KEY = "a key of sixteen or more characters"


def test_what_is_sealed_opens_again() -> None:
    box = AesSecretBox(KEY)
    assert isinstance(box, SecretBox)
    for secret in ("", "x", "é" * 1000):
        assert box.open(box.seal(secret)) == secret
        assert AesSecretBox(KEY).open(box.seal(secret)) == secret


def test_the_same_secret_never_looks_the_same() -> None:
    box = AesSecretBox(KEY)
    assert len({box.seal("x") for _ in range(100)}) == 100


def test_another_key_a_changed_bit_or_rubbish_is_a_value_error() -> None:
    sealed = AesSecretBox(KEY).seal("secret")
    assert b"secret" not in sealed
    with pytest.raises(ValueError, match="another key"):
        AesSecretBox(KEY + "x").open(sealed)
    for position in range(len(sealed)):
        changed = bytearray(sealed)
        changed[position] ^= 1
        with pytest.raises(ValueError, match="sealed"):
            AesSecretBox(KEY).open(bytes(changed))
    for rubbish in (b"", b"\x01", b"\x01" + b"x" * 12, b"\x02" * 60):
        with pytest.raises(ValueError, match=r"sealed|nonce|Nonce|data"):
            AesSecretBox(KEY).open(rubbish)


def test_a_short_key_is_refused() -> None:
    with pytest.raises(ValueError, match="16 characters"):
        AesSecretBox("short")


def test_the_setting_gives_the_key(tmp_path: Path) -> None:
    box = create(Settings(data=tmp_path, secret_key=KEY))
    assert AesSecretBox(KEY).open(box.seal("x")) == "x"
    assert list(tmp_path.iterdir()) == []


def test_a_key_is_made_once_and_is_for_its_owner_alone(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path / "data")
    with ThreadPoolExecutor(8) as threads:
        boxes = list(threads.map(lambda _: create(settings), range(8)))
    sealed = boxes[0].seal("x")
    assert {box.open(sealed) for box in [*boxes, create(settings)]} == {"x"}
    (file,) = settings.data.iterdir()
    assert file.stat().st_mode & 0o777 == 0o600

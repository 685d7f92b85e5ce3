"""Files leave without secrets, or not at all."""

import hashlib
from pathlib import Path

from ringtest.agent.secrets.archives import PIECE
from ringtest.agent.secrets.cleaning import Cleaned, Cleaner

TOKEN = "s3cr3t-of-the-lab"
CLEANER = Cleaner([("TOKEN", TOKEN)])


def clean(folder: Path, data: bytes) -> tuple[Cleaned | None, bytes]:
    source, target = folder / "source", folder / "out" / "target"
    source.write_bytes(data)
    found = CLEANER.clean(source, target)
    return found, target.read_bytes() if target.exists() else b""


def test_a_text_leaves_as_a_copy_without_its_secrets(tmp_path: Path) -> None:
    data = f"login {TOKEN}\npassword=hunter22\nöäü {TOKEN}".encode() + b"\xff\n"
    found, left = clean(tmp_path, data)
    assert left == "login [redacted TOKEN]\npassword=[redacted password]\nöäü ".encode() + (
        b"[redacted TOKEN]\xff\n"
    )
    assert found == Cleaned(
        len(left), hashlib.sha256(left).hexdigest(), {"TOKEN": 2, "password": 1}
    )
    assert (tmp_path / "source").read_bytes() == data


def test_a_secret_across_the_pieces_of_a_large_file_is_found(tmp_path: Path) -> None:
    line = b"x" * 79 + b"\n"
    for at in (PIECE - 5, 2 * PIECE - 1, PIECE + 100):
        text = (line * (at // 80 + 1))[:at] + TOKEN.encode()
        found, left = clean(tmp_path, text + line * 3000)
        assert found and found.found == {"TOKEN": 1}
        assert TOKEN.encode() not in left


def test_what_holds_no_secret_leaves_as_it_is(tmp_path: Path) -> None:
    assert clean(tmp_path, b"all is well\n" * 9999) == (None, b"")
    assert clean(tmp_path, b"\x7fELF\0\0" + bytes(range(256)) * 99) == (None, b"")
    assert clean(tmp_path, b"") == (None, b"")


def test_what_is_no_text_and_holds_a_value_stays(tmp_path: Path) -> None:
    noise = b"\0" + b"noise " * 60_000
    found, left = clean(tmp_path, noise + TOKEN.encode() + noise)
    assert found and found.kept == "it is no text and holds the secret TOKEN"
    assert left == b""

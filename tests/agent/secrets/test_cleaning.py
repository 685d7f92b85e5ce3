"""Files leave without secrets, or not at all."""

import bz2
import gzip
import hashlib
import io
import lzma
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from ringtest.agent.secrets import cleaning
from ringtest.agent.secrets.cleaning import PIECE, Cleaned, Cleaner

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


def in_zip(data: bytes) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.txt", b"nothing")
        archive.writestr("b.txt", data)
    return file.getvalue()


def in_tar_gz(data: bytes) -> bytes:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w:gz") as archive:
        about = tarfile.TarInfo("deep/inside.log")
        about.size = len(data)
        archive.addfile(about, io.BytesIO(data))
    return file.getvalue()


@pytest.mark.parametrize(
    "pack",
    [gzip.compress, bz2.compress, lzma.compress, in_zip, in_tar_gz, lambda data: b"\0" + data],
)
def test_what_is_no_text_and_holds_a_value_stays(
    pack: Callable[[bytes], bytes], tmp_path: Path
) -> None:
    found, left = clean(tmp_path, pack(b"noise " * 60_000 + TOKEN.encode() + b" noise" * 60_000))
    assert found and found.kept == "it is no text and holds the secret TOKEN"
    assert left == b""
    assert clean(tmp_path, pack(b"noise " * 60_000)) == (None, b"")


def test_a_bomb_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cleaning, "MOST_UNPACKED", 4 * PIECE)
    found, _ = clean(tmp_path, gzip.compress(bytes(5 * PIECE)))
    assert found and "unpacks to more" in found.kept


def test_what_cannot_be_unpacked_is_looked_at_as_it_is(tmp_path: Path) -> None:
    broken = gzip.compress(b"noise" * 999)[:-20]
    assert clean(tmp_path, broken) == (None, b"")
    found, _ = clean(tmp_path, broken + TOKEN.encode())
    assert found and found.kept

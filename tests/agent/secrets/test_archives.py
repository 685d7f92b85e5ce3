"""What is packed is looked into before it leaves; what cannot be opened is told or kept back."""

import bz2
import gzip
import io
import lzma
import random
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import zstandard

from ringtest.agent.attempt import Attempt, OutcomeFile, read_attempts
from ringtest.agent.secrets import archives
from ringtest.agent.secrets.cleaning import Cleaned, Cleaner
from ringtest.agent.secrets.leaving import Leaving
from ringtest.agent.secrets.left import KEPT, what_left
from ringtest.agent.settings import HOLD_BACK, AgentSettings, SettingsError, read_settings

TOKEN = b"s3cr3t-of-the-lab"
NOISE = random.Random(6).randbytes(3000)
TEXT = b"noise " * 20_000 + TOKEN + b" noise" * 20_000
CLEAN = b"noise " * 40_000
Pack = Callable[[bytes], bytes]


def look(folder: Path, data: bytes) -> Cleaned | None:
    source = folder / "source"
    source.write_bytes(data)
    return Cleaner([("TOKEN", TOKEN.decode())]).clean(source, folder / "out" / "target")


def zipped(data: bytes, method: int = zipfile.ZIP_DEFLATED) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", method) as archive:
        archive.writestr("a.bin", NOISE)
        archive.writestr("b.bin", data)
    return file.getvalue()


def tarred(data: bytes) -> bytes:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w") as archive:
        for name, content in (("a.bin", NOISE), ("é" * 200, data), ("c.bin", NOISE)):
            about = tarfile.TarInfo(name)
            about.size = len(content)
            archive.addfile(about, io.BytesIO(content))
    return file.getvalue()


def in_deb(data: bytes) -> bytes:
    out = b"!<arch>\n"
    for name, content in ((b"debian-binary", b"2.0\n"), (b"odd", b"odd"), (b"data.tar.xz", data)):
        header = name.ljust(16) + b"0".ljust(12) + b"0".ljust(6) * 2 + b"100644".ljust(8)
        out += header + str(len(content)).encode().ljust(10) + b"`\n" + content
        out += b"\n" * (len(content) % 2)
    return out


def encrypted(data: bytes, password: bytes = b"pass") -> bytes:
    """A zip with one member, as `zip -P` makes it."""
    keys = [0x12345678, 0x23456789, 0x34567890]

    def crc(value: int, byte: int) -> int:
        value ^= byte
        for _ in range(8):
            value = (value >> 1) ^ (0xEDB88320 if value & 1 else 0)
        return value

    def turn(byte: int) -> None:
        keys[0] = crc(keys[0], byte)
        keys[1] = ((keys[1] + (keys[0] & 0xFF)) * 134775813 + 1) & 0xFFFFFFFF
        keys[2] = crc(keys[2], keys[1] >> 24)

    for byte in password:
        turn(byte)
    body = bytearray()
    for byte in bytes(11) + struct.pack("<I", zlib.crc32(data))[3:] + data:
        key = keys[2] | 2
        body.append(byte ^ ((key * (key ^ 1)) >> 8) & 0xFF)
        turn(byte)
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("secret.txt", bytes(body))
    out = bytearray(file.getvalue())
    for at, flag in ((out.index(b"PK\x03\x04"), 6), (out.index(b"PK\x01\x02"), 8)):
        out[at + flag] |= 1
        struct.pack_into("<I", out, at + flag + 8, zlib.crc32(data))
        struct.pack_into("<I", out, at + flag + 16, len(data))
    return bytes(out)


PACKS: dict[str, Pack] = {
    "gzip": gzip.compress,
    "bzip2": bz2.compress,
    "xz": lzma.compress,
    "zstd": zstandard.compress,
    "zip": zipped,
    "zip with bzip2": lambda data: zipped(data, zipfile.ZIP_BZIP2),
    "zip with lzma": lambda data: zipped(data, zipfile.ZIP_LZMA),
    "tar": tarred,
    "two gzip streams": lambda data: gzip.compress(NOISE) + gzip.compress(data),
    "two xz streams": lambda data: lzma.compress(NOISE) + lzma.compress(data),
    "tar.gz": lambda data: gzip.compress(tarred(data)),
    "a log in a tar.xz": lambda data: lzma.compress(tarred(gzip.compress(data))),
    "zip in zip": lambda data: zipped(zipped(data)),
    "deb": lambda data: in_deb(lzma.compress(tarred(data))),
    "zip in a tar.zst": lambda data: zstandard.compress(tarred(zipped(data))),
}


@pytest.mark.parametrize("pack", PACKS.values(), ids=PACKS)
def test_a_value_in_an_archive_is_found_however_it_is_packed(pack: Pack, tmp_path: Path) -> None:
    found = look(tmp_path, pack(TEXT))
    assert found == Cleaned(kept="it is no text and holds the secret TOKEN")
    assert look(tmp_path, pack(CLEAN)) is None


@pytest.mark.parametrize("pack", [gzip.compress, lzma.compress, tarred, bytes])
def test_a_value_that_comes_in_pieces_is_found(
    pack: Pack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archives, "PIECE", 7)
    found = look(tmp_path, pack(bytes(2000) + TOKEN + bytes(2000)))
    assert found and found.kept


def test_a_member_that_is_named_like_a_secret_stays(tmp_path: Path) -> None:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr(f"{TOKEN.decode()}.log", b"")
    found = look(tmp_path, gzip.compress(file.getvalue()))
    assert found and found.kept


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (encrypted(TEXT[:1000]), "a member of it is encrypted"),
        (gzip.compress(tarred(encrypted(CLEAN[:999]))), "a member of it is encrypted"),
        (b"7z\xbc\xaf\x27\x1c\0\4" + NOISE, "a 7z archive cannot be opened"),
        (tarred(b"Rar!\x1a\x07\1\0" + NOISE), "a rar archive in it cannot be opened"),
        (b"Salted__" + NOISE, "an encrypted file cannot be opened"),
        (gzip.compress(CLEAN)[:-20], "it is a broken archive"),
        (tarred(lzma.compress(CLEAN)[:-20]), "an archive in it is broken"),
        (zipped(CLEAN)[:-60], "it is a broken archive"),
    ],
)
def test_what_cannot_be_opened_is_told(data: bytes, why: str, tmp_path: Path) -> None:
    assert look(tmp_path, data) == Cleaned(unread=why)


def test_an_encrypted_zip_is_a_real_one() -> None:
    with zipfile.ZipFile(io.BytesIO(encrypted(CLEAN[:999]))) as archive:
        assert archive.read("secret.txt", pwd=b"pass") == CLEAN[:999]


@pytest.mark.parametrize("name", ["gzip", "bzip2", "xz", "zstd", "zip", "tar.gz"])
def test_of_a_cut_archive_all_that_is_there_is_looked_at(name: str, tmp_path: Path) -> None:
    noise = random.Random(2).randbytes(300_000).hex().encode()
    data = PACKS[name](noise[:100_000] + TOKEN + noise * 2)
    assert TOKEN not in data
    whole = b"\xff" * 4000 + data[-96_000:] if name == "zip" else b""  # its table is at its end
    found = look(tmp_path, data[:-100_000] + whole)
    assert found and found.kept


def test_beside_what_cannot_be_opened_a_value_is_found_all_the_same(tmp_path: Path) -> None:
    broken = gzip.compress(NOISE + TEXT)
    assert (found := look(tmp_path, broken[:-8])) and found.kept
    assert (found := look(tmp_path, broken[:40] + TOKEN)) and found.kept
    both = io.BytesIO(encrypted(CLEAN[:99]))
    with zipfile.ZipFile(both, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("plain.log", TEXT)
    assert (found := look(tmp_path, both.getvalue())) and found.kept


def test_without_a_library_a_zstd_stream_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archives, "_OPEN_ZSTD", None)
    found = look(tmp_path, zstandard.compress(CLEAN))
    assert found == Cleaned(unread="a zstd stream cannot be opened")


def nested(times: int) -> bytes:
    data = bytes(1_000_000)
    for _ in range(times):
        data = zipped(data)
    return data


def many_members() -> bytes:
    end = struct.pack("<4s4H2IH", b"PK\5\6", 0, 0, 9999, 9999, archives._MOST_DIRECTORY + 1, 0, 0)
    return b"PK\x03\x04" + NOISE + end


BOMBS: dict[str, tuple[Callable[[], bytes], str]] = {
    "gzip": (lambda: gzip.compress(bytes(5_000_000)), "unpacks to more than"),
    "bzip2": (lambda: bz2.compress(bytes(12_000_000)), "unpacks to more than"),
    "xz": (lambda: lzma.compress(bytes(5_000_000), preset=0), "unpacks to more than"),
    "zstd": (lambda: zstandard.compress(bytes(12_000_000)), "unpacks to more than"),
    "zip with bzip2": (
        lambda: zipped(bytes(12_000_000), zipfile.ZIP_BZIP2),
        "unpacks to more than",
    ),
    "many in one": (lambda: tarred(gzip.compress(bytes(900_000)) * 5), "unpacks to more than"),
    "many members": (many_members, "too many members"),
}


@pytest.mark.parametrize(("make", "why"), BOMBS.values(), ids=BOMBS)
def test_a_bomb_stays(
    make: Callable[[], bytes], why: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archives, "MOST_UNPACKED", 2 * 2**20)
    found = look(tmp_path, make())
    assert found and why in found.kept


def test_what_unpacks_to_a_thousand_times_its_size_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archives, "_ALWAYS", 1000)
    found = look(tmp_path, bz2.compress(bytes(2_000_000)))
    assert found and "unpacks to more than" in found.kept


def test_archives_in_archives_are_opened_so_many_times(tmp_path: Path) -> None:
    assert look(tmp_path, nested(archives.MOST_DEEP)) is None
    found = look(tmp_path, nested(archives.MOST_DEEP + 1))
    assert found == Cleaned(unread=f"more than {archives.MOST_DEEP} archives are in each other")


def test_nothing_is_left_of_what_was_unpacked(tmp_path: Path) -> None:
    look(tmp_path, zipped(zipped(CLEAN)))
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == [tmp_path / "source"]


async def opened(folder: Path, settings: AgentSettings) -> Leaving:
    (folder / "work").mkdir()
    (folder / "work" / "a.zip").write_bytes(encrypted(CLEAN[:99]))
    (folder / "journal.jsonl").touch()
    leaving = Leaving(Attempt(folder, None), {})  # type: ignore[arg-type]
    await leaving.open({}, settings)
    return leaving


FILE = OutcomeFile("a.zip", None, 1, "0" * 64)


async def test_the_lab_says_whether_unreadable_archives_go(
    tmp_path: Path, settings: AgentSettings
) -> None:
    leaving = await opened(tmp_path, replace(settings, unreadable_archives=HOLD_BACK))
    files, [said] = leaving.files([FILE])
    assert files == []
    assert said.startswith("a.zip stays in the lab: a member of it is encrypted")


async def test_that_one_went_is_told(tmp_path: Path, settings: AgentSettings) -> None:
    leaving = await opened(tmp_path, settings)
    [file], [said] = leaving.files([FILE])
    assert file == OutcomeFile("a.zip", None, 1, "0" * 64, unread="a member of it is encrypted")
    assert said == "a.zip leaves without being looked into: a member of it is encrypted"


async def test_the_report_tells_of_unread_and_kept_files(
    server: Any, agent: Any, spec: Callable[..., dict[str, Any]], settings: AgentSettings
) -> None:
    job = server.add_job(
        spec("printf '7z\\274\\257\\047\\034\\000' > a.7z") | {"artifacts": [{"path": "a.7z"}]}
    )
    await server.until(lambda: job.phase == "finished")
    assert b"a.7z leaves without being looked into: a 7z archive cannot be opened" in job.log()
    assert "a.7z" in [file["name"] for file in job.files.values()]
    [attempt] = read_attempts(settings.data / "jobs")
    [line] = [one for one in what_left(attempt) if one.name == "a.7z"]
    assert line.state != KEPT
    assert line.why == "not looked into: a 7z archive cannot be opened"


def test_the_setting_is_one_of_two(tmp_path: Path) -> None:
    given = {"server": "http://ci", "client_id": "remoteci/1", "api_secret": "s"}
    config = tmp_path / "agent.toml"
    config.write_text('unreadable_archives = "hold back"\n')
    assert read_settings(given, {}, config).unreadable_archives == HOLD_BACK
    config.write_text('unreadable_archives = "keep"\n')
    with pytest.raises(SettingsError, match="'send' or 'hold back'"):
        read_settings(given, {}, config)

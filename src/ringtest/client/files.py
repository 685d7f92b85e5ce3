"""Local files on their way to the server: digest first, then the bytes."""

import hashlib
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

CHUNK = 256 * 1024


@dataclass(frozen=True, slots=True)
class LocalFile:
    """A file to upload, measured: the upload fails if it changes afterwards."""

    path: Path
    size: int
    sha256: str

    @classmethod
    def measure(cls, path: Path) -> "LocalFile":
        """Read the file once for its size and digest. OSError when it cannot be read."""
        digest = hashlib.sha256()
        size = 0
        with path.open("rb") as file:
            while chunk := file.read(CHUNK):
                digest.update(chunk)
                size += len(chunk)
        return cls(path, size, digest.hexdigest())

    def chunks(self) -> Iterator[bytes]:
        """The bytes, exactly as many as were measured: the request has announced that number."""
        left = self.size
        with self.path.open("rb") as file:
            while left > 0 and (chunk := file.read(min(CHUNK, left))):
                left -= len(chunk)
                yield chunk
        if left:
            raise OSError(f"{self.path} shrank while it was read")

    async def chunks_async(self) -> AsyncIterator[bytes]:
        """The same for an asynchronous client; a chunk is read in well under a millisecond."""
        for chunk in self.chunks():
            yield chunk


def upload_headers(headers: Mapping[str, str], file: LocalFile) -> list[tuple[bytes, bytes]]:
    """Headers with the length that spares the server from chunks; text goes out as UTF-8."""
    named = {**headers, "Content-Length": str(file.size)}
    return [(name.encode("ascii"), value.encode()) for name, value in named.items()]

"""One file from its sources: pieces that are here are copied, the others fetched in their order."""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from pathlib import Path

from ringtest.agent.components import planning
from ringtest.agent.components.planning import Known, Piece
from ringtest.agent.components.shelf import Note, Shelf
from ringtest.agent.components.sources import Gone, Lies, Source, read_span
from ringtest.agent.components.writing import Part, read_block
from ringtest.agent.lab_api import LabApi
from ringtest.agent.protocol import ComponentFile
from ringtest.client import ApiError, Unreachable, chunk_lists, packed
from ringtest.client.chunk_lists import CHUNK_SIZE, HEAD_SIZE, BadList, Head, Segment
from ringtest.client.packed import Recipe

_AHEAD = 8
"""So many small pieces are on their way at the same time."""
_SMALL = 512 * 1024
_BLOCK = 1024 * 1024
_BEGINNING = 4096
"""Bytes of a list that are asked for first: head and segments of files up to 30 MB."""


@dataclass(frozen=True, slots=True)
class Plan:
    """A file in pieces, and the list of its chunks (None: it is not known).

    With a recipe the pieces are those of a packed file's parts, and so are places in `olds`: other
    versions that are here, with their recipes.
    """

    pieces: list[Piece]
    chunks: bytes | None = None
    recipe: Recipe | None = None
    olds: Mapping[Path, Recipe] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Opened:
    """The beginning of a list: its first bytes, which are no chunks, the recipe among them if it
    has one, and its segments."""

    before: bytes
    recipe: Recipe | None
    head: Head
    segments: list[Segment]

    @property
    def total(self) -> int:
        return len(self.before) + self.head.total()


def whole(file: ComponentFile) -> Plan:
    """Everything is fetched."""
    return Plan([Piece(0, file.size)])


async def fill(part: Part, plan: Plan, source: Source, *, size: int) -> None:
    """Go on with a part until it has `size` bytes. What `source` raises; the part stays."""
    pieces = [_rest_of(piece, part.size) for piece in plan.pieces if piece.end > part.size]
    small = [(each.start, each.end) for each in pieces if _is_small(each)]
    async with aclosing(_ahead(source, small, size=size)) as fetched:
        for piece in pieces:
            if piece.source is not None:
                await _copy(part, piece)
            elif _is_small(piece):
                await part.write(await anext(fetched))
            else:
                span = piece.start, piece.end
                async with aclosing(source.read(span, size=size)) as coming:
                    async for data in coming:
                        await part.write(data)


def _rest_of(piece: Piece, done: int) -> Piece:
    skipped = max(0, done - piece.start)
    return Piece(
        piece.start + skipped, piece.length - skipped, piece.source, piece.offset + skipped
    )


def _is_small(piece: Piece) -> bool:
    return piece.source is None and piece.length <= _SMALL


async def _copy(part: Part, piece: Piece) -> None:
    assert piece.source is not None
    done = 0
    while done < piece.length:
        length = min(_BLOCK, piece.length - done)
        data = await asyncio.to_thread(read_block, piece.source, piece.offset + done, length)
        if len(data) != length:
            raise Lies("another version of the file is not what it was")
        await part.write(data)
        done += length


async def _ahead(
    source: Source, spans: Sequence[tuple[int, int]], *, size: int
) -> AsyncGenerator[bytes, None]:
    """The bytes of each span, a few of them asked for before they are wanted."""

    async def one(span: tuple[int, int]) -> bytes:
        return b"".join([data async for data in source.read(span, size=size)])

    coming: deque[asyncio.Task[bytes]] = deque()
    left = deque(spans)
    try:
        while left or coming:
            while left and len(coming) < _AHEAD:
                coming.append(asyncio.create_task(one(left.popleft())))
            yield await coming[0]
            coming.popleft()
    finally:
        for task in coming:
            task.cancel()
        await asyncio.gather(*coming, return_exceptions=True)


class Lists:
    """Lists of chunks, as the server has them."""

    def __init__(self, api: LabApi, shelf: Shelf) -> None:
        self._api, self._shelf = api, shelf

    async def plan(self, key: str, kind: str, component_id: str, file: ComponentFile) -> Plan:
        """What of the file other versions have; without a list or another version, all of it is
        fetched."""
        if file.size < chunk_lists.SMALLEST or not file.sha256:
            return whole(file)
        relatives = self._shelf.relatives(key, kind, file.name)
        if not relatives:
            return whole(file)
        try:
            opened = await self._open(component_id, file)
            known, olds = await self._known(relatives, of_parts=opened.recipe is not None)
            if not known.chunks:
                return whole(file)
            return await self._compared(known, olds, opened, component_id, file)
        except (BadList, Lies, Gone, ApiError, Unreachable):
            return whole(file)

    async def keep(self, key: str, component_id: str, file: ComponentFile, plan: Plan) -> None:
        """The list stays beside the kept file, for the version that comes next."""
        data = plan.chunks
        try:
            if data is None and file.size >= chunk_lists.SMALLEST:
                data = await self._whole_list(component_id, file.id, file.size)
        except (BadList, Lies, Gone, ApiError, Unreachable):
            return  # it is asked for again when it is needed
        if data is not None:
            await asyncio.to_thread(self._shelf.keep_list, key, data)

    async def _known(
        self, relatives: Sequence[Note], *, of_parts: bool
    ) -> tuple[Known, dict[Path, Recipe]]:
        """What other versions have: of packed ones their parts, with the recipes, or of others
        their bytes."""
        known, olds = Known(), {}
        for note in relatives:
            key = note.sha256
            if not self._shelf.is_untouched(key):
                continue
            data = self._shelf.list_of(key)
            if data is None:
                try:
                    data = await self._whole_list(note.component_id, note.file_id, note.size)
                except (BadList, Lies, ApiError):
                    continue
                self._shelf.keep_list(key, data)
            recipe, at = packed.read(data)
            if (recipe is not None) != of_parts:
                continue
            path = self._shelf.path(key)
            known.add(path, data[at:], size=recipe.size if recipe else note.size)
            if recipe:
                olds[path] = recipe
        return known, olds

    async def _compared(
        self,
        known: Known,
        olds: Mapping[Path, Recipe],
        opened: _Opened,
        component_id: str,
        file: ComponentFile,
    ) -> Plan:
        head, start = opened.head, len(opened.before) + opened.head.chunks_at()
        asked = {}
        for first, last in planning.spans_to_ask(known, opened.segments):
            span = (start + first * CHUNK_SIZE, start + last * CHUNK_SIZE)
            asked[first] = await self._read(component_id, file.id, span, size=opened.total)
        data = planning.complete(known, head, opened.segments, asked)
        pieces = planning.plan(known, data, size=head.size)
        return Plan(pieces, opened.before + data, opened.recipe, olds)

    async def _open(self, component_id: str, file: ComponentFile) -> _Opened:
        data = await self._beginning(component_id, file.id)
        recipe, at = packed.read(data)
        head = chunk_lists.read_head(data[at:], size=recipe.size if recipe else file.size)
        if len(data) < at + head.chunks_at():
            span = len(data), at + head.chunks_at()
            data += await self._read(component_id, file.id, span, size=at + head.total())
        return _Opened(data[:at], recipe, head, chunk_lists.read_segments(head, data[at:]))

    async def _whole_list(self, component_id: str, file_id: str, size: int) -> bytes:
        data = await self._beginning(component_id, file_id)
        recipe, at = packed.read(data)
        size = recipe.size if recipe else size
        total = at + chunk_lists.read_head(data[at:], size=size).total()
        if len(data) < total:
            span = len(data), total
            data += await self._read(component_id, file_id, span, size=total)
        if len(data) != total:
            raise BadList("the list is longer than it says")
        Known().add(self._shelf.folder, data[at:], size=size)  # it is one
        return data

    async def _beginning(self, component_id: str, file_id: str) -> bytes:
        """The first bytes of a list, of which nobody knows yet how many there are."""
        opened = self._api.component_file(
            component_id, file_id, span=(0, _BEGINNING), what="chunks"
        )
        data = b""
        async with opened as answer:
            if answer.status_code != 206:
                raise Lies("a part was asked for")
            async for more in answer.aiter_raw():
                data += more
                if len(data) > _BEGINNING:
                    raise Lies("more bytes came than were asked for")
        if len(data) < HEAD_SIZE:
            raise BadList("too short for a list of chunks")
        return data

    async def _read(
        self, component_id: str, file_id: str, span: tuple[int, int], *, size: int
    ) -> bytes:
        opened = read_span(
            lambda part: self._api.component_file(component_id, file_id, span=part, what="chunks"),
            span,
            size=size,
        )
        return b"".join([data async for data in opened])

"""A file made again of what is in it: parts that other versions have, and parts of the server's.
Of a packed one it costs the processor what gzip costs, and the network what differs."""

import asyncio
import bz2
import logging
import tempfile
from collections.abc import AsyncGenerator, Iterator, Mapping
from contextlib import ExitStack, aclosing
from pathlib import Path
from typing import IO

from ringtest.agent.components import planning
from ringtest.agent.components.fetching import Plan
from ringtest.agent.components.planning import Piece
from ringtest.agent.components.sources import Gone, Lies, Span
from ringtest.agent.components.trees import require_space
from ringtest.agent.components.writing import Part
from ringtest.agent.lab_api import LabApi, is_temporary
from ringtest.agent.protocol import ComponentFile
from ringtest.client import ApiError, Backoff, Unreachable, packed
from ringtest.client.apart import BadParts
from ringtest.client.packed import BadPacked, Packer, Recipe, unpacker_of

_TRIES = 5
"""So often the server is asked again when it goes away; then the file is fetched whole, which
goes on for as long as it takes."""
_SPARING, _SPARING_PACKED = 0.9, 0.5
_BLOCK = 1024 * 1024
_BATCH = 256 * 1024

log = logging.getLogger("ringtest.agent")


def is_worth_it(plan: Plan, file: ComponentFile, there: int) -> bool:
    """Is it made of fewer bytes than are missing of the file, of which `there` have come before?
    What comes is packed about as well as the file; packing it must spare half of them."""
    if plan.recipe is None or not plan.recipe.size:
        return False
    to_come = planning.missing(plan.pieces)
    share = to_come / plan.recipe.size
    most = _SPARING_PACKED if plan.recipe.level else _SPARING
    return to_come <= packed.MOST_WANTED and share * file.size < (file.size - there) * most


class Rebuilder:
    """Makes packed files again. Nothing of it has a name on disk but the file itself."""

    def __init__(self, api: LabApi, scratch: Path) -> None:
        self._api, self._scratch = api, scratch

    async def fill(self, part: Part, plan: Plan, component_id: str, file: ComponentFile) -> bool:
        """Write the whole file into a part that has nothing yet. False when it cannot be done:
        the part is then a beginning of the file, or nothing."""
        try:
            await part.open(most=0)
            try:
                await self._fill(part, plan, component_id, file)
            finally:
                await part.close()
        except Gone as error:
            log.info("%s is not made of its parts: %s", file.name, error)
            return False
        except (Lies, BadPacked, BadParts, OSError) as error:
            log.warning("%s is not made of its parts: %s", file.name, error)
            part.remove()
            return False
        return True

    async def _fill(self, part: Part, plan: Plan, component_id: str, file: ComponentFile) -> None:
        assert plan.recipe is not None
        pieces = planning.few_spans(plan.pieces, packed.MOST_SPANS)
        used = {piece.source for piece in pieces if piece.source}
        olds = {path: recipe for path, recipe in plan.olds.items() if path in used}
        with ExitStack() as files:
            room = sum(recipe.size for recipe in olds.values()) + plan.recipe.headers
            require_space(self._scratch, room)
            opened = {}
            for path, recipe in olds.items():
                opened[path] = files.enter_context(tempfile.TemporaryFile(dir=self._scratch))
                await asyncio.to_thread(take_apart, path, recipe, opened[path])
            headers = files.enter_context(tempfile.TemporaryFile(dir=self._scratch))
            making = Making(plan.recipe, headers)
            spans = [(piece.start, piece.end) for piece in pieces if piece.source is None]
            fetched = _Fetched(self._api, component_id, file.id, spans)
            async with aclosing(_in_order(pieces, opened, fetched)) as parts:
                async for data in parts:
                    await part.write(await asyncio.to_thread(making.feed, data))
                    if part.size > file.size:
                        raise Lies("what is made of the parts is longer than the file")
            await part.write(await asyncio.to_thread(making.finish))


def take_apart(path: Path, recipe: Recipe, target: IO[bytes]) -> None:
    """Write the parts of a kept file: headers, then contents. BadPacked or BadParts when it
    is not what its recipe says."""
    unpacker, splitter = unpacker_of(recipe), recipe.splitter()
    at, ends = [0, recipe.headers], [recipe.headers, recipe.size]

    def put(is_content: bool, data: bytes) -> None:
        target.seek(at[is_content])
        at[is_content] += len(data)
        if at[is_content] > ends[is_content]:
            raise BadPacked("more is in it than its recipe tells")
        target.write(data)

    with path.open("rb") as file:
        while block := file.read(_BATCH):
            for piece in unpacker.feed(block):
                for is_content, run in splitter.feed(piece) if splitter else ((True, piece),):
                    put(is_content, run)
    put(False, splitter.finish() if splitter else b"")
    target.flush()


class Making:
    """Makes packed bytes of parts that come in their order."""

    def __init__(self, recipe: Recipe, headers: IO[bytes]) -> None:
        self._packer = Packer(recipe)
        self._headers, self._left = headers, recipe.headers
        self._joiner = recipe.joiner(headers.read)

    def feed(self, data: bytes) -> bytes:
        """The packed bytes that are sure after these. BadParts."""
        if self._left:
            taken, data = data[: self._left], data[self._left :]
            self._headers.write(taken)
            self._left -= len(taken)
            if not self._left:
                self._headers.seek(0)
        if not data:
            return b""
        return self._packed(self._joiner.feed(data) if self._joiner else iter((data,)))

    def finish(self) -> bytes:
        """The last packed bytes. BadParts."""
        last = self._packed(self._joiner.finish()) if self._joiner else b""
        return last + self._packer.finish()

    def _packed(self, runs: Iterator[bytes]) -> bytes:
        """Runs are small: many are packed together."""
        out, batch, held = [], [], 0
        for run in runs:
            batch.append(run)
            held += len(run)
            if held >= _BATCH:
                out.append(self._packer.feed(b"".join(batch)))
                batch, held = [], 0
        out.append(self._packer.feed(b"".join(batch)))
        return b"".join(out)


async def _in_order(
    pieces: list[Piece], opened: Mapping[Path, IO[bytes]], fetched: "_Fetched"
) -> AsyncGenerator[bytes, None]:
    """All parts, from the first byte to the last."""
    async with aclosing(fetched.read()) as coming:
        held = b""
        for piece in pieces:
            done = 0
            while done < piece.length:
                length = min(_BLOCK, piece.length - done)
                if piece.source is not None:
                    at = piece.offset + done
                    data = await asyncio.to_thread(_read, opened[piece.source], at, length)
                    if len(data) != length:
                        raise Lies("another version of the file is not what it was")
                else:
                    held = held or await anext(coming)
                    data, held = held[:length], held[length:]
                done += len(data)
                yield data


def _read(file: IO[bytes], at: int, length: int) -> bytes:
    file.seek(at)
    return file.read(length)


class _Fetched:
    """Spans of the parts from the server, one after the other."""

    def __init__(self, api: LabApi, component_id: str, file_id: str, spans: list[Span]) -> None:
        self._api, self._component_id, self._file_id = api, component_id, file_id
        self._spans = spans

    async def read(self) -> AsyncGenerator[bytes, None]:
        """Their bytes. Gone when the server goes away again and again, Lies when others come."""
        backoff = Backoff()
        for _ in range(_TRIES):
            try:
                async with aclosing(self._once()) as coming:
                    async for data in coming:
                        self._pass(len(data))
                        yield data
                if self._spans:
                    raise Lies("fewer bytes came than were asked for")
                return
            except Unreachable as error:
                log.info("parts are waited for: %s", error)
            except ApiError as error:
                if not is_temporary(error):
                    raise Gone(str(error)) from error
            await asyncio.sleep(backoff.next())
        raise Gone("the server went away again and again")

    async def _once(self) -> AsyncGenerator[bytes, None]:
        if not self._spans:
            return
        unpack = bz2.BZ2Decompressor()
        opened = self._api.component_parts(self._component_id, self._file_id, self._spans)
        async with opened as answer:
            async for data in answer.aiter_raw():
                while data or not (unpack.needs_input or unpack.eof):
                    try:
                        piece = unpack.decompress(data, _BLOCK)
                    except OSError as error:
                        raise Lies(f"what came is not packed: {error}") from error
                    data = unpack.unused_data
                    if unpack.eof:
                        unpack = bz2.BZ2Decompressor()
                    if piece:
                        yield piece

    def _pass(self, count: int) -> None:
        """So many bytes have come: they are not asked for again."""
        while count:
            if not self._spans:
                raise Lies("more bytes came than were asked for")
            start, end = self._spans[0]
            taken = min(count, end - start)
            count -= taken
            self._spans[:1] = [(start + taken, end)] if start + taken < end else []

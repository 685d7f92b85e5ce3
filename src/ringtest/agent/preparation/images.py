"""`images`: disk images of guests, downloaded, verified, converted and grown."""

import asyncio
import hashlib
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct

from ringtest.agent.control import StageFailed
from ringtest.agent.preparation.machine import Machine
from ringtest.agent.preparation.wishes import is_remote


class Image(Struct, frozen=True, forbid_unknown_fields=True):
    """One image."""

    url: str
    """Address, or a local file."""
    sha256: Annotated[str, Meta(pattern="^([0-9a-f]{64})?$")] = ""
    """Of what is downloaded."""
    format: str = ""
    """What it is converted into, such as qcow2; otherwise it stays what it is."""
    size: str = ""
    """What it is grown to, such as 20G; never made smaller."""


def read_images(said: Any) -> dict[str, Image]:
    """`{path: Image}` or `{path: address}`; StageFailed for anything else."""
    if said is not None and not isinstance(said, Mapping):
        raise StageFailed("images: a mapping of paths to addresses")
    found = {}
    for name, one in (said or {}).items():
        try:
            found[name] = msgspec.convert(one if isinstance(one, Mapping) else {"url": one}, Image)
        except msgspec.ValidationError as error:
            raise StageFailed(f"images: {name}: {error}") from None
    return found


async def place_images(machine: Machine, old: Any, new: Any) -> None:
    """`new` is `{path: Image}` or `{path: address}`. An image stands in its place once it is
    whole; one that is wanted no more is removed."""
    before = old if isinstance(old, Mapping) else {}
    for name, image in read_images(new).items():
        path = machine.path(name)
        if before.get(name) != new[name] or not path.exists():
            await _place(machine, path, name, image)
            machine.say(f"  {path} placed, {path.stat().st_size} bytes")
    for name in before.keys() - (new or {}).keys():
        machine.path(name).unlink(missing_ok=True)
        machine.say(f"  {machine.path(name)} removed")


async def _place(machine: Machine, path: Path, name: str, image: Image) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    # Another address begins another file: what is left of a download is never mixed with it.
    origin = hashlib.sha256(f"{image.url} {image.sha256}".encode()).hexdigest()[:16]
    part = path.with_name(f"{path.name}.{origin}.part")
    await _bring(machine, image.url, part, name)
    found = await asyncio.to_thread(_digest, part)
    if image.sha256 and found != image.sha256:
        part.unlink()
        raise StageFailed(f"images: {name}: its sha256 is {found}, not {image.sha256}")
    if image.format or image.size:
        part = await _convert(machine, part, name, image)
    part.replace(path)


async def _bring(machine: Machine, place: str, part: Path, name: str) -> None:
    if is_remote(place):
        try:
            await machine.fetch(place, part)
        except StageFailed as error:
            raise StageFailed(f"images: {name}: {place} cannot be read", error.exit_code) from None
        return
    try:
        await asyncio.to_thread(shutil.copyfile, machine.path(place), part)
    except OSError as error:
        raise StageFailed(f"images: {name}: {place}: {error.strerror}") from None


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


async def _convert(machine: Machine, part: Path, name: str, image: Image) -> Path:
    if not machine.has("qemu-img"):
        raise StageFailed(f"images: {name}: to convert and grow images takes qemu-img")
    made = part.with_suffix(".made")
    try:
        kind = await _format(machine, part)
        wanted = image.format or kind
        await machine.run("qemu-img", "convert", "-f", kind, "-O", wanted, str(part), str(made))
        if image.size:
            await machine.run("qemu-img", "resize", "-q", "-f", wanted, str(made), image.size)
    except StageFailed as error:
        _remove(made)
        raise StageFailed(f"images: {name}: {error.message}", error.exit_code) from None
    finally:
        _remove(part)
    return made


def _remove(path: Path) -> None:
    path.unlink(missing_ok=True)


async def _format(machine: Machine, path: Path) -> str:
    _, text = await machine.read("qemu-img", "info", "--output=json", str(path))
    try:
        return str(msgspec.json.decode(text)["format"])
    except (msgspec.DecodeError, KeyError, TypeError):
        raise StageFailed(f"{path.name} is no image that qemu-img knows") from None

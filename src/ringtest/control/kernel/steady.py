"""Names of tests without what differs from run to run, so that a test stays the same test.

Identifiers, addresses, temporary paths and moments are noise; digits that say which test it
is (`module7`, `[4-True]`, `[0x10]`, `[2026-10-01]`) are not. Most files hold none of it, so a
whole column is searched at once, at the speed of a search for fixed bytes: digits become 0
first, and what looks like noise then is looked at closely.
"""

import re
from dataclasses import dataclass

_AS_THEY_ARE = bytes(range(256))
_DIGITS = bytes.maketrans(b"123456789", b"0" * 9)
_HEX = bytes.maketrans(b"123456789abcdefABCDEF", b"0" * 21)
_MOMENT = re.compile(
    rb"(?<!\d)(?:19|20)\d\d-[01]\d-[0-3]\d[T _-][0-2]\d[:.-]?[0-5]\d"
    rb"(?:(?<=T\d\d\.\d\d)-[0-9a-f]{7}(?![0-9A-Za-z])"  # the name that avocado gives a job
    rb"|(?:[:.-]?[0-5]\d(?:[.,]\d{1,9})?)?(?:Z|[+-]\d\d:?\d\d(?!\d))?)"
)
_COMPACT = re.compile(rb"(?<!\d)(?:19|20)\d\d[01]\d[0-3]\d[T_-]?[0-2]\d[0-5]\d[0-5]\dZ?(?!\d)")
_TEMPORARY = re.compile(
    rb"/tmp/(?:pytest-of-[^/\0]+/pytest-(?:\d+|current)|tmp[A-Za-z0-9_.-]{6,}"
    rb"|[A-Za-z_.-]*\d{6,}|avocado_[a-z0-9_]{8}(?![a-z0-9_]))"
)


_REST_OF_WORD = re.compile(rb"[0-9A-Za-z]*")
_FEW = 4
"""A column of which each value is there so often is searched by its different values."""


@dataclass(frozen=True, slots=True)
class _Noise:
    """A sort of noise: a byte it cannot be without, the fixed bytes that it looks like in the
    `view`, how it must look closely from there on, and what is written in its place.
    `is_word`: it begins where a word begins, so that the rest of a word is passed over.
    """

    view: bytes
    needs: bytes
    looks_like: bytes
    closely: re.Pattern[bytes]
    instead: bytes
    is_word: bool = False


_NOISES = (
    _Noise(
        _HEX,
        b"-",
        b"00000000-0000-0000-0000-000000000000",
        # the ids in names of tempest's tests are the same in each run
        re.compile(rb"(?<!id-)(?<![0-9A-Za-z])[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}"
                   rb"(?![0-9A-Za-z])"),
        b"<uuid>",
        is_word=True,
    ),
    _Noise(
        _HEX,
        b"",
        b"0" * 32,
        re.compile(rb"(?<![0-9A-Za-z])(?=\d*[a-f])[0-9a-f]{32}(?![0-9A-Za-z])"),
        b"<uuid>",
        is_word=True,
    ),
    _Noise(
        _HEX,
        b"x",
        b"0x" + b"0" * 9,
        re.compile(rb"(?!0x([0-9A-Fa-f])\1+(?![0-9A-Za-z]))0x[0-9A-Fa-f]{9,16}(?![0-9A-Za-z])"),
        b"<address>",
    ),
    _Noise(_AS_THEY_ARE, b"x", b"at 0x", re.compile(rb"at 0x[0-9A-Fa-f]+"), b"at <address>"),
    _Noise(_DIGITS, b"-", b"0000-00-00", _MOMENT, b"<time>"),
    _Noise(_DIGITS, b"", b"00000000000000", _COMPACT, b"<time>", is_word=True),
    _Noise(_DIGITS, b"-", b"00000000-000000", _COMPACT, b"<time>"),
    _Noise(_DIGITS, b"_", b"00000000_000000", _COMPACT, b"<time>"),
    _Noise(_DIGITS, b"T", b"00000000T000000", _COMPACT, b"<time>"),
    _Noise(_AS_THEY_ARE, b"/", b"/tmp/", _TEMPORARY, b"/tmp/<temp>"),
    _Noise(
        _AS_THEY_ARE,
        b"\\",
        b"\\Temp\\",
        re.compile(rb"\\Temp\\(?:tmp[A-Za-z0-9_.-]{4,}|[A-Za-z_.-]*\d{6,})"),
        rb"\Temp\<temp>",
    ),
    _Noise(
        _AS_THEY_ARE,
        b"/",
        b"/var/folders/",
        re.compile(rb"/var/folders/[^/\0]{2}/[^/\0]+/T/[A-Za-z0-9_.-]*"),
        b"/var/folders/<temp>",
    ),
)  # fmt: skip


def steady_names(names: list[str]) -> list[str]:
    """The names without noise; the same list if there is none. No name may hold a NUL.

    >>> steady_names(["boots[6fa459ea-ee8a-3ca4-894e-db77e160355e]", "reads[<A at 0x7f01>]"])
    ['boots[<uuid>]', 'reads[<A at <address>>]']
    >>> steady_names(["writes[/tmp/pytest-of-me/pytest-7/x]", "ends_2026-01-02T03:04:05Z"])
    ['writes[/tmp/<temp>/x]', 'ends_<time>']
    >>> plain = ["module7", "f[4-True]", "g[0x10]", "h[0xffffffffffffffff]", "i[2026-10-01]"]
    >>> steady_names(plain) is plain
    True
    """
    different = list(dict.fromkeys(names))
    if len(different) * _FEW > len(names):
        return _steady(names)
    steady = _steady(different)
    if steady is different:
        return names
    by_name = dict(zip(different, steady, strict=True))
    return [by_name[name] for name in names]


def _steady(names: list[str]) -> list[str]:
    data = "\0".join(names).encode()
    cleaned = data
    views: dict[bytes, bytes] = {}
    for noise in _NOISES:
        if noise.needs not in cleaned:
            continue
        view = views.get(noise.view) or views.setdefault(noise.view, cleaned.translate(noise.view))
        if noise.looks_like in view and (changed := _without(noise, cleaned, view)):
            cleaned, views = changed, {}
    return names if cleaned is data else cleaned.decode().split("\0")


def _without(noise: _Noise, data: bytes, view: bytes) -> bytes | None:
    """The data with `instead` where noise is; None if what looks like it is none."""
    parts, done = [], 0
    place = view.find(noise.looks_like)
    while place >= 0:
        found = noise.closely.match(data, place)
        if found:
            parts += [data[done:place], noise.instead]
            done = next_place = found.end()
        else:
            rest = _REST_OF_WORD.match(data, place) if noise.is_word else None
            next_place = max(place + 1, rest.end() if rest else 0)
        place = view.find(noise.looks_like, next_place)
    return b"".join([*parts, data[done:]]) if parts else None

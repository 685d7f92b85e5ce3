"""Verifies passwords hashed with sha512-crypt, `$6$…`, as passlib and glibc write them. Pure.

The algorithm is Ulrich Drepper's "Unix crypt using SHA-256 and SHA-512". Here and not from
the standard library, which lost it in Python 3.13, nor from a library of forty schemes: it
runs once per user who came from elsewhere, whose hash is then replaced.
"""

import hashlib
import hmac
import re

_FORM = re.compile(r"\$6\$(?:rounds=(\d{1,9})\$)?([./0-9A-Za-z]{0,16})\$([./0-9A-Za-z]{86})")
_DIGITS = "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_DEFAULT_ROUNDS, _LEAST, _MOST = 5000, 1000, 2_000_000


def verify(password: str, hashed: str) -> bool:
    """Is it the password? False also for a hash that is none, or asks for endless work.

    >>> verify("Hello world!", "$6$saltstring$svn8UoSVapNtMuq1ukKS4tPQd8iKwSMHWjl/O817G3uBnI"
    ...     "FNjnQJuesI68u4OTLiBFdcbYEdFCoEOfaS35inz1")
    True
    """
    match = _FORM.fullmatch(hashed)
    if match is None:
        return False
    rounds = max(_LEAST, int(match[1] or _DEFAULT_ROUNDS))
    if rounds > _MOST:
        return False
    made = _encode(_digest(password.encode(), match[2].encode(), rounds))
    return hmac.compare_digest(made, match[3])


def _digest(password: bytes, salt: bytes, rounds: int) -> bytes:
    length = len(password)
    other = hashlib.sha512(password + salt + password).digest()
    mixed = hashlib.sha512(password + salt + _repeat(other, length))
    bits = length
    while bits:
        mixed.update(other if bits & 1 else password)
        bits >>= 1
    result = mixed.digest()
    p = _repeat(hashlib.sha512(password * length).digest(), length)
    s = hashlib.sha512(salt * (16 + result[0])).digest()[: len(salt)]
    # What surrounds the digest in round n repeats every 2 x 3 x 7 rounds.
    around = [_around(number, p, s) for number in range(42)]
    sha512 = hashlib.sha512
    for number in range(rounds):
        before, after = around[number % 42]
        result = sha512(before + result + after).digest()
    return result


def _around(number: int, p: bytes, s: bytes) -> tuple[bytes, bytes]:
    middle = (s if number % 3 else b"") + (p if number % 7 else b"")
    return (p + middle, b"") if number & 1 else (b"", middle + p)


def _repeat(block: bytes, length: int) -> bytes:
    return (block * (length // len(block) + 1))[:length]


def _encode(digest: bytes) -> str:
    """Base 64 of its own: little end first, bytes in an order of its own."""
    text = []
    for index in range(21):
        a, b, c = index, index + 21, index + 42
        for _ in range(index % 3):
            a, b, c = b, c, a
        value = digest[a] << 16 | digest[b] << 8 | digest[c]
        text += [_DIGITS[value >> shift & 63] for shift in (0, 6, 12, 18)]
    text += [_DIGITS[digest[63] & 63], _DIGITS[digest[63] >> 6]]
    return "".join(text)

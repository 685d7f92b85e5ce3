"""How a statement alone says for whom it is, as BEGIN and SET LOCAL do for several. Pure.

PostgreSQL makes a transaction of every statement that comes alone, and what `set_config` sets
in it ends with it. It sees what is committed when it begins, which is all that a transaction
of PostgreSQL's usual isolation level promises to each of its statements.
"""

from functools import lru_cache

from ringtest.control.kernel.tenant import SETTINGS


def settings_made(number: int) -> str:
    """A row `s` whose one column `are_made` makes the settings of parameter `number`."""
    made = " || ".join(
        f"set_config('ringtest.{name}', (${number}::text[])[{place}], true)"
        for place, name in enumerate(SETTINGS, 1)
    )
    return f"(SELECT {made} IS NOT NULL AS are_made) s"


@lru_cache(maxsize=2000)
def settled(sql: str, arguments: int) -> str:
    """A query of so many arguments behind settings, which are one more (`Tenant.settings`).

    Nothing of the query runs before the settings are made: it looks at the row that makes
    them, and OFFSET keeps PostgreSQL from taking it apart. If any of it did run earlier, it
    would find no settings, with which policies let nobody see a row.

    >>> settled("SELECT 1", 0).partition(" s, ")[2]
    'LATERAL (SELECT * FROM (SELECT 1) x WHERE s.are_made OFFSET 0) q'
    """
    return (
        f"SELECT q.* FROM {settings_made(arguments + 1)},"
        f" LATERAL (SELECT * FROM ({sql}) x WHERE s.are_made OFFSET 0) q"
    )

"""What a statement reads and writes, told by its text and the database's own catalogue.

Guesses on the safe side: too much read forgets too early, which costs a query and no more.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import asyncpg

_CATALOGUE = """
WITH policies AS MATERIALIZED (
  SELECT p.polrelid AS oid, array_agg(DISTINCT d.refobjid::regclass::text) AS names
  FROM pg_policy p JOIN pg_depend d ON d.classid = 'pg_policy'::regclass AND d.objid = p.oid
    AND d.refclassid = 'pg_class'::regclass GROUP BY 1
), cascades AS MATERIALIZED (
  SELECT confrelid AS oid, array_agg(conrelid::regclass::text) AS names FROM pg_constraint
  WHERE contype = 'f' AND confdeltype IN ('c', 'n', 'd') AND conparentid = 0 GROUP BY 1
)
SELECT c.relname AS name, EXISTS (SELECT 1 FROM pg_trigger g WHERE g.tgrelid = c.oid
    AND g.tgname = 'rt_changes_rows') AS tracked,
  ARRAY(SELECT a.attname::text FROM pg_attribute a, pg_trigger g
    WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND g.tgrelid = c.oid
    AND g.tgname = 'rt_changes_values' AND cardinality(g.tgattr::int2[]) > 0
    AND a.attnum <> ALL (g.tgattr::int2[])) AS quiet,
  coalesce((SELECT names FROM policies p WHERE p.oid = c.oid), '{}') AS policy,
  coalesce((SELECT names FROM cascades k WHERE k.oid = c.oid), '{}') AS cascade
FROM pg_class c WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition
  AND c.relnamespace = 'public'::regnamespace
"""
_READS = re.compile(
    r"\b(?:FROM|JOIN|USING)\s+((?:ONLY\s+)?\w+(?:\s*,\s*\w+|\s+(?:AS\s+)?\w+\s*,\s*\w+)*)", re.I
)
_WRITES = re.compile(r"\b(INSERT\s+INTO|UPDATE|DELETE\s+FROM)\s+(?:ONLY\s+)?(\w+)", re.I)
_ASSIGNED = re.compile(r"(?:\bSET|,)\s*(\w+)\s*=(?![=>])", re.I)
_CALLS = re.compile(r"\b(rt_\w+)\s*\(", re.I)
_WORDS = re.compile(r"\w+")
_HARMLESS = frozenset({
    "rt_scope", "rt_reads_all", "rt_writes_all", "rt_reads_catalog", "rt_writes_catalog",
    "rt_teams", "rt_component_teams", "rt_pre_release",
})  # fmt: skip
"""Functions that look at the transaction's settings alone."""
_ROOM = 2000


@dataclass(frozen=True, slots=True)
class Effect:
    """`reads`: tables an answer depends on; None when it cannot be known that it still holds.
    `writes`: names of changes as `Changes` has them: a table, and with a plus its membership."""

    reads: frozenset[str] | None
    writes: frozenset[str]


def _closure(links: Mapping[str, Iterable[str]], start: str) -> frozenset[str]:
    seen, open_ = {start}, [start]
    while open_:
        for name in links.get(open_.pop(), ()):
            if name not in seen:
                seen.add(name)
                open_.append(name)
    return frozenset(seen)


@dataclass(slots=True)
class Statements:
    """Effects of statements in one database; every text is looked at once.

    >>> known = Statements(frozenset({"jobs", "teams"}), quiet={"teams": frozenset({"seen"})})
    >>> sorted(known.of("SELECT j.id FROM jobs j JOIN teams t ON true").reads)
    ['jobs', 'teams']
    >>> sorted(known.of("UPDATE jobs SET name = $1").writes)
    ['jobs']
    >>> sorted(known.of("UPDATE teams SET seen = $1").writes), known.of("SELECT seen").reads
    ([], None)
    """

    tracked: frozenset[str]
    untracked: frozenset[str] = frozenset()
    quiet: Mapping[str, frozenset[str]] = field(default_factory=dict)
    policies: Mapping[str, frozenset[str]] = field(default_factory=dict)  # a table's, closed
    cascades: Mapping[str, frozenset[str]] = field(default_factory=dict)  # whom deleting reaches
    _known: dict[str, Effect] = field(default_factory=dict)

    @classmethod
    async def load(cls, connection: asyncpg.Connection) -> "Statements":
        """What the database says of its tables."""
        found = await connection.fetch(_CATALOGUE)
        policy = {row["name"]: row["policy"] for row in found}
        cascade = {row["name"]: row["cascade"] for row in found}
        return cls(
            frozenset(row["name"] for row in found if row["tracked"]),
            frozenset(row["name"] for row in found if not row["tracked"]),
            {row["name"]: frozenset(row["quiet"]) for row in found if row["quiet"]},
            {name: _closure(policy, name) for name in policy},
            {name: _closure(cascade, name) for name in cascade},
        )

    def of(self, sql: str) -> Effect:
        """The effect of a statement."""
        effect = self._known.get(sql)
        if effect is None:
            effect = Effect(self._reads(sql), self._writes(sql))
            if len(self._known) >= _ROOM:
                self._known.clear()
            self._known[sql] = effect
        return effect

    def _reads(self, sql: str) -> frozenset[str] | None:
        words = frozenset(_WORDS.findall(sql))
        if any(columns & words for columns in self.quiet.values()):
            return None
        if any(name.lower() not in _HARMLESS for name in _CALLS.findall(sql)):
            return None
        named = {name for found in _READS.findall(sql) for name in _WORDS.findall(found)}
        tables = {
            table
            for name in named & (self.tracked | self.untracked)
            for table in self.policies.get(name, (name,))
        }
        return None if tables & self.untracked else frozenset(tables)

    def _writes(self, sql: str) -> frozenset[str]:
        written: set[str] = set()
        starts = [*_WRITES.finditer(sql)]
        for number, found in enumerate(starts, 1):
            end = starts[number].start() if number < len(starts) else len(sql)
            verb, table = found[1].split()[0].upper(), found[2]
            if table not in self.tracked | self.untracked:
                continue
            if verb == "UPDATE":
                written |= self._updated(table, sql[found.end() : end])
            elif verb == "INSERT":
                written |= {table, f"{table}+"}
            else:
                for gone in self.cascades.get(table, (table,)):
                    written |= {gone, f"{gone}+"}
        return frozenset(written)

    def _updated(self, table: str, rest: str) -> set[str]:
        assigned = set(_ASSIGNED.findall(rest))
        if assigned and assigned <= self.quiet.get(table, frozenset()):
            return set()
        is_moved = any(name == "state" or name.endswith("_id") for name in assigned)
        return {table, f"{table}+"} if not assigned or is_moved else {table}

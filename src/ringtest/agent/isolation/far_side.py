"""What runs on a machine under test: scripts for any /bin/sh with /proc. Pure."""

import shlex
from collections.abc import Mapping, Sequence

from ringtest.agent.definitions.isolated import Isolation
from ringtest.agent.isolation.limits import amounts

MARK = "RINGTEST_FAR_RUN"
"""Variable that marks every process of a run over there."""

KILL = """
round=0
while [ $round -lt 100 ]; do
  found=
  for one in /proc/[0-9]*; do
    if grep -qs "$mark" "$one/environ"; then
      kill -KILL "${one#/proc/}" 2>/dev/null
      found=1
    fi
  done
  [ -z "$found" ] && break
  round=$((round + 1))
done
"""
"""Ends every process whose environment holds $mark; some forked meanwhile: it looks again."""

WATCH = f"""
umask 077
cookie=$1
lease=$2
mark={MARK}=$cookie
base=${{HOME:-/tmp}}/.ringtest/$cookie
mkdir -p "$base/work" || exit 1
echo 0 > "$base/heard"
kill_all() {{
{KILL}
[ -z "$found" ]
}}
(
  trap '' HUP
  last=
  while sleep "$lease"; do
    heard=$(cat "$base/heard" 2>/dev/null) || exit 0
    [ "$heard" = "$last" ] && break
    last=$heard
  done
  kill_all
  rm -rf "$base"
) </dev/null >/dev/null 2>&1 &
echo "ready $base"
while read -r line; do
  case $line in
    end)
      rm -f "$base/heard"
      if kill_all && rm -rf "$base"; then
        rmdir "${{base%/*}}" 2>/dev/null
        echo done
      else
        echo "something is left"
      fi
      exit 0 ;;
    keep)
      rm -f "$base/heard"
      kill_all && echo done
      exit 0 ;;
    *) echo "$line" > "$base/heard" ;;
  esac
done
kill_all
rm -rf "$base"
"""
"""Lives as long as the connection. The part in the background ends what a silent cut left."""


def command_script(
    argv: Sequence[str], *, cwd: str, env: Mapping[str, str], wanted: Isolation
) -> str:
    """A command with its variables and limits.

    >>> one = command_script(["a b"], cwd="/w", env={"X": "1 2"}, wanted=Isolation("none"))
    >>> print(one)
    cd /w || exit 126
    export X='1 2'
    exec 'a b'
    <BLANKLINE>
    """
    whole = amounts(wanted)
    lines = [f"cd {shlex.quote(cwd)} || exit 126"]
    lines += [f"export {name}={shlex.quote(value)}" for name, value in env.items() if _named(name)]
    for key, option, unit in (
        ("memory", "v", 1024),
        ("open_files", "n", 1),
        ("file_size", "f", 512),
        ("processes", "u", 1),
    ):
        amount = whole[key]
        if amount is not None:
            number = max(int(amount) // unit, 1)
            lines.append(f"ulimit -{option} {number} 2>/dev/null || {_by_other_shell(key, number)}")
    lines.append(f"exec {shlex.join(argv)}")
    return "\n".join(lines) + "\n"


def _named(name: str) -> bool:
    return name.isidentifier() and name.isascii()


def _by_other_shell(key: str, number: int) -> str:
    """The limit of processes has another letter in some shells."""
    told = f'echo "[ringtest] no limit of {key} here" >&2'
    return f"ulimit -p {number} 2>/dev/null || {told}" if key == "processes" else told

"""A plan with nothing changed, beside `jenkins-jobs update` whose cache is lost.

Both run as people run them, as a command of its own with its start, reading and rendering,
against the stand-in for a controller that the tests use: requests are counted there. The
original gets fewer jobs, as its time grows with them; both are compared by what a job costs
after the start of the command.
"""

import argparse
import os
import resource
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.harness import median, row
from tests.jenkins_server import JenkinsServer, jenkins_server

ROUNDS = 3
JOBS, JOBS_OF_ORIGINAL = 1000, 200
_TEMPLATE = """
- project:
    name: greeter
    number: [{numbers}]
    jobs: ['greeter-{{number}}']
- job-template:
    name: 'greeter-{{number}}'
    parameters:
    - string: {{name: COLOUR, default: red}}
    scm: [{{git: {{url: 'https://git.example.com/greeter.git', branches: [main]}}}}]
    triggers: [{{timed: 'H H * * *'}}]
    builders:
    - shell: |
        make prepare
        make test NUMBER={{number}}
    publishers:
    - archive: {{artifacts: 'out/**'}}
    - email: {{recipients: team@example.com}}
"""


@dataclass(frozen=True, slots=True)
class Spent:
    """What one command cost."""

    cpu: float
    requests: int
    writes: int


class Bench:
    """A controller, and a folder with job files and the homes of both commands."""

    def __init__(self, server: JenkinsServer, folder: Path) -> None:
        self.server = server
        self.folder = folder
        self.programs = Path(sys.executable).parent
        (folder / "jj.ini").write_text(
            f"[jenkins]\nurl={server.url}\nuser=admin\npassword=token-of-admin\n"
        )

    def write_jobs(self, number: int) -> str:
        """The name of a file with so many jobs."""
        numbers = ", ".join(f"'{each:05}'" for each in range(number))
        name = f"jobs-{number}.yaml"
        (self.folder / name).write_text(_TEMPLATE.format(numbers=numbers))
        return name

    def run(self, program: str, *arguments: str, home: str = "home") -> Spent:
        """Run a command to its end; RuntimeError when it fails."""
        self.server.requests.clear()
        environment = self._environment(self.folder / home)
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        command: Sequence[str | Path] = [self.programs / program, *arguments]
        done = subprocess.run(
            command, cwd=self.folder, env=environment, capture_output=True, text=True
        )
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        if done.returncode:
            raise RuntimeError(f"{program}: {done.stdout[-1000:]}{done.stderr[-2000:]}")
        cpu = after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime
        return Spent(cpu, len(self.server.requests), len(self.server.writes()))

    def _environment(self, home: Path) -> Mapping[str, str]:
        inherited = {k: v for k, v in os.environ.items() if not k.startswith("JENKINS_")}
        return {
            **inherited,
            "HOME": str(home),
            "XDG_CACHE_HOME": str(home / "cache"),
            "XDG_STATE_HOME": str(home / "state"),
        }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", type=int, default=JOBS)
    parser.add_argument("--jobs-of-original", type=int, default=JOBS_OF_ORIGINAL)
    given = parser.parse_args()
    with jenkins_server() as server, tempfile.TemporaryDirectory() as name:
        bench = Bench(server, Path(name))
        ours = _ours(bench, given.jobs)
    with jenkins_server() as server, tempfile.TemporaryDirectory() as name:
        _original(Bench(server, Path(name)), given.jobs_of_original, ours)


def _ours(bench: Bench, jobs: int) -> float:
    """CPU seconds per job after the start."""
    file = bench.write_jobs(jobs)
    first = bench.run("ringtest", "jenkins", "update", "--conf", "jj.ini", file)
    row(f"{jobs} jobs written first: CPU", f"{first.cpu:.2f} s", f"{first.requests} requests")
    runs = [
        bench.run("ringtest", "jenkins", "plan", "--conf", "jj.ini", file) for _ in range(ROUNDS)
    ]
    cpu = median([each.cpu for each in runs])
    last = runs[-1]
    most = 2 + jobs // 500
    row(
        f"plan of {jobs} jobs, nothing changed: requests",
        f"{last.requests}, {last.writes} writes",
        f"<= {most}, 0 writes",
        last.requests <= most and last.writes == 0,
    )
    start = median([bench.run("ringtest", "jenkins", "plan", "--help").cpu for _ in range(ROUNDS)])
    row("  CPU of the command, its start included", f"{cpu:.2f} s", "")
    row("  CPU after its start", f"{cpu - start:.2f} s", "<= 1 s", cpu - start <= 1.0)
    return (cpu - start) / jobs


def _original(bench: Bench, jobs: int, ours: float) -> None:
    file = bench.write_jobs(jobs)
    update = ("--conf", "jj.ini", "update", "--workers", "8", file)
    bench.run("jenkins-jobs", *update)
    spent = bench.run("jenkins-jobs", *update, home="another home")  # whose cache is empty
    row(
        f"jenkins-jobs update of {jobs} jobs, cache lost: requests",
        f"{spent.requests}, {spent.writes} writes",
        "",
    )
    start = median([bench.run("jenkins-jobs", "--version").cpu for _ in range(ROUNDS)])
    row("  CPU of the command, its start included", f"{spent.cpu:.2f} s", "")
    theirs = (spent.cpu - start) / jobs
    row(
        "  CPU per job after the start, theirs / ours",
        f"{theirs * 1000:.1f} / {ours * 1000:.1f} ms",
        ">= 5 x",
        theirs >= 5 * ours,
        ratio=theirs / ours,
    )


if __name__ == "__main__":
    main()

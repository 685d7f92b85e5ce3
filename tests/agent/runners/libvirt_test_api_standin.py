"""Stands in for libvirt-test-API: reads a case file, prints the same log, is started the same way.

`python libvirt_test_api_standin.py -c FILE`; a step of module `shell` runs the script of its name
from `steps/` below the work folder, with its options as variables. Exit codes of scripts: 0 OK, 77
SKIP, else FAIL.
"""

import subprocess
import sys
from pathlib import Path


def read(text: str) -> list[tuple[str, dict[str, str]]]:
    """Steps and their options; values are one each by now."""
    steps: list[tuple[str, dict[str, str]]] = []
    for line in text.splitlines():
        if not line.strip():
            continue
        if line.startswith("        "):
            options = steps[-1][1]
            last = list(options)[-1]
            assert options[last] == "", "one value of each option"
            options[last] = line.strip()
        elif line.startswith("    "):
            steps[-1][1][line.strip()] = ""
        elif ":" in line:
            steps.append((line, {}))
    return steps


def main() -> None:
    """Run the steps one after the other, all of them."""
    assert sys.argv[1] == "-c"
    steps = read(Path(sys.argv[2]).read_text(encoding="utf-8"))
    print("Checking Testing Environment... ", flush=True)
    print("Run sequence:", *(f"    {name}" for name, _ in steps), sep="\n", flush=True)
    failed = 0
    for name, options in steps:
        dashes = "-" * ((78 - len(name)) // 2)
        print(f"{dashes} {name} {dashes}", flush=True)
        script = Path("steps") / name.partition(":")[2]
        code = subprocess.run(["sh", script], env=options | {"PATH": "/usr/bin:/bin"}).returncode
        result = {0: "OK", 77: "SKIP"}.get(code, "FAIL")
        failed += result == "FAIL"
        print(f"    Result: {result}", flush=True)
    print(f"Summary:\n    Total:{len(steps)} [Pass:{len(steps) - failed} Fail:{failed}]")
    sys.exit(bool(failed))


if __name__ == "__main__":
    main()

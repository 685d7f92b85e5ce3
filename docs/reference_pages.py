"""Reference pages made from the code: the command line, the agent's settings, the API."""

import inspect
from dataclasses import MISSING, fields
from typing import Any

from litestar.handlers import HTTPRouteHandler

from docs.fields import field_docs
from ringtest.agent.settings import AgentSettings
from ringtest.cli.main import COMMANDS, load_command
from ringtest.control.app import ROOMS

MADE = "<!-- Made by `make docs`; edit the code it is made from. -->\n"


def command_line_page() -> str:
    """docs/reference/command-line.md"""
    lines = [
        "# Command line",
        "",
        MADE,
        "Every command explains itself with `--help`; `ringtest --install-completion` teaches",
        "the shell. Exit codes: 0 done, 1 the server refused, 2 wrong usage, 3 not found,",
        "4 server unreachable; `job watch`: 0 passed, 10 failed, 11 errored, 12 cancelled.",
        "",
        "What a question is about is its argument (`ringtest test history TOPIC TEST`), what only",
        "narrows it an option. Things are given by id or by name, what has no name as `latest`;",
        "the shell completes names. A wrong query is shown with a mark under the character.",
        "",
    ]
    for name, (_, _, text) in COMMANDS.items():
        command = load_command(name)
        lines += [f"## ringtest {name}", ""]
        parts = getattr(command, "commands", None)
        if parts is None:
            lines += [*_command(f"ringtest {name}", command)]
            continue
        lines += [text, ""]
        for part, inner in parts.items():
            lines += [
                f"### ringtest {name} {part}",
                "",
                *_command(f"ringtest {name} {part}", inner),
            ]
    return "\n".join(lines)


def _command(path: str, command: Any) -> list[str]:
    arguments = [p for p in command.params if p.param_type_name == "argument"]
    options = [p for p in command.params if p.param_type_name == "option" and p.name != "help"]
    words = " ".join((p.name or "").upper() for p in arguments)
    lines = [inspect.cleandoc(command.help or ""), "", f"`{path} {words}`".replace(" `", "`"), ""]
    if options:
        rows = [
            f"| `{', '.join(p.opts)}` | {(getattr(p, 'help', None) or '').replace('|', '/')} |"
            for p in options
        ]
        lines += ["| option | meaning |", "|---|---|", *rows, ""]
    return lines


def agent_page() -> str:
    """docs/reference/agent.md"""
    meanings = field_docs(AgentSettings)
    rows = [
        f"| `{setting.name}` | {_default(setting)} | {meanings.get(setting.name, '')} |"
        for setting in fields(AgentSettings)
    ]
    return "\n".join(
        [
            "# Settings of an agent",
            "",
            MADE,
            "In `agent.toml` (`ringtest agent --config agent.toml`), by option or by environment:",
            "`RINGTEST_SERVER` or `DCI_CS_URL`, `RINGTEST_CLIENT_ID` or `DCI_CLIENT_ID`,",
            "`RINGTEST_API_SECRET` or `DCI_API_SECRET`, `RINGTEST_API_SECRET_FILE`,",
            "`RINGTEST_AGENT_DATA`. Options win over the environment, which wins over the file.",
            "The key is never an option: command lines are visible to every user of a machine.",
            "",
            "| setting | default | meaning |",
            "|---|---|---|",
            *rows,
            "",
            "Variables for one stage only go in tables of their own:",
            "",
            "```toml",
            "[stage_environment.test]",
            'PYTHONWARNINGS = "error"',
            "```",
            "",
        ]
    )


def _default(setting: Any) -> str:
    if setting.default is MISSING:
        # made at start: the host's name, no variables
        return "required" if setting.default_factory is MISSING else "–"
    return "the agent's own" if setting.name == "python" else f"`{setting.default}`"


def routes() -> list[tuple[str, str, str]]:
    """(method, path, what it does) of every route below /api/v1."""
    handlers: list[HTTPRouteHandler] = [route for room in ROOMS for route in room.routes]
    return sorted(
        (method, path.replace(":str", "").replace(":path", ""), handler.summary or "")
        for handler in handlers
        for path in handler.paths
        for method in handler.http_methods
    )


def api_page() -> str:
    """docs/reference/api.md"""
    rows = [f"| {method} | `{path}` | {summary} |" for method, path, summary in _by_path()]
    return "\n".join(
        [
            "# The API",
            "",
            MADE,
            "Below `/api/v1` and `/api/v2`, in the wire format of DCI's control server. The",
            "running server describes itself in full at `/schema/openapi.json`.",
            "",
            "| method | path | what it does |",
            "|---|---|---|",
            *rows,
            "",
        ]
    )


def _by_path() -> list[tuple[str, str, str]]:
    return sorted(routes(), key=lambda route: (route[1], route[0]))

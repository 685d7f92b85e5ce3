"""How ansible-playbook is started: its words, its variables, and our plugins beside the lab's."""

import configparser
import os
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

PLUGINS = Path(__file__).with_name("plugins")
CALLBACK = "ringtest_tasks"
_REPLACED = {"dci", "dcijunit", "dci.ansible.dci", "dci.ansible.dcijunit", CALLBACK}
"""Callbacks that would tell of every task a second time."""


@dataclass(frozen=True, slots=True)
class Playbook:
    """One start of ansible-playbook. `extra` are the values of `-e`, each as it is given."""

    path: Path
    inventory: Path | str | None = None
    extra: Sequence[str] = ()
    tags: Sequence[str] = ()
    skip_tags: Sequence[str] = ()
    limit: str = ""
    config: Path | None = None
    vault: Path | None = None
    arguments: Sequence[str] = ()
    """More of ansible-playbook's own."""
    libraries: Sequence[Path] = field(default_factory=tuple)
    """Folders with `modules`, `module_utils`, `callback` and such of the lab's."""
    start: Path | None = None
    """Where it is started; None: in the playbook's folder."""
    verbosity: int = 2
    """How many `-v` it gets."""

    @property
    def folder(self) -> Path:
        """Where it is started."""
        return self.start or self.path.parent

    def argv(self) -> list[str]:
        """The words of the command; the program is the lab's, found on PATH."""
        words = ["ansible-playbook"]
        if self.verbosity:
            words.append("-" + "v" * self.verbosity)
        if self.inventory is not None:
            words += ["-i", str(self.inventory)]
        for value in self.extra:
            words += ["-e", value]
        if self.tags:
            words += ["--tags", ",".join(self.tags)]
        if self.skip_tags:
            words += ["--skip-tags", ",".join(self.skip_tags)]
        if self.limit:
            words += ["--limit", self.limit]
        if self.vault:
            words += ["--vault-password-file", str(self.vault)]
        return [*words, *self.arguments, str(self.path)]

    def environment(self, variables: Mapping[str, str], told: Path) -> dict[str, str]:
        """These variables, and what makes Ansible tell us of its tasks in the file `told`.

        What the lab's ansible.cfg says of folders and callbacks stays: a variable would hide it.
        """
        config = self.config or _config_of(self.folder, variables)
        says = _Says(variables, config)
        enabled = [
            name
            for name in says.words("ANSIBLE_CALLBACKS_ENABLED", *_ENABLED)
            if name not in _REPLACED
        ]
        env = {
            **variables,
            "RINGTEST_ANSIBLE_TOLD": str(told),
            "ANSIBLE_CALLBACKS_ENABLED": ",".join([CALLBACK, *enabled]),
            "ANSIBLE_NOCOLOR": variables.get("ANSIBLE_NOCOLOR", "1"),
            "PYTHONUNBUFFERED": "1",
        }
        for name, key, ours, theirs in _FOLDERS:
            own = [str(PLUGINS / ours)] if ours else []
            lab = [str(each / theirs) for each in self.libraries]
            before = says.folders(name, key)
            if own or lab:
                env[name] = os.pathsep.join([*own, *lab, *before, *_DEFAULTS.get(name, [])])
        if config:
            env["ANSIBLE_CONFIG"] = str(config)
        return env


_ENABLED = ("callbacks_enabled", "callback_enabled", "callback_whitelist")
_FOLDERS = (
    ("ANSIBLE_CALLBACK_PLUGINS", "callback_plugins", "callback", "callback"),
    ("ANSIBLE_ACTION_PLUGINS", "action_plugins", "action", "action_plugins"),
    ("ANSIBLE_LIBRARY", "library", "", "modules"),
    ("ANSIBLE_MODULE_UTILS", "module_utils", "", "module_utils"),
    ("ANSIBLE_FILTER_PLUGINS", "filter_plugins", "", "filter_plugins"),
)
_DEFAULTS = {
    "ANSIBLE_CALLBACK_PLUGINS": ["/usr/share/ansible/plugins/callback"],
    "ANSIBLE_ACTION_PLUGINS": ["/usr/share/ansible/plugins/action"],
    "ANSIBLE_LIBRARY": ["/usr/share/ansible/plugins/modules"],
    "ANSIBLE_MODULE_UTILS": ["/usr/share/ansible/plugins/module_utils"],
    "ANSIBLE_FILTER_PLUGINS": ["/usr/share/ansible/plugins/filter"],
}


def _config_of(folder: Path, variables: Mapping[str, str]) -> Path | None:
    """The file that Ansible would read by itself."""
    home = variables.get("HOME")
    places = [
        Path(variables["ANSIBLE_CONFIG"]) if variables.get("ANSIBLE_CONFIG") else None,
        folder / "ansible.cfg",
        Path(home) / ".ansible.cfg" if home else None,
        Path("/etc/ansible/ansible.cfg"),
    ]
    return next((place for place in places if place and place.is_file()), None)


class _Says:
    """What variables and ansible.cfg say already."""

    def __init__(self, variables: Mapping[str, str], config: Path | None) -> None:
        self._variables = variables
        self._folder = config.parent if config else Path()
        parser = configparser.ConfigParser(interpolation=None, strict=False)
        if config:
            with suppress(OSError, ValueError, configparser.Error):  # Ansible says what is wrong
                parser.read_string(config.read_text(encoding="utf-8"))
        self._defaults = dict(parser["defaults"]) if parser.has_section("defaults") else {}

    def words(self, variable: str, *keys: str) -> list[str]:
        texts = [self._variables.get(variable), *(self._defaults.get(key) for key in keys)]
        text = next((one for one in texts if one), "")
        return [word.strip() for word in text.split(",") if word.strip()]

    def folders(self, variable: str, key: str) -> list[str]:
        if self._variables.get(variable):
            return self._variables[variable].split(os.pathsep)
        found = self._defaults.get(key, "").split(os.pathsep)
        return [str(self._folder / Path(one.strip()).expanduser()) for one in found if one.strip()]

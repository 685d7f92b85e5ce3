"""The unit with which systemd runs an agent. Pure.

`deploy/systemd/ringtest-agent.service` is what `unit` gives with nothing said.
"""

import re
from pathlib import PurePosixPath

PROGRAM = "/usr/local/bin/ringtest"
CONFIG = PurePosixPath("/etc/ringtest/agent.toml")
USER = "ringtest"
_SAFE = re.compile(r"[A-Za-z0-9._/+@-]+")

_UNIT = """\
[Unit]
Description=Agent of Ringtest: runs this lab's jobs
Documentation=man:systemd.exec(5)
Wants=network-online.target
After=network-online.target time-sync.target
StartLimitIntervalSec=0

[Service]
ExecStart={program} agent --config {config} --data /var/lib/ringtest
User={user}
Restart=always
RestartSec=5
# jobs are given back on SIGTERM; what is left of them is killed afterwards
KillMode=mixed
TimeoutStopSec=30
StateDirectory=ringtest
StateDirectoryMode=0711
ConfigurationDirectory=ringtest
WorkingDirectory=/var/lib/ringtest
EnvironmentFile=-/etc/ringtest/agent.env
UMask=0027
# An agent, and jobs that are not isolated, write below /var/lib/ringtest and /tmp only. Jobs that
# prepare the machine (packages, services) need ProtectSystem=no and User=root in a drop-in.
# RestrictNamespaces stays off: sandboxes are made of namespaces.
NoNewPrivileges=yes
ProtectSystem=strict
ProtectHome=read-only
PrivateTmp=yes
ProtectClock=yes
ProtectHostname=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=no
RestrictRealtime=yes
RestrictSUIDSGID=yes
LockPersonality=yes
Delegate=yes
TasksMax=infinity

[Install]
WantedBy=multi-user.target
"""


def unit(program: str = PROGRAM, config: str = str(CONFIG), user: str = USER) -> str:
    """The unit's text. ValueError for words that systemd would read as something else.

    >>> "User=tester" in unit(user="tester")
    True
    """
    for word in (program, config, user):
        if not _SAFE.fullmatch(word):
            raise ValueError(f"{word!r} cannot stand in a unit: use letters, digits and ._/+@-")
    return _UNIT.format(program=program, config=config, user=user)

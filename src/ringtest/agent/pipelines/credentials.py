"""As whom a job of a pipeline speaks to the server: files and variables of DCI, unchanged."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import yaml

from ringtest.agent.pipelines.model import PipelineJob
from ringtest.client import Connection

FILE = "dci_credentials.yml"


class CredentialsError(Exception):
    """A file or a variable is missing; the message says which."""


@dataclass(frozen=True, slots=True)
class Credentials:
    """The key of a lab."""

    client_id: str
    api_secret: str = field(repr=False)
    server: str

    @property
    def connection(self) -> Connection:
        return Connection.for_key(self.server, self.client_id, self.api_secret)

    @property
    def variables(self) -> dict[str, str]:
        """What modules and tools of DCI read."""
        return {
            "DCI_CLIENT_ID": self.client_id,
            "DCI_API_SECRET": self.api_secret,
            "DCI_CS_URL": self.server,
        }


def credentials_of(job: PipelineJob, environment: Mapping[str, str]) -> Credentials:
    """Those of `dci_credentials`, else of `dci_credentials.yml` beside the playbook, else of the
    variables. CredentialsError when none is whole."""
    values = _file_of(job)
    source = "the variables DCI_CLIENT_ID, DCI_API_SECRET and DCI_CS_URL"
    if values is None:
        values = {key: environment[key] for key in environment if key.startswith("DCI_")}
    else:
        source = str(_path_of(job))
        values = {"DCI_CS_URL": environment.get("DCI_CS_URL", ""), **values}
    missing = [
        key for key in ("DCI_CLIENT_ID", "DCI_API_SECRET", "DCI_CS_URL") if not values.get(key)
    ]
    if missing:
        raise CredentialsError(f"{job.name}: {missing[0]} is missing in {source}")
    return Credentials(
        str(values["DCI_CLIENT_ID"]), str(values["DCI_API_SECRET"]), str(values["DCI_CS_URL"])
    )


def _path_of(job: PipelineJob) -> Path:
    playbook = job.path("ansible_playbook")
    return job.path("dci_credentials") or (playbook.parent if playbook else job.folder) / FILE


def _file_of(job: PipelineJob) -> dict[str, str] | None:
    path = _path_of(job)
    if not path.is_file() and not job.values.get("dci_credentials"):
        return None
    return _read(path)


def user_connection(job: PipelineJob, environment: Mapping[str, str]) -> Connection | None:
    """The person of `pipeline_user`, who may see components of several teams."""
    path = job.path("pipeline_user")
    if path is None:
        return None
    values = _read(path)
    server = values.get("DCI_CS_URL") or environment.get("DCI_CS_URL", "")
    name, password = values.get("DCI_PIPELINE_USERNAME"), values.get("DCI_PIPELINE_PASSWORD")
    if not (server and name and password):
        raise CredentialsError(f"{path}: needs DCI_PIPELINE_USERNAME and DCI_PIPELINE_PASSWORD")
    return Connection.for_user(server, name, password)


def _read(path: Path) -> dict[str, str]:
    try:
        values = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise CredentialsError(f"{path}: {error.strerror}") from None
    except (ValueError, yaml.YAMLError):
        raise CredentialsError(f"{path} is no YAML of names and values") from None
    if not isinstance(values, dict):
        raise CredentialsError(f"{path} is no YAML of names and values")
    return {str(key): str(value) for key, value in values.items() if value is not None}

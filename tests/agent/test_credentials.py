"""DCI's files of credentials are read as they are, and never run."""

from pathlib import Path

import pytest

from ringtest.agent.credentials import CredentialsError, read_credentials
from ringtest.agent.settings import SettingsError, read_settings

RC = """\
# made by the web pages
export DCI_CLIENT_ID='remoteci/1'
export DCI_API_SECRET="a$ecret"
DCI_CS_URL=https://ci.example.com  # the server
export PATH="$HOME/bin:$PATH"
source ~/other.sh
"""
YAML = "DCI_CLIENT_ID: remoteci/1\nDCI_API_SECRET: 's3cret'\nDCI_CS_URL: https://ci.example.com\n"


def write(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text)
    return path


def test_dcirc_and_credentials_are_settings_of_an_agent(tmp_path: Path) -> None:
    rc = write(tmp_path, "dcirc.sh", RC.replace('"a$ecret"', r'"a\$\"ecret"'))
    settings = read_settings({}, {}, rc)
    assert (settings.server, settings.client_id) == ("https://ci.example.com", "remoteci/1")
    assert settings.api_secret == 'a$"ecret'
    settings = read_settings({}, {}, write(tmp_path, "dci_credentials.yml", YAML))
    assert (settings.client_id, settings.api_secret) == ("remoteci/1", "s3cret")


def test_several_variables_may_stand_in_a_line(tmp_path: Path) -> None:
    text = (
        "\ufeffexport DCI_CLIENT_ID=remoteci/1 DCI_API_SECRET='a#b c'; DCI_CS_URL=http://ci # it\n"
    )
    settings = read_settings({}, {}, write(tmp_path, "dcirc.sh", text))
    assert (settings.client_id, settings.api_secret) == ("remoteci/1", "a#b c")
    assert settings.server == "http://ci"


def test_a_shell_file_is_not_run(tmp_path: Path) -> None:
    for value in ("$(touch ran)", '"`touch ran`"', "a;touch ran", '"a$ecret"'):
        path = write(tmp_path, "dcirc.sh", f"true\nexport DCI_API_SECRET={value}\n")
        with pytest.raises(CredentialsError, match=r"dcirc.sh:2: .*in quotes"):
            read_credentials(path)
    path = write(tmp_path, "dcirc.sh", "export DCI_API_SECRET='$(not run)'\nexport DCI_X=$(x)\n")
    assert read_credentials(path) == {"DCI_API_SECRET": "$(not run)"}


@pytest.mark.parametrize("text", ["[1, 2]", "a: [", "!!python/object:os.system x"])
def test_yaml_that_is_no_mapping_is_refused(text: str, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="no YAML of names and values"):
        read_settings({}, {}, write(tmp_path, "dci_credentials.yml", text))

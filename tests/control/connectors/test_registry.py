"""Connectors are found without being imported, and two of a kind are an error."""

import subprocess
import sys
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from ringtest.control import registry
from ringtest.control.kernel.errors import BadRequest
from ringtest.control.kernel.settings import Settings
from ringtest.control.registry import GROUP, Connector, ConnectorClash, find_connectors


def point(name: str, value: str = "somebodys.part:create") -> EntryPoint:
    """A connector of somebody else's package."""
    return EntryPoint(name=name, value=value, group=GROUP)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """One connector, and a file that helps it."""
    (tmp_path / "pager.py").write_text('"""Pages."""\n\nPORT = "notifier"\n\nraise SystemExit\n')
    (tmp_path / "pager_parts.py").write_text("raise SystemExit\n")
    return tmp_path


def test_a_file_with_a_port_is_a_connector_and_is_not_imported(folder: Path) -> None:
    assert find_connectors(folder, []) == {
        "notifier.pager": Connector("notifier", "pager", "ringtest.control.connectors.pager:create")
    }


def test_entry_points_add_connectors(folder: Path) -> None:
    found = find_connectors(folder, [point("notifier.chat"), point("ci_backend.farm")])
    assert sorted(found) == ["ci_backend.farm", "notifier.chat", "notifier.pager"]
    assert found["notifier.chat"].target == "somebodys.part:create"


def test_the_same_name_twice_is_an_error_that_names_both(folder: Path) -> None:
    with pytest.raises(ConnectorClash, match=r"notifier\.pager.*connectors\.pager.*somebodys"):
        find_connectors(folder, [point("notifier.pager")])


@pytest.mark.parametrize(
    ("name", "value"), [("pager", "a:b"), ("notifier.", "a:b"), ("notifier.x", "a")]
)
def test_an_entry_point_must_say_port_name_and_function(
    folder: Path, name: str, value: str
) -> None:
    with pytest.raises(ConnectorClash, match="module:function"):
        find_connectors(folder, [point(name, value)])


def test_two_notifiers_of_one_channel_are_an_error(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    twice = {
        f"notifier.{name}": Connector(
            "notifier", name, "ringtest.control.connectors.webhook:create"
        )
        for name in ("one", "two")
    }
    monkeypatch.setattr(registry, "installed", lambda: twice)
    with pytest.raises(ConnectorClash, match="webhook"):
        registry.notifiers(Settings())


@pytest.mark.parametrize("objects", ["", "disk", "tape:", "://bucket"])
def test_an_object_store_of_no_known_kind_is_refused(objects: str) -> None:
    with pytest.raises(BadRequest, match="RINGTEST_OBJECTS"):
        registry.object_store(Settings(objects=objects))


@pytest.mark.parametrize("objects", ["s3:", "s3://", "s3:///prefix", "s3://bucket/a/../b"])
def test_an_s3_store_without_a_bucket_is_refused(objects: str) -> None:
    with pytest.raises(BadRequest, match="s3://bucket/prefix"):
        registry.object_store(Settings(objects=objects))


def test_the_setting_says_in_which_folder_objects_are(tmp_path: Path) -> None:
    registry.object_store(Settings(data=tmp_path / "data", objects=f"disk:{tmp_path / 'here'}"))
    assert (tmp_path / "here").is_dir()
    assert not (tmp_path / "data").exists()


def test_the_servers_own_connectors_are_complete(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path)
    assert sorted(registry.notifiers(settings)) == ["mail", "webhook"]
    assert "application/junit" in registry.result_parsers(settings)
    box = registry.secret_box(settings)
    assert box.open(box.seal("s")) == "s"
    registry.object_store(settings)


def test_looking_for_connectors_imports_none() -> None:
    program = (
        "import sys; from ringtest.control import registry; registry.find_connectors();"
        "print([m for m in sys.modules if m.startswith('ringtest.control.connectors')])"
    )
    shown = subprocess.run(
        [sys.executable, "-c", program], check=True, capture_output=True, text=True
    )
    assert shown.stdout.strip() == "[]"

"""Jobs to put on the stand-in."""

from tests.jenkins_server.server import JenkinsServer
from tests.jenkins_server.state import FOLDER, Item

_PROPERTY = "hudson.model.ParametersDefinitionProperty"
_TEXT = "hudson.model.StringParameterDefinition"


def add_job(
    server: JenkinsServer, full_name: str, *parameters: str, correlated: bool = True
) -> Item:
    """A freestyle job with string parameters, in folders that are made when they are missing.
    `correlated`: it declares RINGTEST_ID."""
    *folders, name = full_name.split("/")
    above = server.controller.top
    for folder in folders:
        if folder not in above.children:
            server.controller.create(above, folder, f"<{FOLDER}/>".encode())
        above = above.children[folder]
    names = [*parameters, *(["RINGTEST_ID"] if correlated else [])]
    inner = "".join(f"<{_TEXT}><name>{each}</name></{_TEXT}>" for each in names)
    config = (
        f"<project><properties><{_PROPERTY}><parameterDefinitions>{inner}"
        f"</parameterDefinitions></{_PROPERTY}></properties></project>"
    )
    document = config if names else "<project/>"
    return server.controller.create(above, name, document.encode())

"""Stacks of AWS CloudFormation, made and deleted by builders and publishers."""

from typing import Any
from xml.etree.ElementTree import Element

from ringtest.jjb.components.parts import joined, option, required
from ringtest.jjb.components.registry import Context
from ringtest.jjb.components.shapes import node

CLOUDFORMATION = "com.syncapse.jenkinsci.plugins.awscloudformationwrapper."

REGIONS = {
    "us-east-1": "US_East_Northern_Virginia",
    "us-west-1": "US_WEST_Northern_California",
    "us-west-2": "US_WEST_Oregon",
    "eu-central-1": "EU_Frankfurt",
    "eu-west-1": "EU_Ireland",
    "ap-southeast-1": "Asia_Pacific_Singapore",
    "ap-southeast-2": "Asia_Pacific_Sydney",
    "ap-northeast-1": "Asia_Pacific_Tokyo",
    "sa-east-1": "South_America_Sao_Paulo",
}


def check_name(parent: Element, data: Any, ctx: Context) -> None:
    """A stack without a name is nobody's."""
    if data.get("name", "") == "":
        ctx.fail("'name' is required")


ACCOUNT = (
    required("name", "stackName"),
    required("access-key", "awsAccessKey"),
    required("secret-key", "awsSecretKey"),
    required("region", "awsRegion", REGIONS),
)

NEW_STACK = (
    check_name,
    node(
        f"{CLOUDFORMATION}PostBuildStackBean",
        *ACCOUNT,
        option("description", ""),
        joined("parameters", ","),
        option("timeout", "0"),
        option("sleep", "0"),
        required("recipe", "cloudFormationRecipe"),
    ),
)

OLD_STACK = (
    check_name,
    node(
        f"{CLOUDFORMATION}SimpleStackBean",
        *ACCOUNT,
        option("prefix", False, "isPrefixSelected"),
    ),
)

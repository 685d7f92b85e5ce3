"""Reports of tests that the plugin xunit reads, as a builder and as a publisher."""

from typing import Any
from xml.etree.ElementTree import Element, SubElement

from ringtest.jjb.components.parts import option, reads, string, written
from ringtest.jjb.components.registry import Context
from ringtest.jjb.components.shapes import is_since, node

TOOLS = {
    "aunit": "AUnitJunitHudsonTestType",
    "boosttest": "BoostTestJunitHudsonTestType",
    "checktype": "CheckType",
    "cpptest": "CppTestJunitHudsonTestType",
    "cppunit": "CppUnitJunitHudsonTestType",
    "ctest": "CTestType",
    "dotnettest": "XUnitDotNetTestType",
    "embunit": "EmbUnitType",
    "fpcunit": "FPCUnitJunitHudsonTestType",
    "gtest": "GoogleTestType",
    "junit": "JUnitType",
    "mstest": "MSTestJunitHudsonTestType",
    "nunit": "NUnitJunitHudsonTestType",
    "phpunit": "PHPUnitJunitHudsonTestType",
    "tusar": "TUSARJunitHudsonTestType",
    "unittest": "UnitTestJunitHudsonTestType",
    "valgrind": "ValgrindJunitHudsonTestType",
}

TOOL = (
    option("pattern", ""),
    option("requireupdate", True, "failIfNotNew"),
    option("deleteoutput", True, "deleteOutputFiles"),
    option("skip-if-no-test-files", False, "skipNoTestFiles"),
    option("stoponerror", True, "stopProcessingIfError"),
)


@reads("types")
def add_tools(parent: Element, data: Any, ctx: Context) -> None:
    """The reports, one element each; types that are not known are left out."""
    newer = is_since(ctx, "3.0.0", "xunit")
    tools = SubElement(parent, "tools" if newer else "types")
    for entry in data["types"]:
        name = next(iter(entry))
        if name not in TOOLS:
            ctx.warn(f"'{name}' is no type of report that xunit reads here: it is left out")
            continue
        tool = SubElement(tools, TOOLS[name])
        for part in TOOL:
            part(tool, entry[name], ctx)


@reads("thresholds")
def add_thresholds(parent: Element, data: Any, ctx: Context) -> None:
    """How many tests may fail or be skipped."""
    thresholds = SubElement(parent, "thresholds")
    for entry in data.get("thresholds", []):
        if "failed" not in entry and "skipped" not in entry:
            ctx.warn("a threshold is 'failed' or 'skipped': another is left out")
            continue
        kind, limits = next(iter(entry.items()))
        threshold = SubElement(
            thresholds, f"org.jenkinsci.plugins.xunit.threshold.{kind.title()}Threshold"
        )
        for name, value in limits.items():
            tag = f"{name.lower().replace('new', 'New')}Threshold"
            SubElement(threshold, tag).text = str(value)


XUNIT = (
    add_tools,
    add_thresholds,
    written(
        "thresholdmode",
        "number",
        lambda mode: "2" if mode == "percent" else "1",
        "thresholdMode",
    ),
    node("extraConfiguration", string("test-time-margin", "3000")),
)

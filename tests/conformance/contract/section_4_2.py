"""Contract §4.2: products and topics; topics' access rule of §3."""

from collections.abc import Callable
from typing import Any

import httpx

from tests.conformance.contract.rows import REST, Call, Row
from tests.conformance.contract.scene import Scene

READERS = "sa epm ro user lab"
EARLY = Call(
    "PUT /teams/:team", {"has_pre_release_access": True}, headers={"If-match": ":team.etag"}
)
LINK = {"team_id": ":other_team"}


def label_is_the_name_in_capitals(answer: httpx.Response, _: Scene) -> None:
    """The label's default."""
    product = answer.json()["product"]
    assert product["label"] == product["name"].upper()


async def _gone(scene: Scene, noun: str, name: str) -> None:
    for who in ("sa", "user"):
        assert (await scene.ask(who, f"GET /{noun}/:{name}")).status_code == 404
        listed = await scene.ask(who, f"GET /{noun}?where=id::{name}")
        assert listed.json()["_meta"]["count"] == 0, who


async def product_is_gone(_: httpx.Response, scene: Scene) -> None:
    """An archived product is in no read."""
    await _gone(scene, "products", "product")
    listed = await scene.ask("sa", "GET /teams/:team/products")
    assert listed.json()["products"] == []
    topic = await scene.ask("sa", "GET /topics/:topic")
    assert topic.json()["topic"]["product"] is None


async def topic_is_gone_with_its_components(_: httpx.Response, scene: Scene) -> None:
    """An archived topic takes its components along."""
    await _gone(scene, "topics", "topic")
    await _gone(scene, "components", "component")
    product = await scene.ask("sa", "GET /products/:product")
    assert product.json()["product"]["topics"] == []


def newest_first(answer: httpx.Response, _: Scene) -> None:
    """The default order of components: the newest release first."""
    released = [one["released_at"] for one in answer.json()["components"]]
    assert len(released) == 3
    assert released == sorted(released, reverse=True)


def build(name: str, released_at: str) -> Call:
    """A component of the topic, published at some time."""
    body = {"type": "build", "topic_id": ":topic", "display_name": name, "version": "1"}
    return Call("POST /components", {**body, "released_at": released_at})


PRODUCTS = [
    Row(
        "POST /products",
        {201: "sa", 401: REST},
        {"name": ":new"},
        gives="product",
        check=label_is_the_name_in_capitals,
    ),
    Row(
        "POST /products",
        {201: "sa"},
        {"name": ":new", "label": ":new"},
        check=lambda answer, _: _label_is(answer, str.islower),
        note="[Q] a given label is kept on creation",
    ),
    Row(
        "PUT /products/:product",
        {200: "sa"},
        {"label": ":new"},
        if_match="product",
        check=lambda answer, _: _label_is(answer, str.isupper),
        note="[Q] and upper-cased on change",
    ),
    Row(
        "POST /products",
        {409: "sa"},
        {"name": ":new", "label": ":product.label"},
        note="the label is taken",
    ),
    Row("POST /products", {400: "sa"}, {"name": ":new", "more": 1}, note="unknown key"),
    Row("POST /products", {400: "sa"}, {"label": "x"}, note="without a name"),
    Row("GET /products", {401: "nobody", 200: REST}, gives="products[]", keys="topics label"),
    Row("GET /products", {200: READERS}, has={"id": ":product"}, note="all, else linked"),
    Row(
        "GET /products",
        {200: "other loner other_lab feeder"},
        hides=("product",),
        note="only linked",
    ),
    Row(
        "GET /products?where=id::product",
        {200: READERS},
        given=(Call("POST /products/:product/teams", LINK),),
        check=lambda answer, _: _expect_once(answer, "products"),
        note="once, however many teams have it",
    ),
    Row(
        "GET /products/:product",
        {200: READERS, 401: REST},
        gives="product",
        keys="topics label description",
        given=(Call("GET /topics/:topic"),),
    ),
    Row("GET /products/:nothing", {404: READERS}),
    Row(
        "PUT /products/:product",
        {200: "sa", 401: REST},
        {"description": "new", "more": 1},
        if_match="product",
        stale=404,
        gives="product",
        has={"description": "new"},
    ),
    Row(
        "PUT /products/:product",
        {200: "sa"},
        {"state": "archived"},
        if_match="product",
        given=(Call("GET /topics/:topic"),),
        check=product_is_gone,
        note="PUT may archive",
    ),
    Row(
        "DELETE /products/:product",
        {204: "sa", 401: REST},
        if_match="product",
        stale=409,
        gives="nothing",
        given=(Call("GET /topics/:topic"),),
        check=product_is_gone,
    ),
    Row(
        "POST /products/:product/teams",
        {201: "sa epm", 401: REST},
        LINK,
        has={"product_id": ":product", "team_id": ":other_team"},
    ),
    Row("POST /products/:product/teams", {409: "sa epm"}, {"team_id": ":team"}, note="has it"),
    Row("POST /products/:product/teams", {404: "sa epm"}, {"team_id": ":nothing"}),
    Row("POST /products/:nothing/teams", {404: "sa epm"}, {"team_id": ":team"}),
    Row(
        "DELETE /products/:product/teams/:team",
        {204: "sa epm", 401: REST},
        gives="nothing",
        check=lambda _, scene: _may_no_longer(scene, "GET /topics/:topic"),
    ),
    Row(
        "GET /products/:product/teams",
        {200: "sa epm", 401: REST},
        gives="teams[]",
        has={"id": ":team"},
    ),
]


def _label_is(answer: httpx.Response, like: Callable[[str], bool]) -> None:
    assert like(answer.json()["product"]["label"])


def _expect_once(answer: httpx.Response, noun: str) -> None:
    assert (len(answer.json()[noun]), answer.json()["_meta"]["count"]) == (1, 1)


async def _may_no_longer(scene: Scene, line: str) -> None:
    assert (await scene.ask("user", line)).status_code == 401


TOPIC: dict[str, Any] = {"name": ":new", "product_id": ":product"}

TOPICS = [
    Row(
        "POST /topics",
        {201: "sa epm feeder", 401: REST},
        {**TOPIC, "component_types": ["RPM", "Compose"]},
        gives="topic",
        has={
            "component_types": ["rpm", "compose"],
            "component_types_optional": [],
            "data": {},
            "export_control": False,
            "next_topic": None,
            "product": {"id": ":product"},
        },
    ),
    Row("POST /topics", {409: "sa"}, {**TOPIC, "name": ":topic.name"}, note="the name is taken"),
    Row("POST /topics", {404: "sa"}, {**TOPIC, "product_id": ":nothing"}),
    Row("POST /topics", {404: "sa"}, {**TOPIC, "next_topic_id": ":nothing"}),
    Row("POST /topics", {400: "sa"}, {**TOPIC, "more": 1}, note="unknown key"),
    Row("POST /topics", {400: "sa"}, {"name": ":new"}, note="without a product"),
    Row("GET /topics", {401: "nobody", 200: REST}, gives="topics[]", keys="product next_topic"),
    Row(
        "GET /topics",
        {200: "sa epm ro feeder user lab"},
        has={"id": ":topic"},
        note="the product's teams, and who reads all",
    ),
    Row("GET /topics", {200: "other loner other_lab"}, hides=("topic",), note="no other team"),
    Row(
        "GET /topics",
        {200: "user lab"},
        hides=("pre_release_topic",),
        note="not those without export control",
    ),
    Row(
        "GET /topics",
        {200: "user lab sa"},
        given=(EARLY,),
        has={"id": ":pre_release_topic"},
        note="but with pre-release access",
    ),
    Row(
        "GET /topics/:topic",
        {200: "sa epm ro feeder user lab", 401: REST},
        gives="topic",
        has={"data": {"registry": "secret"}, "product": {"id": ":product"}, "next_topic": None},
        keys="component_types component_types_optional export_control",
    ),
    Row("GET /topics/:nothing", {404: "sa epm ro feeder user lab other loner"}),
    Row(
        "GET /topics/:pre_release_topic",
        {200: "sa epm ro feeder", 401: REST},
        note="not export controlled",
    ),
    Row(
        "GET /topics/:pre_release_topic",
        {200: "sa epm ro feeder user lab", 401: REST},
        given=(EARLY,),
        note="its team has pre-release access",
    ),
    Row(
        "GET /topics/:topic",
        {200: "user lab sa"},
        given=(
            Call(
                "PUT /topics/:topic",
                {"next_topic_id": ":next_topic"},
                headers={"If-match": ":topic.etag"},
            ),
        ),
        has={"next_topic": {"id": ":next_topic"}, "next_topic_id": ":next_topic"},
        note="with the next topic",
    ),
    Row(
        "PUT /topics/:topic",
        {200: "sa epm feeder", 401: REST},
        {"component_types": ["RPM"], "data": {"a": 1}, "more": 1},
        if_match="topic",
        stale=404,
        gives="topic",
        has={"component_types": ["rpm"], "data": {"a": 1}},
    ),
    Row(
        "PUT /topics/:topic",
        {200: "sa"},
        {"state": "inactive"},
        if_match="topic",
        has={"state": "inactive"},
        note="PUT may set the state",
    ),
    Row("PUT /topics/:topic", {409: "sa"}, {"name": ":next_topic.name"}, if_match="topic"),
    Row(
        "DELETE /topics/:topic",
        {204: "sa epm", 401: REST},
        if_match="topic",
        stale=404,
        gives="nothing",
        given=(Call("GET /components/:component"),),
        check=topic_is_gone_with_its_components,
    ),
    Row(
        "GET /topics/:topic/components",
        {200: "sa epm ro feeder user lab", 401: REST},
        gives="components[]",
        given=(Call("GET /components/:component"),),
        has={"id": ":component"},
    ),
    Row(
        "GET /topics/:topic/components",
        {200: "sa user"},
        given=(
            build("b", "2026-01-02T00:00:00"),
            build("a", "2026-01-03T00:00:00"),
            build("c", "2026-01-01T00:00:00"),
        ),
        check=newest_first,
        note="the newest release first",
    ),
    Row("GET /topics/:nothing/components", {404: "sa epm ro user other"}),
]

ROWS = [*PRODUCTS, *TOPICS]

"""Messages sent to a bus (the plugin jms-messaging)."""

from ringtest.jjb.components.parts import option, string
from ringtest.jjb.components.shapes import node, present

MESSAGE = (
    present("override-topic", node("overrides", string("override-topic", "", "topic"))),
    option("provider-name", ""),
    option("msg-type", "CodeQualityChecksDone", "messageType"),
    option("msg-props", "", "messageProperties"),
    option("msg-content", "", "messageContent"),
)

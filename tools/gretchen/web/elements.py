"""Small elements of the pages: plain HTML tags whose text is always text, never markup."""

from typing import Any

from nicegui import ui
from nicegui.elements.mixins.text_element import TextElement


class Text(TextElement):
    """An HTML element with a text: Vue writes it as a text node."""

    def __init__(self, text: str, tag: str = "span", classes: str = "") -> None:
        super().__init__(tag=tag, text=text)
        self.classes(classes)


def box(classes: str = "", tag: str = "div") -> ui.element:
    """Return an empty element to fill."""
    return ui.element(tag).classes(classes)


def attributes(element: Any, **values: str) -> Any:
    """Set attributes as they are (NiceGUI's `props` would parse them), and return the element."""
    element._props.update({name.replace("_", "-"): value for name, value in values.items()})
    return element


def button(text: str, on_click: Any, classes: str = "") -> Text:
    """Return a button of the theme's own look."""
    element = attributes(Text(text, "button", f"button {classes}"), type="button")
    element.on("click", on_click, args=[])
    return element

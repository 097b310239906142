"""XML from strangers.

XML is read with Python's own parser. Its only danger are entities that a document defines itself: a few lines can
stand for gigabytes. They can be defined in a document type alone, and no labeling program writes one, so it is refused.
This is all that ``defusedxml`` would add; lxml would bring a compiled library for files of some kilobytes.
"""

from __future__ import annotations

import math
import os
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

from mmirstd.utils.errors import DataError

from ..text_file import read_text


def read_xml(path: str | os.PathLike[str], expected: str) -> Element:
    """The root of a document in UTF-8 or UTF-16.

    Args:
        path: The file.
        expected: What it should hold, for the messages.

    Raises:
        MissingDataError: No such file.
        DataError: It is no XML, or it has a document type.
    """
    text = read_text(path, expected)
    if '<!DOCTYPE' in text:
        raise DataError(
            f'{path}: has a document type (<!DOCTYPE ...>), which may define entities that fill the memory; no '
            'labeling program writes one. Remove it if you trust the file'
        )
    try:
        return ElementTree.fromstring(text.strip())
    except ElementTree.ParseError as error:
        raise DataError(f'{path}: not valid XML ({error}); expected {expected}') from None


def xml_text(root: Element) -> str:
    """A document, indented; ``root`` is changed."""
    ElementTree.indent(root)
    return '<?xml version="1.0" encoding="utf-8"?>\n' + ElementTree.tostring(root, encoding='unicode') + '\n'


def child(parent: Element, name: str, text: object = '') -> Element:
    """Add an element with a text."""
    element = ElementTree.SubElement(parent, name)
    element.text = str(text)
    return element


def whole(path: str | os.PathLike[str], what: str, text: str | None) -> int:
    """The whole number in a text; ``8.0`` is one, too.

    Raises:
        DataError: It is none, or has more than nine digits; the message names file and element.
    """
    value = number(path, what, text)
    if not (abs(value) < 1e9 and value.is_integer()):
        raise DataError(f'{path}: {what} is {str(text)[:80]!r}; expected a whole number')
    return int(value)


def number(path: str | os.PathLike[str], what: str, text: str | None) -> float:
    """The number in a text.

    Raises:
        DataError: It is none; the message names file and element.
    """
    try:
        value = float(text or '')
        if not math.isfinite(value):
            raise ValueError
        return value
    except ValueError:
        raise DataError(f'{path}: {what} is {text if text is None else text[:80]!r}; expected a number') from None

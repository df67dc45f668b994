"""What notebooks show of trees and arrays."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from html import escape
from typing import Any

import numpy as np

from npstow._tree import Node

__all__ = ["of_mapping", "of_node"]

#: More rows than this help nobody.
_ROWS = 200

#: Elements of a preview in a table.
_EDGE = 3


def of_node(node: Node) -> str:
    """A table of what is below a group; an array with its first and last elements."""
    place = f"{node.path}:{node.name}" if node.name else node.path
    title = f"<b>{escape(place)}</b> ({escape(node.format)})"
    if node.kind != "group":
        return f"<div>{title}{_array(node)}</div>"
    nodes = [one for one in node.find("**")]
    prefix = len(node.name) + 1 if node.name else 0
    rows = ((one.name[prefix:], one) for one in nodes)
    return f"<div>{title}{_attributes(node)}{_table(rows, len(nodes))}</div>"


def of_mapping(fold: Mapping[str, Any]) -> str:
    """A table of what is in a fold."""
    items = list(_walk("", fold))
    return f"<div><b>npstow.Fold</b>{_table(iter(items), len(items))}</div>"


def _walk(prefix: str, fold: Any) -> Iterator[tuple[str, Any]]:
    for name, item in fold._parts():
        path = prefix + name
        yield path, item
        if isinstance(item, Node):
            if item.kind == "group":
                yield from ((f"{path}/{one.name[len(item.name) + 1:]}", one) for one in item.find())
        elif isinstance(item, Mapping):
            yield from _walk(f"{path}/", item)


def _table(items: Iterator[tuple[str, Any]], count: int) -> str:
    rows: list[str] = []
    for path, item in items:
        if len(rows) == _ROWS:
            rows.append(f"<tr><td colspan='5'>… and {count - _ROWS} more</td></tr>")
            break
        cells = "".join(f"<td style='text-align:left'>{cell}</td>" for cell in _cells(path, item))
        rows.append(f"<tr>{cells}</tr>")
    heads = "".join(
        f"<th style='text-align:left'>{head}</th>"
        for head in ("name", "dtype", "shape", "size", "values")
    )
    return f"<table><thead><tr>{heads}</tr></thead><tbody>{''.join(rows)}</tbody></table>"


def _cells(path: str, item: Any) -> tuple[str, str, str, str, str]:
    name = escape(path)
    if isinstance(item, Node):
        if item.kind == "group":
            return f"<b>{name}/</b>", "", "", "", ""
        if item.kind == "value":
            return name, "bytes", "", _size(item.nbytes), ""
        try:
            about = escape(str(item.dtype)), str(item.shape), _size(item.nbytes)
            return name, *about, _code(_preview(item, 1))
        except (ValueError, OSError) as error:
            # One that is damaged hides no other.
            return name, "", "", "", f"<i>{escape(str(error))}</i>"
    if isinstance(item, Mapping):
        return f"<b>{name}/</b>", "", "", "", ""
    array = np.asanyarray(item)
    about = escape(str(array.dtype)), str(array.shape), _size(array.nbytes)
    text = np.array2string(array, threshold=6, edgeitems=_EDGE) if array.size < 10**6 else "…"
    return name, *about, _code(text)


def _array(node: Node) -> str:
    if node.kind == "value":
        return f"<div>{_size(node.nbytes)} of bytes that are no array</div>"
    packed = f", {_size(node.stored_nbytes)} in the file" if node.codec else ""
    about = f"{escape(str(node.dtype))} {node.shape}, {_size(node.nbytes)}{packed}"
    return f"<div>{about}</div>{_attributes(node)}<pre>{escape(_preview(node, 6))}</pre>"


def _preview(node: Node, axes: int) -> str:
    if node.dtype.hasobject:
        return "Python objects"
    # Of a row in a table, only what has one axis is worth a line.
    if node.ndim > axes:
        return ""
    return node._node.preview(6, _EDGE) if axes == 1 else node._node.preview(200, _EDGE)


def _attributes(node: Node) -> str:
    attrs = node.attrs
    pairs = "".join(
        f"<tr><th style='text-align:left'>{escape(key)}</th>"
        f"<td style='text-align:left'>{escape(value)}</td></tr>"
        for key, value in attrs.items()
    )
    return f"<table><tbody>{pairs}</tbody></table>" if pairs else ""


def _code(text: str) -> str:
    return f"<code>{escape(text)}</code>" if text else ""


def _size(nbytes: int) -> str:
    size = float(nbytes)
    for unit in ("B", "KiB", "MiB", "GiB"):
        if size < 1024:
            return f"{size:.0f} {unit}" if unit == "B" or size >= 10 else f"{size:.1f} {unit}"
        size /= 1024
    return f"{size:.1f} TiB"

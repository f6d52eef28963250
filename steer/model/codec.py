"""Dataclasses to JSON-able dicts and back, strictly enough to trust what comes from disk or a socket."""

from __future__ import annotations

import dataclasses
import types
import typing
from enum import Enum
from functools import cache
from typing import Any, TypeVar, Union, cast

T = TypeVar("T")


def to_json(value: Any) -> Any:
    """`value` as dicts, lists, strings and numbers. Enums become their values, tuples become lists."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {f.name: to_json(getattr(value, f.name)) for f in dataclasses.fields(value)}
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, dict):
        return {str(k): to_json(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [to_json(v) for v in value]
    return value


def from_json(cls: type[T], data: Any) -> T:
    """The inverse of `to_json`. Unknown keys are ignored (a newer writer), missing ones take their default.

    Raises `ValueError` naming the field when a required one is missing or a value has the wrong shape.
    """
    return cast(T, _build(cls, data, cls.__name__))


@cache
def field_types(cls: type) -> dict[str, Any]:
    """The types of a dataclass's fields, by name; to find them out takes a millisecond, so once."""
    return typing.get_type_hints(cls)


def _build(kind: Any, data: Any, where: str) -> Any:
    origin = typing.get_origin(kind)
    if origin in (Union, types.UnionType):
        return _build_union(typing.get_args(kind), data, where)
    if origin in (tuple, list):
        return _build_sequence(origin, typing.get_args(kind)[0], data, where)
    if origin is dict:
        if not isinstance(data, dict):
            raise ValueError(f"{where}: expected a table, got {type(data).__name__}")
        value_kind = typing.get_args(kind)[1]
        return {str(k): _build(value_kind, v, f"{where}.{k}") for k, v in data.items()}
    if dataclasses.is_dataclass(kind):
        return _build_dataclass(cast(type, kind), data, where)
    return _build_scalar(kind, data, where)


def _build_union(options: tuple[Any, ...], data: Any, where: str) -> Any:
    if data is None and type(None) in options:
        return None
    last: ValueError | None = None
    for option in options:
        if option is type(None):
            continue
        try:
            return _build(option, data, where)
        except ValueError as e:
            last = e
    raise last or ValueError(f"{where}: no value")


def _build_sequence(origin: Any, item: Any, data: Any, where: str) -> Any:
    if not isinstance(data, (list, tuple)):
        raise ValueError(f"{where}: expected a list, got {type(data).__name__}")
    return origin(_build(item, v, f"{where}[{i}]") for i, v in enumerate(data))


def _build_dataclass(cls: type, data: Any, where: str) -> Any:
    if not isinstance(data, dict):
        raise ValueError(f"{where}: expected a table, got {type(data).__name__}")
    hints = field_types(cls)
    values: dict[str, Any] = {}
    for f in dataclasses.fields(cls):
        if f.name in data:
            values[f.name] = _build(hints[f.name], data[f.name], f"{where}.{f.name}")
        elif f.default is dataclasses.MISSING and f.default_factory is dataclasses.MISSING:
            raise ValueError(f"{where}.{f.name}: missing")
    return cls(**values)


def _build_scalar(kind: Any, data: Any, where: str) -> Any:
    if kind is Any or kind is object:
        return data
    if isinstance(kind, type) and issubclass(kind, Enum):
        try:
            return kind(data)
        except ValueError:
            raise ValueError(f"{where}: {data!r} is not one of {[m.value for m in kind]}") from None
    if kind is float and isinstance(data, int) and not isinstance(data, bool):
        return float(data)
    if isinstance(data, bool) and kind is not bool:
        raise ValueError(f"{where}: expected {kind.__name__}, got a boolean")
    if not isinstance(data, kind):
        raise ValueError(f"{where}: expected {kind.__name__}, got {type(data).__name__}")
    return data

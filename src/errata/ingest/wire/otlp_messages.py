"""OTLP's protobuf messages, by the official schema but with every text as bytes. Pure.

proto3 refuses a whole message for one text that is no UTF-8, which is what a program with a damaged string sends in
the very moment that matters. Bytes and texts are the same on the wire, and `text` repairs what has to be.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from google.protobuf.descriptor_pb2 import DescriptorProto, FieldDescriptorProto, FileDescriptorProto
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message_factory import GetMessageClass
from opentelemetry.proto.common.v1 import common_pb2
from opentelemetry.proto.logs.v1 import logs_pb2
from opentelemetry.proto.resource.v1 import resource_pb2
from opentelemetry.proto.trace.v1 import trace_pb2


def text(data: bytes) -> str:
    """A text of a message; what is no UTF-8, and NUL, becomes U+FFFD."""
    return data.decode("utf-8", "replace").replace("\0", "\ufffd")


def _lenient_pool() -> DescriptorPool:
    pool = DescriptorPool()
    for module in (common_pb2, resource_pb2, trace_pb2, logs_pb2):  # in the order in which they import each other
        file = FileDescriptorProto()
        module.DESCRIPTOR.CopyToProto(file)
        _texts_to_bytes(file.message_type)
        pool.Add(file)
    return pool


def _texts_to_bytes(messages: Iterable[DescriptorProto]) -> None:
    for message in messages:
        for field in message.field:
            if field.type == FieldDescriptorProto.TYPE_STRING:
                field.type = FieldDescriptorProto.TYPE_BYTES
        _texts_to_bytes(message.nested_type)


def _class(pool: DescriptorPool, name: str) -> Any:
    return GetMessageClass(pool.FindMessageTypeByName(f"opentelemetry.proto.{name}"))


_POOL = _lenient_pool()
SPAN = _class(_POOL, "trace.v1.Span")
LOG_RECORD = _class(_POOL, "logs.v1.LogRecord")
RESOURCE = _class(_POOL, "resource.v1.Resource")
SCOPE = _class(_POOL, "common.v1.InstrumentationScope")

"""SageMaker's record.proto as messages of Google's implementation, to compare ours with."""

from typing import Any

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

_FLOAT, _DOUBLE, _INT32, _UINT64, _STRING, _MESSAGE = 2, 1, 5, 4, 9, 11


def record_class() -> Any:
    """The class of `aialgs.data.Record`."""
    file = descriptor_pb2.FileDescriptorProto(
        name="record.proto", package="aialgs.data", syntax="proto2"
    )
    for name, kind in (("Float32", _FLOAT), ("Float64", _DOUBLE), ("Int32", _INT32)):
        tensor = file.message_type.add(name=f"{name}Tensor")
        for number, (field, of) in enumerate(
            [("values", kind), ("keys", _UINT64), ("shape", _UINT64)], start=1
        ):
            added = tensor.field.add(name=field, number=number, type=of, label=3)
            added.options.packed = True
    value = file.message_type.add(name="Value")
    value.oneof_decl.add(name="value")
    for name, number in (("Float32", 2), ("Float64", 3), ("Int32", 7)):
        value.field.add(
            name=f"{name.lower()}_tensor",
            number=number,
            type=_MESSAGE,
            type_name=f".aialgs.data.{name}Tensor",
            label=1,
            oneof_index=0,
        )
    record = file.message_type.add(name="Record")
    for number, name in enumerate(("Features", "Label"), start=1):
        entry = record.nested_type.add(name=f"{name}Entry")
        entry.options.map_entry = True
        entry.field.add(name="key", number=1, type=_STRING, label=1)
        entry.field.add(
            name="value", number=2, type=_MESSAGE, type_name=".aialgs.data.Value", label=1
        )
        record.field.add(
            name=name.lower(),
            number=number,
            type=_MESSAGE,
            type_name=f".aialgs.data.Record.{name}Entry",
            label=3,
        )
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName("aialgs.data.Record"))

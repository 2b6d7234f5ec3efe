"""The files of proto/ as protoc understands them, comments included."""

from __future__ import annotations

import tempfile
from pathlib import Path

import grpc_tools  # type: ignore[import-untyped]
from google.protobuf.descriptor_pb2 import FileDescriptorProto, FileDescriptorSet
from grpc_tools import protoc

from tools.repository import ROOT

MESSAGE, FIELD = 4, 2
"""Numbers of `message_type` in a file and of `field` in a message: what paths of comments are made of."""


def files() -> list[FileDescriptorProto]:
    """Every file of proto/."""
    proto, library = ROOT / "proto", Path(grpc_tools.__file__).parent / "_proto"
    names = [str(path) for path in sorted(proto.rglob("*.proto"))]
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "all.binpb"
        code = protoc.main(
            ["protoc", f"-I{proto}", f"-I{library}", "--include_source_info", f"--descriptor_set_out={out}", *names]
        )
        if code:
            raise SystemExit(code)
        return list(FileDescriptorSet.FromString(out.read_bytes()).file)


def comments() -> dict[str, str]:
    """The comment before each message, and before each field as `message.field`, by full name; one line each."""
    found: dict[str, str] = {}
    for file in files():
        for place in file.source_code_info.location:
            path, text = list(place.path), " ".join(place.leading_comments.split())
            if not text or not path or path[0] != MESSAGE or len(path) not in {2, 4}:
                continue
            message = file.message_type[path[1]]
            name = f"{file.package}.{message.name}"
            if len(path) == 2:  # noqa: PLR2004 - (message_type, its number)
                found[name] = text
            elif path[2] == FIELD:
                found[f"{name}.{message.field[path[3]].name}"] = text
    return found

# ruff: noqa: INP001 - a build script stands alone
"""Puts the Python of the published messages into the wheel, made from `proto/` when it is built."""

from __future__ import annotations

import shutil
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py
from setuptools.command.sdist import sdist

HERE = Path(__file__).parent
PROTO = next((one for one in (HERE / "proto", HERE.parent.parent / "proto") if one.is_dir()), HERE / "proto")
"""In a source distribution its own copy, else that of the project."""


def published() -> list[Path]:
    """What is on topics; services' calls are for those inside."""
    found = [*PROTO.glob("mandate/*/v*/events.proto"), *PROTO.glob("mandate/*/v*/state.proto")]
    return [*sorted(found), PROTO / "mandate/bus/v1/topics.proto"]


class WithMessages(build_py):
    """Makes `mandate/<context>/v1/*_pb2.py` beside `mandate_kit`."""

    def run(self) -> None:
        """Build the package, then its messages. They are as protoc makes them: `mandate` has no `__init__`."""
        super().run()
        if self.editable_mode:
            raise SystemExit("mandate-kit is not installed editable: its messages are made when the wheel is built")
        import grpc_tools
        from grpc_tools import protoc

        library = Path(grpc_tools.__file__).parent / "_proto"
        outputs = [f"--{kind}_out={self.build_lib}" for kind in ("python", "pyi")]
        code = protoc.main(["protoc", f"-I{PROTO}", f"-I{library}", *outputs, *map(str, published())])
        if code:
            raise SystemExit(code)


class WithProto(sdist):
    """Takes the files of `proto/` along."""

    def make_release_tree(self, base_dir: str, files: list[str]) -> None:
        """Copy them into the tree that is packed."""
        super().make_release_tree(base_dir, files)
        for file in published():
            target = Path(base_dir) / "proto" / file.relative_to(PROTO)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file, target)


setup(cmdclass={"build_py": WithMessages, "sdist": WithProto})

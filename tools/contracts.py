"""Makes contracts/, the Python of proto/; does nothing when it already stands for the same files."""

from __future__ import annotations

import hashlib
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path

import grpc_tools  # type: ignore[import-untyped]
from grpc_tools import protoc

PROTO, CONTRACTS = Path("proto"), Path("contracts")
STAMP = CONTRACTS / ".made-from"


def main() -> None:
    """Generate what differs, replace it file by file, and remove what no proto file stands for any more."""
    files = sorted(PROTO.rglob("*.proto"))
    now = digest(files)
    if STAMP.exists() and STAMP.read_text() == now:
        return
    with tempfile.TemporaryDirectory() as folder:
        new = Path(folder)
        if files:
            generate(files, new)
        replace(new, CONTRACTS)
    STAMP.write_text(now)
    print(f"setup: contracts/ from {len(files)} files of proto/", file=sys.stderr)


def digest(files: list[Path]) -> str:
    """One hash for the files, their names and the generator."""
    total = hashlib.sha256(version("grpcio-tools").encode() + Path(__file__).read_bytes())
    for file in files:
        total.update(f"\0{file}\0".encode() + file.read_bytes())
    return total.hexdigest()


def generate(files: list[Path], into: Path) -> None:
    """Run protoc; its own words say what is wrong."""
    library = Path(grpc_tools.__file__).parent / "_proto"
    outputs = [f"--{kind}_out={into}" for kind in ("python", "pyi", "grpc_python")]
    code = protoc.main(["protoc", f"-I{PROTO}", f"-I{library}", *outputs, *map(str, files)])
    if code:
        raise SystemExit(code)


def replace(new: Path, old: Path) -> None:
    """Make `old` hold what `new` holds. A file is exchanged in one move: whoever imports it sees one or the other."""
    wanted = {path.relative_to(new) for path in new.rglob("*") if path.is_file()}
    for name in sorted(wanted):
        target, content = old / name, (new / name).read_bytes()
        if target.exists() and target.read_bytes() == content:
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        draft = target.with_suffix(target.suffix + ".new")
        draft.write_bytes(content)
        draft.replace(target)
    for path in sorted(old.rglob("*_pb2*")):
        if path.is_file() and path.suffix in {".py", ".pyi"} and path.relative_to(old) not in wanted:
            path.unlink()
    old.mkdir(exist_ok=True)


if __name__ == "__main__":
    main()

"""A disk whose flushes take longer: a library between a program and `fdatasync`."""

from __future__ import annotations

import shutil
import subprocess
from contextlib import ExitStack

from tests.bench.machine import folder

SOURCE = """
#define _GNU_SOURCE
#include <dlfcn.h>
#include <unistd.h>

static int slower(const char *name, int fd) {
    int (*real)(int) = (int (*)(int))dlsym(RTLD_NEXT, name);
    usleep(FLUSH_US);
    return real(fd);
}
int fdatasync(int fd) { return slower("fdatasync", fd); }
int fsync(int fd) { return slower("fsync", fd); }
"""


def slower_flush(stack: ExitStack, milliseconds: float) -> dict[str, str]:
    """The environment of a server whose flushes take so much longer; empty for none. Needs a C compiler."""
    if not milliseconds:
        return {}
    compiler = shutil.which("cc")
    if compiler is None:
        raise SystemExit("a slower flush needs a C compiler: apt-get install gcc")
    base = stack.enter_context(folder())
    (base / "slow.c").write_text(SOURCE)
    flags = ["-shared", "-fPIC", f"-DFLUSH_US={round(milliseconds * 1000)}", "-o", str(base / "slow.so")]
    subprocess.run([compiler, *flags, str(base / "slow.c"), "-ldl"], check=True)
    return {"LD_PRELOAD": str(base / "slow.so")}

"""What every service stands on: the log, its followers, the bus, and the runtime that drives them."""

import os

# gRPC's own handlers around fork() run in the child of every program that is started as another user, and broke one
# in twenty of them (initdb among them). We start programs; nobody forks to go on in Python.
os.environ.setdefault("GRPC_ENABLE_FORK_SUPPORT", "0")

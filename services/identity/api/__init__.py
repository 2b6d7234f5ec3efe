"""The gRPC side of identity: translate, call, translate."""

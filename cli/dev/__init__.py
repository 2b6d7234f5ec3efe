"""The pages below `/dev`: what an installation of `mandate run` or `mandate up` does, for those who develop it."""

"""The composition root of access."""

from __future__ import annotations

from collections.abc import Sequence

from chassis.followers import Follower
from chassis.server import Api
from chassis.service import Parts, Service
from services.access.api.authority import authority_of
from services.access.api.servicer import api
from services.access.application import AccessApplication
from services.access.publishing import PUBLISHING


def _in_memory(parts: Parts) -> Sequence[Follower]:
    return [authority_of(parts)]


def _apis(parts: Parts) -> Sequence[Api]:
    return [api(parts.app, parts.waiter, authority_of(parts))]


SERVICE = Service(application=AccessApplication, publishing=PUBLISHING, apis=_apis, api_followers=_in_memory)

if __name__ == "__main__":
    from chassis.main import main

    main(SERVICE)

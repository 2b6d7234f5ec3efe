"""The words that may be values of labels: names out of our code and contracts, a closed set (S-18, S-27)."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator

import grpc

from chassis.codec import Codec
from chassis.domain import DomainError
from chassis.main import apis_of
from chassis.messages import Catalogue
from chassis.policies import policies_of
from chassis.server import Api
from chassis.settings import SERVICES
from cli.platform import ALL, Platform
from services.identity.domain.password_policy import PROFILES
from services.portal.web.app import AREAS
from tools import repository


def words(platform: Platform) -> dict[str, Callable[[str], bool]]:
    """Label -> whether a value is one that it may have; another label is none of ours."""
    topics, pages = set(Catalogue().topics), {page.path for area in AREAS for page in area}
    events = {topic for one in ALL for topic in Codec(one.application.aggregates).topics}
    rpcs = {rpc for process in platform.processes.values() for rpc in rpcs_of(apis_of(process.service, process.parts))}
    reasons, codes = set(reasons_in_code()), {code.name for code in grpc.StatusCode}
    return {
        "service": {one.name for one in ALL}.__contains__,
        "origin": set(SERVICES).__contains__,
        "follower": set(followers()).__contains__,
        "event": events.__contains__,
        "topic": topics.__contains__,
        "rpc": rpcs.__contains__,
        "code": codes.__contains__,
        "reason": reasons.__contains__,
        "direction": {"told", "heard"}.__contains__,
        "page": pages.__contains__,
        "status": lambda value: re.fullmatch("[1-5][0-9][0-9]", value) is not None,
        "le": lambda value: re.fullmatch(r"[0-9.]+|\+Inf", value) is not None,
        "profile": PROFILES.__contains__,
    }


def rpcs_of(apis: object) -> Iterator[str]:
    assert isinstance(apis, list | tuple)
    for api in apis:
        assert isinstance(api, Api)
        yield from (f"{api.descriptor.name}/{method.name}" for method in api.descriptor.methods)


def followers() -> Iterator[str]:
    yield from ("sealer", "notifier.sender")
    for one in ALL:
        app = one.application
        yield from (f"{app.name}.relay", f"{app.name}.timers")
        yield from (f"policy.{policy}" for policy in policies_of(app))
        yield from (view.name for view in (*app.policy_views, *app.views))


def reasons_in_code() -> Iterator[str]:
    """The codes of errors, and words in capitals that stand in services and chassis as they are."""
    kinds = [DomainError]
    for kind in kinds:
        kinds += kind.__subclasses__()
        yield kind.code
    for path in repository.files("services/*.py", "chassis/*.py"):
        for node in ast.walk(ast.parse(repository.text(path))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and re.fullmatch("[A-Z_]+", node.value):
                yield node.value

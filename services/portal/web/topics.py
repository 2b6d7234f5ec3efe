"""One topic of an application (row 55): its boxes come from the form's definition, its rules from enrollment."""

from __future__ import annotations

from collections.abc import Mapping

from mandate.enrollment.v1.service_pb2 import FieldDefinition, GetApplicationResponse, SaveTopicRequest, TopicDefinition
from starlette.exceptions import HTTPException
from starlette.responses import Response

from services.portal.web import applications, clock, pecos, phones, searching
from services.portal.web.clients import RefusedError
from services.portal.web.forms import Field, Form
from services.portal.web.pages import Access, Page
from services.portal.web.visits import Visit

PARTS = (("month", 2), ("day", 2), ("year", 4))
MALFORMED = {
    "DATE": "error.DATE_MALFORMED",
    "STATE": "error.STATE_UNKNOWN",
    "ZIP": "error.POSTAL_CODE_MALFORMED",
    "PHONE": "error.PHONE_MALFORMED",
}
"""Kind of a field -> what to say where it cannot be read."""


def show(visit: Visit) -> Response:
    """The boxes, with what was saved."""
    seen, topic = _topic(visit)
    saved = next((dict(one.fields) for one in seen.topics if one.topic == topic.topic), {})
    return _page(visit, seen, topic, visit.form(*_fields(topic), values=_values(topic, saved)))


def save(visit: Visit) -> Response:
    """Keep it; enrollment judges it."""
    seen, topic = _topic(visit)
    searched = searching.BOXES if _seeks_provider(topic) else ()
    form = visit.form(*_fields(topic), *searched)
    form.read(visit.data)
    for field in topic.fields:
        # of a date, only whether it is one is enrollment's to judge
        if field.kind == "DATE" and field.required and not _typed(form, field):
            form.fail(f"{field.name}_month", "form.missing", label=visit.words(f"PE-X-05.field.{field.name}"))
    if form.errors:
        return _page(visit, seen, topic, form, 422)
    request = SaveTopicRequest(
        command_id=visit.command_id(),
        application_id=seen.application.application_id,
        topic=topic.topic,
        fields={field.name: typed for field in topic.fields if (typed := _typed(form, field))},
    )
    try:
        pecos.command(visit, visit.portal.clients.enrollment.SaveTopic, request)
    except RefusedError as refused:
        return _page(visit, seen, topic, form, _refused(visit, form, topic, refused))
    return visit.go(f"/applications/{seen.application.tracking_id}?done=topic_saved")


def slug(topic: str) -> str:
    """`practice-location`: a topic in an address."""
    return topic.lower().replace("_", "-")


def _topic(visit: Visit) -> tuple[GetApplicationResponse, TopicDefinition]:
    """The topic of the address, where the reader may change it."""
    seen = applications.prepared(visit)
    found = [
        topic
        for topic in applications.definitions(visit, seen.application.form)
        if slug(topic.topic) == visit.request.path_params["topic"]
    ]
    if not found or seen.application.status not in pecos.CORRECTABLE:
        raise HTTPException(404)
    return seen, found[0]


def _fields(topic: TopicDefinition) -> list[Field]:
    fields: list[Field] = []
    for one in topic.fields:
        label = f"PE-X-05.field.{one.name}"
        if one.kind == "DATE":
            fields += [
                Field(f"{one.name}_{part}", f"IA-UINF-01.{part}", required=False, longest=size) for part, size in PARTS
            ]
        else:
            missing = "PE-X-05.choose" if one.kind in {"CHOICE", "STATE", "PROVIDER"} else "form.missing"
            # a topic that may be left out is not saved empty
            fields.append(Field(one.name, label, required=one.required, longest=one.longest, missing=missing))
    return fields


def _values(topic: TopicDefinition, saved: Mapping[str, str]) -> dict[str, str]:
    values = dict(saved)
    for one in topic.fields:
        if one.kind == "PHONE" and one.name in values:
            values[one.name] = phones.show(values[one.name])
        if one.kind == "DATE" and (iso := values.pop(one.name, "")):
            year, month, day = iso.split("-")
            values |= {f"{one.name}_month": month, f"{one.name}_day": day, f"{one.name}_year": year}
    return values


def _typed(form: Form, field: FieldDefinition) -> str:
    if field.kind == "DATE":
        month, day, year = (form[f"{field.name}_{part}"] for part, _ in PARTS)
        return clock.iso_day(month, day, year)
    return form[field.name]


def _refused(visit: Visit, form: Form, topic: TopicDefinition, refused: RefusedError) -> int:
    """What enrollment found, beside its box, in words that fit the kind of the box."""
    kinds = {f"fields.{one.name}": one for one in topic.fields}
    names = {where: f"{one.name}_month" if one.kind == "DATE" else one.name for where, one in kinds.items()}
    for detail in refused.details:
        found = kinds.get(detail.field)
        if detail.code == "FIELD_MALFORMED" and found is not None and found.kind in MALFORMED:
            form.fail(names[detail.field], MALFORMED[found.kind])
    names |= {"fields": "", "topic": "", "receiving_provider_id": "receiving_provider_id"}
    return form.not_taken(refused, visit.command_id(), names)


def _seeks_provider(topic: TopicDefinition) -> bool:
    return any(one.kind == "PROVIDER" for one in topic.fields)


def _page(
    visit: Visit, seen: GetApplicationResponse, topic: TopicDefinition, form: Form, status: int = 200
) -> Response:
    if _seeks_provider(topic):
        return _find(visit, seen, topic, form, status)
    return visit.page(
        "applications/topic.html",
        status,
        form=form,
        topic=topic,
        states=searching.states(),
        **applications.context(visit, seen),
    )


def _find(visit: Visit, seen: GetApplicationResponse, topic: TopicDefinition, form: Form, status: int) -> Response:
    """A group is chosen from what a search finds, as an employer is."""
    given: Mapping[str, str] = visit.data if form.sent else visit.request.query_params
    boxes = visit.form(*searching.BOXES)
    boxes.read({name: given[name] for name in searching.NAMES if name in given})
    asked = any(name in given for name in searching.NAMES)
    found, search_status = (
        searching.find(visit, boxes, visit.request.query_params.get("after", "")) if asked else (None, 200)
    )
    return visit.page(
        "applications/receiving.html",
        max(status, search_status),
        form=boxes if boxes.errors else form,
        boxes=boxes,
        pick=form,
        topic=topic,
        found=found,
        search_names=searching.NAMES,
        states=searching.states(),
        **applications.context(visit, seen),
    )


PAGES = (
    Page(
        f"{applications.PATH}/{{topic}}",
        Access.SIGNED_IN,
        get=show,
        post=save,
        audiences=(pecos.AUDIENCE, "registry"),
        unknown="no_application",
    ),
)

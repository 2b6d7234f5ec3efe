"""The bus that a process's settings name."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from chassis.bus import Publisher, Subscriber, TopicAdmin
from chassis.embedded.bus import EmbeddedPublisher, EmbeddedSubscriber, EmbeddedTopicAdmin
from chassis.migrate import open_database
from chassis.settings import Settings


@contextmanager
def bus_of(
    settings: Settings, *, on_news: Callable[[], object] = lambda: None
) -> Iterator[tuple[Publisher, Subscriber, TopicAdmin]]:
    """The bus that the settings name, until the block ends.

    `on_news` is called when Kafka has more after a poll; for the embedded bus others ring.
    """
    if settings.bus == "embedded":
        database = open_database(settings.bus_url or settings.database_url, "bus", size=4)
        try:
            yield EmbeddedPublisher(database), EmbeddedSubscriber(database), EmbeddedTopicAdmin(database)
        finally:
            database.close()
        return
    from chassis.kafka.publisher import KafkaPublisher
    from chassis.kafka.subscriber import KafkaSubscriber
    from chassis.kafka.tls import Tls
    from chassis.kafka.topics import KafkaTopicAdmin

    tls = Tls(settings.bus_tls) if settings.bus_tls else None
    publisher = KafkaPublisher(settings.bus_url, tls=tls)
    subscriber = KafkaSubscriber(settings.bus_url, tls=tls, on_news=on_news)
    admin = KafkaTopicAdmin(settings.bus_url, tls=tls)
    try:
        yield publisher, subscriber, admin
    finally:
        for part in (publisher, subscriber, admin):
            part.close()

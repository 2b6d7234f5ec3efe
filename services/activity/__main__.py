"""The composition root of the live activity view: `python -m services.activity`."""

from __future__ import annotations

import logging

from faust.worker import Worker

from chassis import logs
from chassis.kafka.tls import Tls
from chassis.kafka.topics import KafkaTopicAdmin
from chassis.messages import Catalogue
from services.activity.adapters.counting import CHANGELOG, activity
from services.activity.adapters.settings import ActivitySettings


def main() -> None:
    """Count until SIGTERM."""
    logs.configure()
    settings = ActivitySettings()  # type: ignore[call-arg]  # the environment gives what has no default
    topics = [topic for topic in Catalogue().topics.values() if topic.origin and not topic.compacted]
    admin = KafkaTopicAdmin(settings.bus_url, tls=Tls(settings.bus_tls) if settings.bus_tls else None)
    admin.ensure([CHANGELOG])
    admin.close()
    app = activity(settings, topics)
    Worker(app, loglevel=logging.WARNING, quiet=True).execute_from_commandline()


if __name__ == "__main__":
    main()

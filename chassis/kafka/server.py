"""A Kafka broker of our own (KRaft, one node), run from the jars that `chassis.kafka.jars` fetches."""

from __future__ import annotations

import base64
import json
import os
import shutil
import signal
import socket
import subprocess
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from string import Template
from typing import TYPE_CHECKING

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

from chassis.kafka.jars import INSTALL, TAIL, KafkaStartError
from chassis.ports import free_port

if TYPE_CHECKING:
    from collections.abc import Sequence

JAVA_OPTIONS = ("-Xms128m", "-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1")
"""For starting fast and staying small; a benchmark wants `-Xmx512m` and the full compiler."""

PROPERTIES = Template("""\
process.roles=broker,controller
node.id=1
listeners=PLAINTEXT://127.0.0.1:$port,CONTROLLER://127.0.0.1:$controller
advertised.listeners=PLAINTEXT://127.0.0.1:$port,CONTROLLER://127.0.0.1:$controller
controller.listener.names=CONTROLLER
inter.broker.listener.name=PLAINTEXT
listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT
controller.quorum.bootstrap.servers=127.0.0.1:$controller
log.dirs=$data
num.partitions=1
auto.create.topics.enable=false
offsets.topic.replication.factor=1
offsets.topic.num.partitions=4
transaction.state.log.replication.factor=1
transaction.state.log.num.partitions=4
transaction.state.log.min.isr=1
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
group.initial.rebalance.delay.ms=0
# after kill -9 a broker waits for its old registration to lapse: 9 s by default
broker.session.timeout.ms=2000
broker.heartbeat.interval.ms=500
""")

LOGGING = Template("""\
<Configuration status="WARN">
  <Appenders>
    <RollingFile name="file" fileName="$log" filePattern="$log.%i">
      <PatternLayout pattern="%d %p %m (%c)%n"/>
      <Policies><SizeBasedTriggeringPolicy size="10 MB"/></Policies>
      <DefaultRolloverStrategy max="2"/>
    </RollingFile>
  </Appenders>
  <Loggers><Root level="INFO"><AppenderRef ref="file"/></Root></Loggers>
</Configuration>
""")

START_S = 60.0
STOP_S = 30.0


class KafkaServer:
    """A broker that this process started, and is to stop. Made by `start`."""

    def __init__(self, base: Path, *, jars: Path, port: int, java_options: Sequence[str]) -> None:
        self.base = base
        self.port = port
        self._jars = jars
        self._java_options = tuple(java_options)
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def bootstrap(self) -> str:
        """The address that clients are given, `host:port`."""
        return f"127.0.0.1:{self.port}"

    @property
    def pid(self) -> int | None:
        """The process id while the broker runs (or is paused)."""
        return self._process.pid if self._process else None

    def ended(self) -> bool:
        """Whether the broker has ended; takes note of it, as the parent of a process must."""
        return self._process is None or self._process.poll() is not None

    def stop(self) -> None:
        """Stop the broker cleanly and wait for its end; stopping a stopped one is harmless."""
        if self._process is None:
            return
        self.resume()  # a paused process does not hear SIGTERM
        self._process.terminate()
        try:
            self._process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            self.kill()
        self._process = None

    def kill(self) -> None:
        """End the broker with SIGKILL, as a crash would; data and port stay for `restart`."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def pause(self) -> None:
        """Freeze the broker (SIGSTOP): connections stay open and nothing answers. Returns when it stands still."""
        self._signal(signal.SIGSTOP)
        if self._process is not None:
            os.waitid(os.P_PID, self._process.pid, os.WSTOPPED | os.WEXITED | os.WNOWAIT)

    def resume(self) -> None:
        """Let a paused broker go on (SIGCONT)."""
        self._signal(signal.SIGCONT)

    def restart(self) -> None:
        """Start again on the same port and data, stopping first what still runs; returns when ready."""
        self.stop()
        self._launch()

    def _signal(self, number: signal.Signals) -> None:
        if self._process is not None:
            self._process.send_signal(number)

    def _launch(self) -> None:
        """Start the process and wait until an admin client gets an answer."""
        logging = f"-Dlog4j2.configurationFile={self.base / 'log4j2.xml'}"
        command = [
            *_java(self._jars, *self._java_options, logging),
            "kafka.Kafka",
            str(self.base / "server.properties"),
        ]
        with (self.base / "console.log").open("wb") as console:
            # a session of its own: Ctrl-C at a terminal reaches us alone, and we stop the broker last
            self._process = subprocess.Popen(  # noqa: S603
                command,
                cwd=self.base,
                stdin=subprocess.DEVNULL,
                stdout=console,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        try:
            self._wait_until_ready(self._process)
        except BaseException:
            self.kill()
            raise

    def _wait_until_ready(self, process: subprocess.Popen[bytes]) -> None:
        """The open port alone is a little early; an answer with a broker in it is not."""
        # log_level 0: refused connections are what we wait through, not news
        admin = AdminClient({"bootstrap.servers": self.bootstrap, "log_level": 0, "reconnect.backoff.max.ms": 200})
        until = time.monotonic() + START_S
        while time.monotonic() < until:
            try:
                process.wait(0.02)
            except subprocess.TimeoutExpired:
                pass
            else:
                raise KafkaStartError(f"Kafka ended at once in {self.base}:\n{self._tail()}")
            try:
                if admin.list_topics(timeout=0.5).brokers:
                    return
            except KafkaException:
                continue
        raise KafkaStartError(f"Kafka did not answer within {START_S:.0f} s in {self.base}:\n{self._tail()}")

    def _tail(self) -> str:
        """The end of what the broker has written, on its console and to its log."""
        texts = (_read(self.base / name) for name in ("console.log", "kafka.log"))
        return "\n".join(text[-TAIL:] for text in texts if text)


def start(
    base: Path, *, jars: Path, port: int = 0, java_options: Sequence[str] = JAVA_OPTIONS, more: str = ""
) -> KafkaServer:
    """Start the broker whose data, settings and logs live below `base`, making them on first use.

    `port` 0 takes the port that this `base` had before, where it is free, and else any free one. Only
    loopback is listened on. `more` are further properties, with $port and $controller in them; they overrule
    ours. Raises `KafkaStartError` with the end of the broker's log.
    """
    base = base.resolve()
    base.mkdir(parents=True, exist_ok=True)
    data, settings = base / "data", base / "server.properties"
    port, controller = _ports(base, port)
    values = {"port": port, "controller": controller, "data": data}
    settings.write_text(Template(PROPERTIES.template + more).substitute(values))
    (base / "log4j2.xml").write_text(LOGGING.substitute(log=base / "kafka.log"))
    if not (data / "meta.properties").exists():
        _format(base, jars)
    server = KafkaServer(base, jars=jars, port=port, java_options=java_options)
    server._launch()  # noqa: SLF001
    return server


def _ports(base: Path, wanted: int) -> tuple[int, int]:
    """The ports for clients and for the controller; kept in `base`, so that clients find a restarted broker."""
    kept = base / "ports.json"
    before: list[int] = json.loads(kept.read_text()) if kept.exists() else [0, 0]
    ports = [wanted or before[0] or free_port(), before[1] or free_port()]
    with socket.socket() as one, socket.socket() as two:  # both held at once, so that they differ
        for index, probe in enumerate((one, two)):
            # SO_REUSEADDR as the broker does it: connections in TIME_WAIT do not make a port taken
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", ports[index]))
            except OSError:
                if index == 0 and wanted:
                    raise KafkaStartError(f"Port {wanted} is taken; choose another one for Kafka.") from None
                probe.bind(("127.0.0.1", free_port()))
            ports[index] = probe.getsockname()[1]
    kept.write_text(json.dumps(ports))
    return ports[0], ports[1]


def _format(base: Path, jars: Path) -> None:
    """Give the data folder its cluster id."""
    cluster = cluster_id(uuid.uuid4)
    tool = ["kafka.tools.StorageTool", "format", "--standalone", "--ignore-formatted"]
    options = (
        "-Xmx128m",
        "-XX:+UseSerialGC",
        "-XX:TieredStopAtLevel=1",
        f"-Dlog4j2.configurationFile={base / 'log4j2.xml'}",
    )
    done = subprocess.run(  # noqa: S603
        [*_java(jars, *options), *tool, "-t", cluster, "-c", str(base / "server.properties")],
        cwd=base,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=START_S,
    )
    if done.returncode:
        raise KafkaStartError(f"Kafka could not format {base / 'data'}:\n{(done.stdout + done.stderr)[-TAIL:]}")


def cluster_id(draw: Callable[[], uuid.UUID]) -> str:
    """A cluster id as Kafka writes one, and like its own never with a hyphen in front: that would be an option."""
    while True:
        id_ = base64.urlsafe_b64encode(draw().bytes).decode().rstrip("=")
        if not id_.startswith("-"):
            return id_


def _java(jars: Path, *options: str) -> list[str]:
    """The start of a command that runs a class of these jars."""
    java = shutil.which("java")
    if java is None:
        raise KafkaStartError(f"Kafka needs Java 17 or newer; type: {INSTALL}")
    return [java, *options, "-cp", f"{jars}/*"]


def _read(path: Path) -> str:
    return path.read_text(errors="replace") if path.exists() else ""

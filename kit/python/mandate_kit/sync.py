"""In sync or not: what `Progress` proves about how far each service has been heard."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from google.protobuf.message import DecodeError
from mandate.bus.v1 import topics_pb2

from mandate_kit.records import Record, UnreadableRecordError

NEVER = float("inf")


@dataclass(frozen=True, slots=True)
class Proof:
    """Everything that a service said up to a position has been heard here."""

    edition: int
    position: int
    appended_s: float
    """When the broker took that Progress, by its clock: seconds since 1970."""
    read_s: float
    """When it was read here, by a clock that never jumps."""

    def age_s(self, wall_s: float, steady_s: float) -> float:
        """Seconds since then by the clock that says more: one of ours that is behind must not make it young."""
        return max(wall_s - self.appended_s, steady_s - self.read_s)


@dataclass(frozen=True, slots=True)
class _Pending:
    told: Any
    proof: Proof


@dataclass
class Sync:
    """Places reached in the topics that are listened to, against the offsets that each Progress names.

    Topics are named here as they are on the broker, with any prefix.
    """

    origins: Mapping[str, str]
    """Topic -> the service that alone writes it."""
    topic_ids: dict[str, str] = field(default_factory=dict)
    """Topic -> the id that the broker gave it when it was made."""
    gaps: set[tuple[str, int]] = field(default_factory=set)
    """Partitions of which retention has taken something away unread: nothing is proven about them any more."""
    proofs: dict[str, Proof] = field(default_factory=dict)
    _next: dict[tuple[str, int], int] = field(default_factory=dict)
    _oldest: dict[str, _Pending] = field(default_factory=dict)
    _latest: dict[str, _Pending] = field(default_factory=dict)

    def reached(self, topic: str, partition: int, next_: int) -> None:
        """All below this offset was taken."""
        self._next[topic, partition] = next_

    def restart(self, topic_ids: Mapping[str, str]) -> None:
        """Begin anew with these topics: nothing has been reached. What was proven stays, and grows old."""
        self.topic_ids = dict(topic_ids)
        self._next.clear()
        self.gaps.clear()

    def tell(self, record: Record, steady_s: float) -> None:
        """Take a Progress. Raises `UnreadableRecordError`.

        An older one that waits for proof stays beside the newest: were it replaced each second, a listener that is
        always a second behind would never prove anything.
        """
        try:
            told = topics_pb2.Progress.FromString(record.value or b"")
        except DecodeError as error:
            raise UnreadableRecordError(f"the value is no Progress: {error}") from error
        if not told.origin or told.origin != record.key_text or told.edition < 1 or told.position < 0:
            raise UnreadableRecordError("this is no Progress of its key")
        pending = _Pending(told, Proof(told.edition, told.position, record.appended_ms / 1000, steady_s))
        self._latest[told.origin] = pending
        self._oldest.setdefault(told.origin, pending)

    def settle(self) -> None:
        """Note what is proven by now."""
        for origin, oldest in tuple(self._oldest.items()):
            latest = self._latest[origin]
            if self._proves(latest.told):
                self._note(origin, latest.proof)
                del self._oldest[origin]
            elif oldest is not latest and self._proves(oldest.told):
                self._note(origin, oldest.proof)
                self._oldest[origin] = latest

    def _proves(self, told: Any) -> bool:
        if any(self.origins[topic] == told.origin for topic, _ in self.gaps):
            return False
        return all(
            self.topic_ids[one.topic] == one.topic_id and self._next.get((one.topic, one.partition), 0) > one.offset
            for one in told.written
            if one.topic in self.topic_ids
        )

    def _note(self, origin: str, proof: Proof) -> None:
        """Never back: the late Progress of a sender that was frozen changes nothing."""
        before = self.proofs.get(origin)
        if before is None or (before.edition, before.position) <= (proof.edition, proof.position):
            self.proofs[origin] = proof

    def heard(self, origin: str, edition: int, position: int) -> bool:
        """Whether everything that a service said up to this position has been heard: a receipt names the three."""
        proof = self.proofs.get(origin)
        return proof is not None and (proof.edition, proof.position) >= (edition, position)

    def age_s(self, wall_s: float, steady_s: float) -> float:
        """Seconds since the last proof, of the service of which the last is the oldest; infinite without one."""
        ages = [self.proofs[one].age_s(wall_s, steady_s) if one in self.proofs else NEVER for one in self.services]
        return max(ages, default=0.0)

    @property
    def services(self) -> set[str]:
        """Those whose topics are listened to."""
        return set(self.origins.values())

"""The outbox as a drain sees it: one stream a bucket, one consumer group over all drains."""

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from redis.asyncio.cluster import RedisCluster

from tay_middleware.storage.outbox.buckets import BUCKETS, PREFIX, outbox_of
from tay_middleware.storage.outbox.link import translated
from tay_middleware.storage.outbox.scripts import Script

GROUP = "drain"


@dataclass(frozen=True, slots=True)
class Delivery:
    """One entry of a bucket's stream as it was delivered to this drain."""

    bucket: int
    stream_id: bytes
    kind: str
    body: bytes


@dataclass(frozen=True, slots=True)
class Backlog:
    """What waits in a bucket: events, those delivered and not done among them, age of the oldest.

    The age is in seconds, 0.0 for an empty bucket.
    """

    bucket: int
    events: int
    pending: int
    oldest_seconds: float


class Streams:
    """The streams of all buckets, for one consumer. Lives on one event loop."""

    def __init__(self, client: Any, consumer: str, prefix: str = PREFIX) -> None:
        self._client = client
        self._consumer = consumer
        self._prefix = prefix

    async def prepare(self) -> None:
        """Make the consumer group where it is missing, also in a Redis that is full. Idempotent.

        Raises:
            StorageError: Redis does not answer.
        """
        script = Script("prepare").source

        def make(client: Any, bucket: int) -> Any:
            return client.eval(script, 1, self._outbox(bucket), GROUP)

        with translated("making consumer groups"):
            _raise_if_all_failed(await self._of_each(range(BUCKETS), make))

    async def lengths(self) -> dict[int, int]:
        """How many events stand in each bucket that is not empty, and whose server answers."""
        with translated("measuring the outbox"):
            found = await self._lengths()
        return {at: int(n) for at, n in enumerate(found) if n and not _is_error(n)}

    async def fresh(self, bucket: int, most: int) -> list[Delivery]:
        """Events of a bucket that nobody was given yet; they are ours until they are done."""
        with translated("reading the outbox"):
            answer = await self._client.xreadgroup(
                GROUP, self._consumer, {self._outbox(bucket): ">"}, count=most
            )
        return _deliveries(bucket, answer[0][1] if answer else ())

    async def claimed(self, bucket: int, most: int, idle_seconds: float) -> list[Delivery]:
        """Events that were given to a drain which has been silent about them for so long."""
        with translated("claiming events"):
            answer = await self._client.xautoclaim(
                self._outbox(bucket),
                GROUP,
                self._consumer,
                min_idle_time=int(idle_seconds * 1000),
                count=most,
            )
        return _deliveries(bucket, answer[1])

    async def done(self, deliveries: Sequence[Delivery]) -> None:
        """Take events out of the streams and acknowledge them.

        In this order: an event that is gone and still owed is forgotten by the next claim; one that
        is owed no more and still stands would be counted for ever.
        """
        with translated("acknowledging events"):
            pipeline = self._client.pipeline(transaction=False)
            for bucket, ids in _by_bucket(deliveries).items():
                pipeline.xdel(self._outbox(bucket), *ids)
                pipeline.xack(self._outbox(bucket), GROUP, *ids)
            await pipeline.execute()

    async def times_delivered(self, deliveries: Sequence[Delivery]) -> Mapping[bytes, int]:
        """How often each event was delivered so far, this time included."""
        counts = {}
        with translated("counting deliveries"):
            for delivery in deliveries:
                found = await self._client.xpending_range(
                    self._outbox(delivery.bucket),
                    GROUP,
                    min=delivery.stream_id,
                    max=delivery.stream_id,
                    count=1,
                )
                counts[delivery.stream_id] = int(found[0]["times_delivered"]) if found else 1
        return counts

    async def backlog(self, now_seconds: float) -> tuple[list[Backlog], list[int]]:
        """What waits in each bucket that is not empty, and the buckets that gave no answer.

        Raises:
            StorageError: none of them gave one.
        """
        with translated("measuring the outbox"):
            lengths = await self._lengths()
            buckets = [at for at, length in enumerate(lengths) if length and not _is_error(length)]
            oldest = await self._of_each(
                buckets, lambda client, at: client.xrange(self._outbox(at), count=1)
            )
            pending = await self._of_each(
                buckets, lambda client, at: client.xpending(self._outbox(at), GROUP)
            )
        silent = {at for at, length in enumerate(lengths) if _is_error(length)}
        silent |= {at for at, first in zip(buckets, oldest, strict=True) if _is_error(first)}
        found = [
            Backlog(bucket, int(lengths[bucket]), _pending(owed), _age(first, now_seconds))
            for bucket, first, owed in zip(buckets, oldest, pending, strict=True)
        ]
        return found, sorted(silent)

    async def remove_gone(self, silent_seconds: float) -> None:
        """Take consumers out that owe nothing and have been silent for so long: killed drains."""
        script = Script("leave").source
        silent = str(int(silent_seconds * 1000))

        def take_out(client: Any, bucket: int) -> Any:
            return client.eval(script, 1, self._outbox(bucket), GROUP, silent, self._consumer)

        with translated("taking consumers out"):
            _raise_if_all_failed(await self._of_each(range(BUCKETS), take_out))

    async def leave(self) -> None:
        """Take this consumer out of the groups in which it owes nothing."""

        def ask(client: Any, bucket: int) -> Any:
            return client.xpending_range(
                self._outbox(bucket), GROUP, min="-", max="+", count=1, consumername=self._consumer
            )

        def take_out(client: Any, bucket: int) -> Any:
            return client.xgroup_delconsumer(self._outbox(bucket), GROUP, self._consumer)

        with translated("leaving the outbox"):
            owed = await self._of_each(range(BUCKETS), ask)
            await self._of_each([at for at, some in enumerate(owed) if some == []], take_out)

    def _outbox(self, bucket: int) -> str:
        return outbox_of(bucket, self._prefix)

    async def _lengths(self) -> Sequence[Any]:
        """The length of each bucket's stream, or an error in its place."""
        found = await self._of_each(
            range(BUCKETS), lambda client, at: client.xlen(self._outbox(at))
        )
        _raise_if_all_failed(found)
        return found

    async def _of_each(
        self, buckets: Iterable[int], ask: Callable[[Any, int], Any]
    ) -> Sequence[Any]:
        """The answers of several buckets, or the error in an answer's place.

        One pipeline where there is one server; in a cluster each bucket is asked for itself, so
        that a master that is away takes only its own buckets along.
        """
        if isinstance(self._client, RedisCluster):
            # Many who ask at once would each look for the servers anew, and cut each other off.
            await self._client.initialize()
            asking = [ask(self._client, bucket) for bucket in buckets]
            return await asyncio.gather(*asking, return_exceptions=True)
        pipeline = self._client.pipeline(transaction=False)
        for bucket in buckets:
            ask(pipeline, bucket)
        answers: Sequence[Any] = await pipeline.execute(raise_on_error=False)
        return answers


def _raise_if_all_failed(answers: Sequence[Any]) -> None:
    """Raise the first error if nothing but errors came back."""
    errors = [one for one in answers if _is_error(one)]
    if errors and len(errors) == len(answers):
        raise errors[0]


def _is_error(answer: Any) -> bool:
    return isinstance(answer, BaseException)


def _deliveries(bucket: int, entries: Any) -> list[Delivery]:
    """Entries as deliveries; one that was deleted meanwhile has no fields and is left out."""
    return [
        Delivery(bucket, stream_id, kind.decode("utf-8", "replace"), body)
        for stream_id, fields in entries
        for kind, body in list((fields or {}).items())[:1]
    ]


def _by_bucket(deliveries: Sequence[Delivery]) -> dict[int, list[bytes]]:
    grouped: dict[int, list[bytes]] = {}
    for delivery in deliveries:
        grouped.setdefault(delivery.bucket, []).append(delivery.stream_id)
    return grouped


def _pending(answer: Any) -> int:
    return int(answer["pending"]) if isinstance(answer, dict) else 0


def _age(answer: Any, now_seconds: float) -> float:
    if not isinstance(answer, list) or not answer:
        return 0.0
    return max(0.0, now_seconds - int(answer[0][0].split(b"-")[0]) / 1000)

"""What was answered lately, by a digest of what was asked; bounded, and gone with the process."""

from collections import OrderedDict

from tay_middleware.decide.model_answer import Verdict


class Remembered:
    """The verdicts used last, `size` of them at most; 0 remembers nothing."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._verdicts: OrderedDict[bytes, Verdict] = OrderedDict()

    def __len__(self) -> int:
        return len(self._verdicts)

    def get(self, key: bytes) -> Verdict | None:
        """The verdict under `key`, which counts as used now; `None` if there is none."""
        if key in self._verdicts:
            self._verdicts.move_to_end(key)
        return self._verdicts.get(key)

    def put(self, key: bytes, verdict: Verdict) -> None:
        """Remember `verdict`, forgetting the one that was not used for longest."""
        self._verdicts[key] = verdict
        self._verdicts.move_to_end(key)
        while len(self._verdicts) > self._size:
            self._verdicts.popitem(last=False)

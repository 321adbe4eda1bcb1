"""The engine: recall → decide → weave → record around a reply; the only place that fails open."""

from tay_middleware.engine.escalator import Escalator
from tay_middleware.engine.failopen import Faults, Guard
from tay_middleware.engine.handover import Outcome
from tay_middleware.engine.pending import Pending, Reply
from tay_middleware.engine.sharing import Seat

__all__ = ["Escalator", "Faults", "Guard", "Outcome", "Pending", "Reply", "Seat"]

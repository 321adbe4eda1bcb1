"""A population with a known truth, sent through the real engine and the real payments.

Whoever it makes up has an id that begins with `simulated-`, and the database says that it was
simulated into: nothing of it can pass for real.
"""

from tay_middleware.simulate.run import Simulated, simulate

__all__ = ["Simulated", "simulate"]

"""`tay demo`: watch it work."""

from tay_middleware.demo import play


def demo() -> None:
    """Watch Tay answer several people over a week, then see what was decided and why.

    Runs a real LangChain pipeline on the embedded store with scripted answers: no key, no network,
    nothing kept.
    """
    play()

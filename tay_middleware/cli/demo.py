"""`tay demo`: watch it work."""


def demo() -> None:
    """Watch Tay answer several people over a week, then see what was decided and why.

    Runs a real LangChain pipeline on the embedded store with scripted answers: no key, no network,
    nothing kept.
    """
    from tay_middleware.demo import play  # noqa: PLC0415 - LangChain takes a second to import

    play()

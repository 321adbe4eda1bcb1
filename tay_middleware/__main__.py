"""`python -m tay_middleware`: the command `tay`, where its script is not on the path."""

from tay_middleware.cli import main

if __name__ == "__main__":
    main()

"""`python -m evals …`, in a checkout, is `tay eval …`."""

import sys

from tay_middleware.cli import main

sys.argv[1:1] = ["eval"]
main()

"""Side-by-side speed measurements; `make bench`. They report; they gate nothing."""

"""Labels, gates and baseline of `tay eval`; the code is in `tay_middleware/evals`."""

"""The files of the encoder tier; `tay_middleware.decide.encoder` opens them."""

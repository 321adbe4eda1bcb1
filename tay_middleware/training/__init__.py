"""Training of the learned scorer: labelled questions in, model files and out-of-fold scores out.

Nothing here runs beside a chat. The built-in tier needs the extra `[training]`, the encoder
`[training-encoder]` as well (torch); what they write is read by `decide.model` and
`decide.encoder` without either.
"""

"""What lies on Redis or Valkey, or is on its way into SQL: links, keys, scripts, streams, wire.

Not the store on Redis nor the drain, which stand above in `redis`, `spool` and `drain`.
"""

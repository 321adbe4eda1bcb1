"""The HTTP side: admin API, webhooks, tracked links, feedback, health.

`app.make_app` puts it together, `serve.serve` runs it. Extra `[web]`.
"""

"""The dashboard: pages for people, beside the API and over the same rows.

Server-rendered HTML with a style sheet and a little script of our own, both as files: the content
security policy allows nothing else. It needs Jinja2; charts need the extra `charts`.
"""

"""What analytics and the web ask of log and payments, and the answers kept: day sheets, reviews.

Not what chats or payments write, and nothing that a turn waits for.
"""

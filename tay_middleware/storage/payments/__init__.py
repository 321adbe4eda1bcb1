"""What is kept of payments: deliveries, purchases, the credit for them, and whose they are.

Not what providers send or who earns the credit, which `tay_middleware.payments` knows.
"""

"""From what payment providers say to conversions.

`signatures` whether a delivery is genuine · `providers` who sends what · `stripe`, `generic`,
`shopify` a payload as `facts` · `purchases` facts as a purchase · `attribution` a purchase as the
credit of a mention · `settle` all of it in one transaction · `inbox` the worker.
"""

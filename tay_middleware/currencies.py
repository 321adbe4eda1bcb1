"""How many decimals money has, as Stripe charges it: `isk` has two, though nobody uses them."""

_ZERO = "bif clp djf gnf jpy kmf krw mga pyg rwf vnd vuv xaf xof xpf"
_THREE = "bhd iqd jod kwd lyd omr tnd"
_TWO = (
    "aed afn all amd ang aoa ars aud awg azn bam bbd bdt bgn bmd bnd bob brl bsd btn bwp byn "
    "bzd cad cdf chf cny cop crc cup cve czk dkk dop dzd egp ern etb eur fjd fkp gbp gel ghs "
    "gip gmd gtq gyd hkd hnl htg huf idr ils inr irr isk jmd kes kgs khr kyd kzt lak lbp lkr "
    "lrd lsl mad mdl mkd mmk mnt mop mru mur mvr mwk mxn myr mzn nad ngn nio nok npr nzd pab "
    "pen pgk php pkr pln qar ron rsd rub sar sbd scr sdg sek sgd shp sle sos srd ssp stn svc "
    "syp szl thb tjs tmt top try ttd twd tzs uah ugx usd uyu uzs ves wst xcd xcg yer zar zmw "
    "zwg"
)

DECIMALS = {
    currency: decimals
    for listed, decimals in ((_ZERO, 0), (_TWO, 2), (_THREE, 3))
    for currency in listed.split()
}
"""How many decimals each currency has."""

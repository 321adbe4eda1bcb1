"""The gates that code knows by name; those that only `gates.yaml` knows stand in no module.

What closes each of them is said there, but for `conduct`, which is a learned head alone, and for
`off_topic`, which is closed by what is not found (see `OnTopic`).
"""

DISTRESS, MEDICAL, MINOR = "distress", "medical", "minor"

COMPLAINT, SUPPORT = "complaint", "support"

REFUSAL = "refusal"
"""A no to an offer."""

OPT_OUT = "opt_out"
"""A stop, which holds for months."""

OWNER = "owner"
"""Somebody who has bought something of ours already."""

INJECTION = "injection"
"""An order to the system."""

CONDUCT = "conduct"
"""Everything together on which nothing is mentioned."""

OFF_TOPIC = "off_topic"
"""A question that is none of ours."""

THIRD_PERSON = "third_person"
"""A question that somebody asks for somebody else; questions after it may go on so."""

SMALL_TALK = "small_talk"
"""What asks nothing; a message without a word, a thumb up or "...", is that."""

THANKS = "thanks"

"""Names and order of the encoder's outputs, and of its metadata: the contract with the C core."""

from __future__ import annotations

ARTICULATION = (
    "openness",
    "width",
    "protrusion",
    "closure",
    "labiodental",
    "teeth",
    "tongue",
    "speech",
)
VISEMES = (
    "sil",
    "PP",
    "FF",
    "TH",
    "DD",
    "kk",
    "CH",
    "SS",
    "nn",
    "RR",
    "aa",
    "E",
    "ih",
    "oh",
    "ou",
)
OUTPUTS = ARTICULATION + VISEMES

TICK_S = 0.04
LOOKAHEAD_TICKS = 1
"""Call j of the encoder describes tick j - 1: it has heard 40 ms beyond the end of its tick."""
LOOKS = 4
"""And the LOOKS - 1 ticks before that one again, of which it has heard more by now."""
LOOK = 1
"""The look that the engine shows by default: with 80 ms lookahead in all, that of tick j - 2."""

METADATA = {
    "be.encoder": "1",
    "be.lookahead_ticks": str(LOOKAHEAD_TICKS),
    "be.outputs": ",".join(OUTPUTS),
    "be.family": "essence-gru-2",
}
"""`be.family` names what model.py and normalise.py compute, and c_core/src/encoder/network.c too:
change one of them, and the family and the C code change with it."""

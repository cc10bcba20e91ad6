"""The phone inventory: what lips do for each phone, and how the sources' phone names map to it.

Openness, width, protrusion, teeth and tongue are set by eye, guided by articulatory descriptions
(Ladefoged, "A Course in Phonetics") and by the viseme groups of MPEG-4 facial animation. They are
not measurements.
"""

# ruff: noqa: RUF001 - phonetic letters look like others on purpose

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping
from typing import NamedTuple, Optional

Value = Optional[float]


class Lips(NamedTuple):
    """Targets of a phone or half a diphthong. None leaves a value to the neighbours."""

    openness: Value
    width: Value
    protrusion: Value
    teeth: Value
    tongue: Value
    viseme: str


SILENCE = "SIL"
BILABIAL = frozenset({"P", "B", "M"})
LABIODENTAL = frozenset({"F", "V"})
VOICELESS_STOPS = frozenset({"P", "T", "K"})

CLOSED_SHARE: Mapping[str, float] = {"P": 0.75, "B": 0.85, "M": 1.0}
"""Part of the segment in which the lips touch; burst and aspiration belong to the segment too."""

SIMPLE: Mapping[str, Lips] = {
    "SIL": Lips(0.0, 0.0, 0.0, 0.0, 0.0, "sil"),
    "SP": Lips(None, None, None, 0.0, 0.0, "sil"),
    "P": Lips(0.0, None, 0.1, 0.0, 0.0, "PP"),
    "B": Lips(0.0, None, 0.1, 0.0, 0.0, "PP"),
    "M": Lips(0.0, None, 0.1, 0.0, 0.0, "PP"),
    "F": Lips(0.10, 0.05, 0.0, 1.0, 0.0, "FF"),
    "V": Lips(0.10, 0.05, 0.0, 1.0, 0.0, "FF"),
    "BH": Lips(0.10, None, 0.1, 0.2, 0.0, "PP"),
    "W": Lips(0.15, -1.0, 0.95, 0.0, 0.0, "ou"),
    "TH": Lips(0.25, 0.05, 0.0, 0.7, 1.0, "TH"),
    "DH": Lips(0.25, 0.05, 0.0, 0.7, 1.0, "TH"),
    "T": Lips(0.24, None, 0.0, 0.7, 0.4, "DD"),
    "D": Lips(0.24, None, 0.0, 0.7, 0.4, "DD"),
    "N": Lips(0.25, None, 0.0, 0.6, 0.4, "nn"),
    "L": Lips(0.36, None, 0.0, 0.6, 0.9, "nn"),
    "S": Lips(0.18, 0.35, 0.0, 1.0, 0.0, "SS"),
    "Z": Lips(0.18, 0.35, 0.0, 1.0, 0.0, "SS"),
    "SH": Lips(0.21, -0.5, 0.7, 0.9, 0.0, "CH"),
    "ZH": Lips(0.21, -0.5, 0.7, 0.9, 0.0, "CH"),
    "CH": Lips(0.21, -0.45, 0.65, 0.9, 0.1, "CH"),
    "JH": Lips(0.21, -0.45, 0.65, 0.9, 0.1, "CH"),
    "R": Lips(0.28, -0.4, 0.4, 0.3, 0.1, "RR"),
    "TR": Lips(0.29, None, 0.0, 0.5, 0.4, "RR"),
    "K": Lips(0.33, None, 0.0, 0.4, 0.0, "kk"),
    "G": Lips(0.33, None, 0.0, 0.4, 0.0, "kk"),
    "NG": Lips(0.33, None, 0.0, 0.4, 0.0, "kk"),
    "KH": Lips(0.36, None, 0.0, 0.4, 0.0, "kk"),
    "HH": Lips(None, None, None, None, 0.0, "kk"),
    "Y": Lips(0.30, 0.7, 0.0, 0.7, 0.0, "ih"),
    "IY": Lips(0.29, 0.95, 0.0, 0.8, 0.0, "ih"),
    "IH": Lips(0.40, 0.55, 0.0, 0.6, 0.0, "ih"),
    "IX": Lips(0.36, 0.35, 0.0, 0.6, 0.0, "ih"),
    "EE": Lips(0.48, 0.65, 0.0, 0.7, 0.0, "E"),
    "EH": Lips(0.68, 0.4, 0.0, 0.6, 0.0, "E"),
    "AE": Lips(0.92, 0.4, 0.0, 0.7, 0.0, "E"),
    "AA": Lips(1.0, 0.0, 0.0, 0.4, 0.0, "aa"),
    "AH": Lips(0.63, 0.0, 0.0, 0.4, 0.0, "aa"),
    "AX": Lips(0.52, 0.05, 0.0, 0.4, 0.0, "aa"),
    "ER": Lips(0.41, -0.4, 0.3, 0.3, 0.1, "RR"),
    "AO": Lips(0.78, -0.6, 0.5, 0.1, 0.0, "oh"),
    "OO": Lips(0.52, -0.7, 0.65, 0.0, 0.0, "oh"),
    "OE": Lips(0.50, -0.5, 0.6, 0.1, 0.0, "oh"),
    "UH": Lips(0.38, -0.6, 0.5, 0.0, 0.0, "ou"),
    "UW": Lips(0.25, -0.95, 0.9, 0.0, 0.0, "ou"),
    "UF": Lips(0.28, -0.45, 0.5, 0.3, 0.0, "ou"),
    "UE": Lips(0.27, -0.7, 0.85, 0.1, 0.0, "ou"),
}
"""SP is a pause too short to close the mouth, UF the fronted American /u/ after
y, t, d, n, s; UE and OE are the front rounded vowels, TR a trill or tap."""

DIPHTHONGS: Mapping[str, tuple[Lips, Lips]] = {
    "EY": (SIMPLE["EE"]._replace(openness=0.63), SIMPLE["IY"]._replace(openness=0.37)),
    "AY": (SIMPLE["AA"]._replace(width=0.1), SIMPLE["IH"]._replace(openness=0.44, width=0.7)),
    "AW": (SIMPLE["AA"]._replace(width=0.2), SIMPLE["UH"]._replace(openness=0.40, width=-0.8)),
    "OW": (SIMPLE["OO"]._replace(openness=0.62, width=-0.5), SIMPLE["UW"]._replace(openness=0.34)),
    "OY": (SIMPLE["AO"]._replace(openness=0.70, width=-0.8), SIMPLE["IH"]),
}


def halves(phone: str) -> tuple[Lips, Lips]:
    """Targets of the first and the second half of `phone`."""
    if phone in DIPHTHONGS:
        return DIPHTHONGS[phone]
    return SIMPLE[phone], SIMPLE[phone]


def _table(rows: str) -> dict[str, tuple[str, ...]]:
    """Parse `symbol=PHONE` or `symbol=PHONE+PHONE` entries separated by blanks."""
    pairs = (entry.split("=") for entry in rows.split())
    return {symbol: tuple(target.split("+")) for symbol, target in pairs}


FESTIVAL = _table(
    "pau=SIL h#=SIL brth=SIL #=SIL p=P b=B m=M em=M f=F v=V w=W th=TH dh=DH t=T d=D dx=D n=N "
    "nx=N en=N l=L el=L s=S z=Z sh=SH zh=ZH ch=CH jh=JH r=R k=K g=G ng=NG hh=HH hv=HH y=Y iy=IY "
    "ih=IH eh=EH ae=AE aa=AA ah=AH ax=AX er=ER axr=ER ao=AO uh=UH uw=UW ey=EY ay=AY aw=AW ow=OW "
    "oy=OY"
)
"""The American phone set of Festival and Flite."""

RUSSIAN = _table(
    "pau=SIL p=P pp=P b=B bb=B m=M mm=M f=F ff=F v=V vv=V t=T tt=T d=D dd=D n=N nn=N l=L ll=L "
    "s=S ss=S z=Z zz=Z c=T+S sh=SH sch=SH zh=ZH ch=CH r=TR rr=TR k=K kk=K g=G gg=G h=KH hh=KH "
    "j=Y i=IY ii=IY y=IX yy=IX e=EH ee=EH a=AH aa=AA ay=AH ae=IH o=AO oo=AO u=UH uu=UW ur=UH"
)
"""The phone set of festvox-ru; doubled consonants are palatalised, doubled vowels stressed."""

ITALIAN = _table(
    "#=SIL p=P b=B m=M f=F v=V t=T d=D n=N J=N ng=NG nf=N l=L L=L s=S z=Z S=SH Z=ZH ts=T+S "
    "dz=D+Z tS=CH dZ=JH r=TR k=K g=G j=Y w=W i=IY i1=IY e=EE e1=EE E1=EH a=AA a1=AA o=OO o1=OO "
    "O1=AO u=UW u1=UW"
)
"""The phone set of the Italian voices of Festival, used for evaluation only."""

IPA = _table(
    "p=P b=B m=M ɱ=M f=F v=V ʋ=V β=BH ɸ=BH w=W ʍ=W ɥ=UE θ=TH ð=DH t=T d=D ʈ=T ɖ=D n=N ɳ=N ɲ=N "
    "l=L ɫ=L ɭ=L ʎ=L ɬ=L s=S z=Z ʃ=SH ʒ=ZH ʂ=SH ʐ=ZH ɕ=SH ʑ=ZH ç=SH ɹ=R ɻ=R r=TR ɾ=TR ʀ=KH ʁ=KH "
    "ɽ=TR k=K g=G ɡ=G ŋ=NG x=KH χ=KH ɣ=KH q=K c=K ɟ=G h=HH ɦ=HH ʔ=HH j=Y ʝ=Y i=IY ɪ=IH ɨ=IX "
    "ɯ=IX e=EE ɛ=EH æ=AE a=AA ɑ=AA ɐ=AH ʌ=AH ə=AX ɜ=ER ɚ=ER ɝ=ER ɵ=OE ɤ=AH ɔ=AO ɒ=AO o=OO ʊ=UH "
    "u=UW ʉ=UF y=UE ʏ=UE ø=OE œ=OE ɞ=OE"
)
"""Base letters of the International Phonetic Alphabet; marks of length, stress and so on are
dropped.
"""

AFFRICATES = {"tʃ": "CH", "dʒ": "JH", "tɕ": "CH", "dʑ": "JH", "tʂ": "CH", "dʐ": "JH"}


def ipa(symbol: str) -> list[str]:
    """Phones of one IPA string as espeak-ng writes it; unknown letters are left out."""
    letters = unicodedata.normalize("NFD", symbol).replace("c\u0327", "ç")
    for digraph, phone in AFFRICATES.items():
        if digraph in letters:
            return [phone]
    return [phone for letter in letters for phone in IPA.get(letter, ())]


def translate(
    ends: Iterable[tuple[float, str]], table: Mapping[str, tuple[str, ...]]
) -> list[tuple[float, str]]:
    """Map (end time in s, source phone) rows to the inventory; a compound shares its time."""
    rows: list[tuple[float, str]] = []
    start = 0.0
    for end, symbol in ends:
        if symbol not in table:
            raise KeyError(f"phone {symbol!r} is not in the table of its source")
        parts = table[symbol]
        for number, phone in enumerate(parts, 1):
            rows.append((start + (end - start) * number / len(parts), phone))
        start = end
    return rows


FRONTING = frozenset({"Y", "T", "D", "N", "S", "Z", "CH", "JH", "SH", "L"})


def front_american_u(ends: list[tuple[float, str]]) -> list[tuple[float, str]]:
    """American English: /u/ after a coronal or y is fronted and hardly rounded."""
    before = [SILENCE] + [phone for _, phone in ends]
    return [
        (end, "UF" if phone == "UW" and previous in FRONTING else phone)
        for (end, phone), previous in zip(ends, before)
    ]

"""The person: which MakeHuman targets make the face, and the zones that colour it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from human import Human

MACRO = {
    "macrodetails/caucasian-female-young": 0.62,
    "macrodetails/asian-female-young": 0.22,
    "macrodetails/african-female-young": 0.16,
    "macrodetails/universal-female-young-averagemuscle-averageweight": 1.0,
    "macrodetails/proportions/female-young-averagemuscle-averageweight-idealproportions": 0.7,
}
DETAIL = {
    "head/head-oval": 0.22,
    "head/head-scale-horiz-decr": 0.15,
    "head/head-invertedtriangular": 0.45,
    "head/head-fat-decr": 0.25,
    "chin/chin-width-decr": 0.4,
    "chin/chin-triangle": 0.3,
    "chin/chin-height-decr": 0.15,
    "nose/nose-point-width-decr": 0.25,
    "nose/nose-scale-horiz-decr": 0.2,
    "nose/nose-volume-decr": 0.2,
    "mouth/mouth-upperlip-volume-incr": 0.2,
    "mouth/mouth-lowerlip-volume-incr": 0.1,
    "mouth/mouth-cupidsbow-incr": 0.3,
    "mouth/mouth-scale-horiz-incr": 0.25,
    "eyebrows/eyebrows-trans-up": 0.25,
    "cheek/l-cheek-bones-incr": 0.25,
    "cheek/r-cheek-bones-incr": 0.25,
    "eyes/l-eye-scale-incr": 0.4,
    "eyes/r-eye-scale-incr": 0.4,
}
# The resting face: a trace of a smile, arms hanging, in face pose units and bone turns (degrees).
REST_UNITS = {
    "MouthLeftPullUp": 0.45,
    "MouthRightPullUp": 0.45,
    "LeftCheekUp": 0.15,
    "RightCheekUp": 0.15,
    "LeftInnerBrowUp": 0.15,
    "RightInnerBrowUp": 0.15,
    "LeftLowerLidUp": 0.08,
    "RightLowerLidUp": 0.08,
}
REST_TURNS = {
    "upperarm01.L": (0.0, 0.0, -38.0),
    "upperarm01.R": (0.0, 0.0, 38.0),
    "shoulder01.L": (0.0, 0.0, -6.0),
    "shoulder01.R": (0.0, 0.0, 6.0),
}


def build(root: Path) -> Human:
    """The shaped human, not yet posed."""
    human = Human(root)
    for table in (MACRO, DETAIL):
        for name, weight in table.items():
            human.apply(name, weight)
    return human


def rest_turns(human: Human) -> dict[str, np.ndarray]:
    """Bone turns of the neutral pose."""
    turns = human.mix(REST_UNITS)
    for bone, degrees in REST_TURNS.items():
        turns[bone] = turns.get(bone, np.zeros(3)) + np.radians(degrees)
    return turns

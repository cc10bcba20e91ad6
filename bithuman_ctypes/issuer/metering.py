"""How many minutes frames are: the whole of the tariff.

A session's minutes are those of its picture, 1500 frames each, whatever time they were made in.
A minute is paid for when it begins. Everything follows from the highest number of frames that the
session ever told, which only grows: so a beat that comes twice, late or out of order changes
nothing that another did not change already.
"""

from __future__ import annotations

FRAMES_PER_MINUTE = 60 * 25


def minutes_served(frames: int) -> int:
    """The minutes that were begun by frames given: what is owed even when the issuer refuses."""
    return -(-frames // FRAMES_PER_MINUTE)


def minutes_granted(frames: int) -> int:
    """Those and the one that the next frame belongs to: what is paid for to go on."""
    return frames // FRAMES_PER_MINUTE + 1

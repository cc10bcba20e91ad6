"""How good an avatar came out, and what to film differently."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

GOOD_OPENING, GOOD_SSIM = 0.70, 0.88
GOOD_COVERAGE, GOOD_SHARPNESS, GOOD_CORRELATION = 0.85, 0.75, 0.55
GOOD_SEAM, GOOD_REACH = 0.012, 0.7
SHORT_LOOP = 5.0
GOOD_CLOSED = 0.9
GOOD_FACE = 300.0


@dataclass(frozen=True)
class Report:
    """What was measured of an avatar made from a film.

    ``coverage``: share of what was heard in the film for which there is a mouth near. ``reach``:
    the widest mouth's openness. ``sharpness``: fine detail of the mouths beside that of the face at
    rest. ``loop_seam``: how far the face jumps where the loop begins anew, in distances of the
    eyes' outer corners. ``calibration``: correlation of the lips with the sound; ``lag_ms``: by how
    much they come late (that is taken out). ``test_opening`` and ``test_ssim``: speech of the film
    that the avatar was not made from, rendered, beside the film itself. ``actions``: the greater of
    the two seams of each. ``notes``: what was left out.
    """

    seconds: float
    size: tuple[int, int]
    bytes: int
    mouths: int
    coverage: float
    reach: float
    sharpness: float
    loop_seconds: float
    loop_way: str
    loop_seam: float
    calibration: float
    lag_ms: int
    test_opening: float
    test_ssim: float
    test_frames: int
    actions: Mapping[str, float] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    @property
    def good(self) -> bool:
        """Whether the self-test passes."""
        return self.test_opening >= GOOD_OPENING and self.test_ssim >= GOOD_SSIM

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {**asdict(self), "good": self.good, "advice": self.advice()}

    def advice(self) -> list[str]:
        """What to film differently; empty where nothing is to be said."""
        rules = [
            (
                self.calibration < GOOD_CORRELATION,
                "the lips follow the sound loosely: speak clearly, without music or other voices, "
                "and check that sound and picture of the film belong together",
            ),
            (
                self.coverage < GOOD_COVERAGE or self.reach < GOOD_REACH,
                "some mouths are missing: film a minute more, and read a text with open vowels, "
                "'oo', 'ee', p, b, m, f and v",
            ),
            (
                self.sharpness < GOOD_SHARPNESS,
                "the mouths are blurred by motion: more light, so that the camera exposes shorter",
            ),
            (
                self.loop_seam > GOOD_SEAM,
                "the loop's seam may show: begin with 10 to 20 seconds of listening, head almost "
                "still, lips closed",
            ),
            (
                self.loop_seconds < SHORT_LOOP,
                f"the loop has {self.loop_seconds:.1f} seconds only: listen with closed lips for "
                "10 to 20 seconds before you speak",
            ),
            (
                not self.good,
                "the self-test fails: a steady camera, even light, the face straight to it, and "
                "one to three minutes of speech help most",
            ),
        ]
        moved = [name for name, seam in self.actions.items() if seam > 0.05]
        advice = [text for needed, text in rules if needed]
        if moved:
            names = ", ".join(moved)
            advice.append(f"{names}: begin and end it where you listen, with the head at rest")
        return advice

    def lines(self) -> list[str]:
        """For people."""
        width, height = self.size
        out = [
            f"film      {self.seconds:.1f} s at {width}x{height}",
            f"mouths    {self.mouths}, coverage {self.coverage:.0%}, widest {self.reach:.2f}, "
            f"sharpness {self.sharpness:.2f}",
            f"loop      {self.loop_seconds:.1f} s, {self.loop_way}, seam {self.loop_seam:.4f} of "
            "the eyes' distance",
            f"sound     correlation with the lips {self.calibration:.2f}, lips late by "
            f"{self.lag_ms} ms (taken out)",
            f"self-test {'good' if self.good else 'poor'}: opening {self.test_opening:.2f} (good "
            f"from {GOOD_OPENING:.2f}), SSIM {self.test_ssim:.3f} (good from {GOOD_SSIM:.2f}), "
            f"{self.test_frames} frames",
        ]
        out += [f"action    {name}: seam {seam:.4f}" for name, seam in self.actions.items()]
        out += [f"left out  {note}" for note in self.notes]
        return out + [f"advice    {text}" for text in self.advice()]


@dataclass(frozen=True)
class PhotoReport:
    """What was measured of an avatar made from a photo.

    ``face_pixels`` between the ears. ``test_opening``: correlation of the opening of the lips in
    the engine's pictures, as the tracker sees it, with what was heard; ``test_closed``: share of
    the moments in speech at which lips should touch, and do. ``actions``: how far the face jumps
    where each leaves or rejoins the loop, in distances of the eyes' outer corners.
    """

    size: tuple[int, int]
    bytes: int
    mouths: int
    face_pixels: float
    reach: float
    test_opening: float
    test_closed: float
    actions: Mapping[str, float] = field(default_factory=dict)

    @property
    def good(self) -> bool:
        """Whether the self-test passes."""
        return self.test_opening >= GOOD_OPENING and self.test_closed >= GOOD_CLOSED

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {**asdict(self), "good": self.good, "advice": self.advice()}

    def advice(self) -> list[str]:
        """What to photograph differently; empty where nothing is to be said."""
        out = []
        if self.face_pixels < 2 * GOOD_FACE / 3:
            out.append("a larger face gives sharper lips: 300 pixels between the ears are good")
        if not self.good:
            out.append(
                "the lips do not move as they should: an even light, no beard or hand over the "
                "mouth, lips closed without a smile, and the face straight to the camera help"
            )
        return out

    def lines(self) -> list[str]:
        """For people."""
        width, height = self.size
        return [
            f"photo     {width}x{height}, {self.face_pixels:.0f} pixels between the ears",
            f"mouths    {self.mouths}, drawn",
            f"self-test {'good' if self.good else 'poor'}: opening {self.test_opening:.2f} (good "
            f"from {GOOD_OPENING:.2f}), lips shut when they should {self.test_closed:.0%} (good "
            f"from {GOOD_CLOSED:.0%})",
            *(f"action    {name}: seam {seam:.4f}" for name, seam in self.actions.items()),
            *(f"advice    {text}" for text in self.advice()),
        ]

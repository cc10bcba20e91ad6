"""The people: the targets that make each face, its colours, hair, clothes, room and light."""

from __future__ import annotations

from dataclasses import dataclass, field

Colour = tuple[float, float, float]  # linear RGB
Series = tuple[float, ...]  # degrees of cos(k * pi * t), k = 1..

# A trace of a smile, in face pose units.
SMILE = {
    "MouthLeftPullUp": 0.45,
    "MouthRightPullUp": 0.45,
    "LeftCheekUp": 0.15,
    "RightCheekUp": 0.15,
    "LeftInnerBrowUp": 0.15,
    "RightInnerBrowUp": 0.15,
    "LeftLowerLidUp": 0.08,
    "RightLowerLidUp": 0.08,
}


@dataclass(frozen=True)
class Tint:
    """A colour of the painted face and how much of it is mixed in, 0..1."""

    colour: Colour
    amount: float


@dataclass(frozen=True)
class Skin:
    """Colours of the painted face."""

    tone: Colour = (0.60, 0.365, 0.268)
    forehead: Tint = Tint((0.62, 0.40, 0.28), 0.35)
    cheeks: Tint = Tint((0.63, 0.27, 0.20), 0.50)
    nose: Tint = Tint((0.60, 0.26, 0.20), 0.42)
    chin: Tint = Tint((0.58, 0.30, 0.22), 0.30)
    lid: Tint = Tint((0.47, 0.25, 0.20), 0.40)
    under_eye: Tint = Tint((0.50, 0.27, 0.22), 0.30)
    brow: Tint = Tint((0.22, 0.115, 0.07), 0.30)
    freckles: Tint = Tint((0.36, 0.17, 0.10), 0.35)
    lips: Tint = Tint((0.48, 0.150, 0.145), 0.94)
    corners: Tint = Tint((0.36, 0.15, 0.12), 0.55)
    seam: Tint = Tint((0.26, 0.07, 0.07), 0.55)
    beard: Tint = Tint((0.30, 0.20, 0.16), 0.0)
    scatter: Colour = (1.0, 0.36, 0.18)  # how far red, green and blue travel in the skin, relative
    gloss: float = 0.42
    roughness: float = 0.46
    lip_roughness: float = 0.30
    mouth_glow: float = 0.0  # light of its own inside the mouth, which is black without
    shine: float = 0.0  # how much smoother nose, forehead, cheekbones and chin are
    uneven: float = 0.0  # how much colour and roughness vary from place to place, 0..1


@dataclass(frozen=True)
class Hair:
    """A MakeHuman hair mesh and its pigment; density in curves per decimetre of card width.

    With `crop`, a length in decimetres, the mesh only says where hair grows: it is cut that short,
    and density is in hairs per square decimetre.
    """

    mesh: str
    melanin: float
    redness: float
    density: float = 420.0
    radius: float = 0.0032  # at the root, decimetres
    underlay: Colour = (0.026, 0.015, 0.010)
    crop: float = 0.0
    scalp: tuple[float, float] = (0.03, 0.11)  # how far beside a root it is dark, and no more


@dataclass(frozen=True)
class Eyes:
    """How bright the eyeballs are, and what mirrors: the iris, 0..1, or the cornea before it."""

    bright: float = 1.2
    iris: float = 1.0
    cornea: tuple[float, float] = (0.02, 1.38)  # roughness and index of refraction
    shaded: float = 0.0  # how much the upper lid darkens the ball, 0..1


@dataclass(frozen=True)
class Top:
    """A MakeHuman top with soft folds: plain cloth, or a sweater with seams and a ribbed collar."""

    mesh: str
    colour: Colour
    knitted: bool = False
    narrow: float = 0.0  # how far the shoulders are drawn in, decimetres


@dataclass(frozen=True)
class Light:
    """A square soft light, placed relative to the face, metres and watts."""

    name: str
    at: tuple[float, float, float]
    size: float
    power: float
    colour: Colour
    mirrored: bool = False  # only seen as a reflection in the eyes and on the skin


@dataclass(frozen=True)
class Sway:
    """The idle loop's head motion, and the first frames of its blinks."""

    yaw: Series = (0.90, 1.00, -0.60, 0.24, 0.10)
    pitch: Series = (0.33, -0.46, 0.50, -0.27, 0.12)
    roll: Series = (-0.90, 0.80, 0.55, -0.42, 0.12)
    blinks: tuple[int, ...] = (27, 77)


@dataclass(frozen=True)
class Person:
    """Everything that makes one avatar different from another."""

    name: str
    identity: str
    macro: dict[str, float]
    detail: dict[str, float]
    hair: Hair
    top: Top
    room: str
    lights: tuple[Light, ...]
    world: float = 0.25  # strength of the even light
    brow: tuple[float, float] = (0.62, 0.4)  # melanin and its redness
    brows: float = 1.0  # height of the brows, 1 as the default face has them
    lashes: float = 1.0  # length
    mouth: float = 1.0  # height of the lips' red, 1 as the default face has it
    smile: dict[str, float] = field(default_factory=lambda: SMILE)
    eyes: Eyes = Eyes()
    teeth: float = 0.0  # how much lower the upper teeth stand, decimetres
    patch: tuple[int, int, int, int] = (512, 284, 224, 164)  # x, y, w, h of the mouths
    skin: Skin = Skin()
    sway: Sway = Sway()


DEFAULT = Person(
    name="Default",
    identity="default",
    macro={
        "macrodetails/caucasian-female-young": 0.62,
        "macrodetails/asian-female-young": 0.22,
        "macrodetails/african-female-young": 0.16,
        "macrodetails/universal-female-young-averagemuscle-averageweight": 1.0,
        "macrodetails/proportions/female-young-averagemuscle-averageweight-idealproportions": 0.7,
    },
    detail={
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
    },
    hair=Hair("long01", 0.73, 0.22, scalp=(0.02, 0.08)),
    brow=(0.80, 0.25),
    eyes=Eyes(shaded=0.65),
    skin=Skin(shine=0.10, uneven=1.0, mouth_glow=0.30),
    top=Top("female_casualsuit02", (0.042, 0.064, 0.098), True, 0.13),
    room="day",
    lights=(
        Light("key", (-1.05, -1.0, 0.55), 1.15, 38.0, (1.0, 0.93, 0.85)),
        Light("fill", (1.2, -1.1, 0.05), 1.4, 7.5, (0.92, 0.95, 1.0)),
        Light("rim", (0.75, 0.9, 0.7), 0.7, 13.0, (1.0, 0.92, 0.82)),
        Light("hair", (-0.8, 0.7, 0.35), 0.8, 10.0, (1.0, 0.96, 0.9)),
        Light("catch", (-0.46, -0.8, 0.56), 0.11, 7.0, (1.0, 1.0, 1.0), mirrored=True),
    ),
)

MARLON = Person(
    name="Marlon",
    identity="marlon",
    macro={
        "macrodetails/african-male-young": 0.62,
        "macrodetails/caucasian-male-young": 0.38,
        "macrodetails/universal-male-young-averagemuscle-averageweight": 1.0,
        "macrodetails/proportions/male-young-averagemuscle-averageweight-idealproportions": 0.6,
    },
    detail={
        "head/head-oval": 0.25,
        "head/head-rectangular": 0.25,
        "head/head-age-incr": 0.15,
        "chin/chin-width-incr": 0.15,
        "nose/nose-scale-horiz-decr": 0.15,
        "nose/nose-point-width-decr": 0.2,
        "mouth/mouth-upperlip-volume-incr": 0.1,
        "mouth/mouth-scale-horiz-incr": 0.15,
        "eyes/l-eye-scale-incr": 0.25,
        "eyes/r-eye-scale-incr": 0.25,
    },
    hair=Hair("short04", 0.99, 0.05, 16000.0, 0.0036, (0.012, 0.009, 0.007), crop=0.045),
    top=Top("male_casualsuit03", (0.020, 0.034, 0.052), narrow=0.18),
    room="evening",
    lights=(
        Light("key", (1.0, -1.05, 0.5), 1.0, 58.0, (1.0, 0.92, 0.82)),
        Light("fill", (-1.35, -0.95, 0.3), 1.1, 12.0, (0.80, 0.90, 1.0)),
        Light("rim", (-0.8, 0.85, 0.55), 0.7, 14.0, (0.62, 0.82, 1.0)),
        Light("hair", (0.6, 0.7, 0.8), 0.8, 18.0, (1.0, 0.90, 0.78)),
    ),
    world=0.25,
    brow=(0.93, 0.3),
    brows=1.3,
    eyes=Eyes(0.9, 0.0, (0.30, 1.7)),
    teeth=0.015,
    patch=(512, 284, 224, 204),  # a long chin
    lashes=0.7,
    skin=Skin(
        tone=(0.235, 0.118, 0.068),
        forehead=Tint((0.26, 0.135, 0.08), 0.4),
        cheeks=Tint((0.27, 0.105, 0.062), 0.15),
        nose=Tint((0.25, 0.108, 0.066), 0.4),
        chin=Tint((0.21, 0.10, 0.06), 0.3),
        lid=Tint((0.16, 0.078, 0.05), 0.45),
        under_eye=Tint((0.15, 0.072, 0.045), 0.35),
        brow=Tint((0.05, 0.03, 0.02), 0.4),
        freckles=Tint((0.1, 0.05, 0.03), 0.0),
        lips=Tint((0.205, 0.080, 0.064), 0.85),
        corners=Tint((0.12, 0.055, 0.036), 0.5),
        seam=Tint((0.07, 0.025, 0.022), 0.6),
        beard=Tint((0.045, 0.026, 0.018), 0.62),
        scatter=(1.0, 0.45, 0.25),
        gloss=0.30,
        roughness=0.55,
        lip_roughness=0.42,
        mouth_glow=0.30,
    ),
    sway=Sway(
        yaw=(-0.80, 0.95, 0.65, -0.30, 0.12),
        pitch=(-0.35, 0.44, 0.46, -0.24, 0.10),
        roll=(0.85, -0.70, 0.50, 0.36, -0.10),
        blinks=(19, 66),
    ),
)

PEOPLE = {person.identity: person for person in (DEFAULT, MARLON)}

"""The blurred room behind the person: simple shapes, drawn, then blurred (numpy and Pillow)."""

from __future__ import annotations

import math

import numpy as np
from PIL import Image, ImageChops, ImageDraw, ImageFilter


def _gradient(size: tuple[int, int]) -> Image.Image:
    w, h = size
    x, y = np.meshgrid(np.linspace(0, 1, w), np.linspace(0, 1, h))
    warm = np.array([196, 178, 156.0])
    cool = np.array([126, 136, 140.0])
    mix = np.clip(0.9 - 0.75 * x + 0.12 * np.sin(3 * y), 0, 1)[..., None]
    base = warm * mix + cool * (1 - mix)
    base *= (1.02 - 0.28 * y)[..., None]
    return Image.fromarray(base.clip(0, 255).astype(np.uint8))


def _window(draw: ImageDraw.ImageDraw, w: int, h: int) -> None:
    """Two panes with trees behind them, and curtains at their sides."""
    for i in range(2):
        left = w * (0.045 + 0.10 * i)
        for step in range(40):
            t = step / 40
            sky, trees = (250, 246, 236), (176, 192, 150)
            mix = min(1.0, max(0.0, (t - 0.45) / 0.4))
            fill = tuple(int(a + (b - a) * mix) for a, b in zip(sky, trees, strict=True))
            top = h * (0.02 + 0.64 * t)
            draw.rectangle((left, top, left + w * 0.09, top + h * 0.017), fill=fill)
        draw.rectangle((left, h * 0.31, left + w * 0.09, h * 0.325), fill=(206, 196, 180))
    for begin, end in ((-0.01, 0.04), (0.245, 0.335)):
        count = round((end - begin) / 0.018)
        for k in range(count):
            x = w * (begin + (end - begin) * k / count)
            draw.rectangle((x, 0, x + w * 0.010, h * 0.80), fill=(222, 208, 188))
            draw.rectangle((x + w * 0.010, 0, x + w * 0.018, h * 0.80), fill=(168, 152, 132))


def _furniture(draw: ImageDraw.ImageDraw, w: int, h: int) -> None:
    """A bright window and a plant on the left, shelves on the right, a sideboard in front."""
    _window(draw, w, h)
    draw.rectangle((0, h * 0.8, w, h), fill=(112, 92, 77))
    draw.rectangle((0, h * 0.8, w, h * 0.83), fill=(150, 126, 104))
    for door in (0.02, 0.33, 0.64, 0.95):
        draw.rectangle((w * door, h * 0.83, w * (door + 0.012), h), fill=(84, 68, 56))
    for row in (0.2, 0.42, 0.64):
        draw.rectangle((w * 0.68, h * row, w, h * (row + 0.025)), fill=(112, 88, 68))
    rng = np.random.default_rng(5)
    palette = [(150, 88, 66), (88, 104, 116), (198, 176, 140), (98, 116, 92), (172, 138, 98)]
    for row in (0.2, 0.42, 0.64):
        x = w * 0.69
        while x < w * 0.98:
            width = w * rng.uniform(0.008, 0.02)
            if rng.random() < 0.75:
                top = h * (row - rng.uniform(0.09, 0.15))
                fill = palette[rng.integers(len(palette))]
                draw.rectangle((x, top, x + width, h * row), fill=fill)
            x += width
    for i in range(26):
        angle = math.radians(-90 + rng.normal(0, 42))
        length = h * rng.uniform(0.18, 0.42)
        x0, y0 = w * 0.235, h * 0.83
        x1, y1 = x0 + math.cos(angle) * length * 0.8, y0 + math.sin(angle) * length
        shade = rng.uniform(0.75, 1.15)
        fill = tuple(int(c * shade) for c in ((66, 92, 60), (84, 108, 66))[i % 2])
        draw.line((x0, y0, x1, y1), fill=fill, width=int(w * 0.012))
        draw.ellipse((x1 - w * 0.016, y1 - h * 0.035, x1 + w * 0.016, y1 + h * 0.035), fill=fill)
    draw.rectangle((w * 0.205, h * 0.8, w * 0.265, h * 0.95), fill=(186, 160, 134))


def _evening(width: int, height: int) -> Image.Image:
    """A dim blue studio: a wall that a lamp grazes, a window full of town lights."""
    x, y = np.meshgrid(np.linspace(0, 1, width), np.linspace(0, 1, height))
    glow = np.exp(-(((x - 0.16) / 0.26) ** 2 + ((y - 0.30) / 0.55) ** 2))[..., None]
    wall = np.array([38, 52, 66.0]) * (1.25 - 0.55 * y)[..., None]
    image = Image.fromarray((wall + glow * np.array([150, 92, 44.0])).clip(0, 255).astype(np.uint8))
    draw = ImageDraw.Draw(image)
    for left in (0.70, 0.855):
        box = (width * left, height * 0.04, width * (left + 0.135), height * 0.70)
        draw.rectangle(box, fill=(20, 32, 52))
    draw.rectangle((0, height * 0.84, width, height), fill=(26, 28, 34))
    draw.ellipse((width * 0.10, height * 0.16, width * 0.19, height * 0.36), fill=(255, 206, 140))
    draw.rectangle((width * 0.141, height * 0.36, width * 0.149, height * 0.84), fill=(70, 60, 50))
    image = image.filter(ImageFilter.GaussianBlur(width * 0.014))
    rng = np.random.default_rng(21)
    tones = ((255, 190, 110), (255, 214, 150), (255, 226, 180), (190, 214, 255))
    lights = Image.new("RGB", (width, height))
    for _ in range(46):
        at = rng.uniform(0.70, 0.99) * width, (0.10 + 0.56 * rng.beta(2.2, 1.3)) * height
        r = rng.uniform(0.006, 0.013) * width
        tone, bright = tones[rng.integers(len(tones))], rng.uniform(0.10, 0.28)
        fill = tuple(int(c * bright) for c in tone)
        disc = Image.new("RGB", (width, height))
        ImageDraw.Draw(disc).ellipse((at[0] - r, at[1] - r, at[0] + r, at[1] + r), fill=fill)
        lights = ImageChops.add(lights, disc)
    return ImageChops.add(image, lights.filter(ImageFilter.GaussianBlur(width * 0.0022)))


def _day(width: int, height: int) -> Image.Image:
    """A bright room with a window, shelves and a plant."""
    size = (width, height)
    image = _gradient(size)
    _furniture(ImageDraw.Draw(image), width, height)
    image = image.filter(ImageFilter.GaussianBlur(width * 0.011))
    lights = Image.new("RGB", size)
    rng = np.random.default_rng(11)
    for _ in range(13):
        x, y = rng.uniform(0.62, 1.0) * width, rng.uniform(0.05, 0.5) * height
        r = rng.uniform(0.008, 0.018) * width
        tone = rng.uniform(18, 46)
        disc = Image.new("RGB", size)
        fill = (int(tone * 1.1), int(tone * 0.86), int(tone * 0.55))
        ImageDraw.Draw(disc).ellipse((x - r, y - r, x + r, y + r), fill=fill)
        lights = ImageChops.add(lights, disc)
    return ImageChops.add(image, lights.filter(ImageFilter.GaussianBlur(width * 0.0022)))


def picture(room: str, width: int = 1248, height: int = 704) -> Image.Image:
    """The backdrop as RGB, already out of focus; `room` is day or evening."""
    return {"day": _day, "evening": _evening}[room](width, height)


def for_view(display: np.ndarray) -> np.ndarray:
    """Linear light (h, w, 3) that the AgX view shows roughly as the given display picture 0..1.

    AgX lowers contrast and saturation; both are raised here by fixed amounts, by eye.
    """
    linear = np.where(display < 0.04045, display / 12.92, ((display + 0.055) / 1.055) ** 2.4)
    grey = linear.mean(-1, keepdims=True)
    return np.clip(grey + (linear - grey) * 1.25, 0, None) ** 1.12 * 1.25

"""A person's body: the shaped human, and how it rests."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from human import Human
from people import Person

# Arms hanging: bone turns in degrees.
REST_TURNS = {
    "upperarm01.L": (0.0, 0.0, -38.0),
    "upperarm01.R": (0.0, 0.0, 38.0),
    "shoulder01.L": (0.0, 0.0, -6.0),
    "shoulder01.R": (0.0, 0.0, 6.0),
}


class Figure(Human):
    """A human with the shape of a person, not yet posed."""

    def __init__(self, root: Path, person: Person) -> None:
        super().__init__(root)
        self.person = person
        for table in (person.macro, person.detail):
            for name, weight in table.items():
                self.apply(name, weight)

    def rest_turns(self) -> dict[str, np.ndarray]:
        """Bone turns of the neutral pose."""
        turns = self.mix(self.person.smile)
        for bone, degrees in REST_TURNS.items():
            turns[bone] = turns.get(bone, np.zeros(3)) + np.radians(degrees)
        return turns

"""``python -m bithuman_ctypes``."""

import sys

from bithuman_ctypes.cli.main import main

sys.exit(main())

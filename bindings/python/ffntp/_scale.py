"""The names of time scales."""

from typing import Literal

Scale = Literal["utc", "tai", "utc-smeared", "utc-sls"]

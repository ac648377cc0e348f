"""Where is the respondent relative to where he must not be? Pure: no clock, socket, file or random number."""

__version__ = "0.1.0"

"""Where is the respondent relative to where he must not be? Pure: no clock, socket, file or random number."""

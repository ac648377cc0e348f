"""A world to test against: people, trackers and networks. The service never imports it."""

"""What may be set, with which default: settings, orders and devices."""

"""`python -m geofence`: compile the kernel now, so that the first start need not. scripts/environment.sh does it at install."""

from geofence.core import Core

Core.warm_up()

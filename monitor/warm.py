"""`python -m monitor.warm`: compile what is compiled now, so that the first start need not. scripts/environment.sh does it at install."""

from geofence.terms import Registry
from monitor.engine import Engine

if __name__ == "__main__":
    Engine(Registry()).warm_up()

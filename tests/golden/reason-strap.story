# A strap off
orders: pair.toml

Said until it is closed again: his to the control room, hers to her too.
---
0:00 her 0 0 speed=0
0:00 him 0 6000 speed=0
0:30 her 0 0 speed=0
0:30 him 0 6000 speed=0
1:00 him 0 6000 strap=open
1:30 him 0 6000
2:00 him 0 6000 strap=cut
2:30 him 0 6000 strap=closed
3:00 her 0 0 strap=open
3:30 her 0 0 strap=closed

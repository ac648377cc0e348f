# An impossible jump of hers
orders: pair.toml

Held back in the same way.
---
0:00 her 0 0 speed=0
0:00 him 0 6000 speed=0
0:30 her 0 0 speed=0
0:30 him 0 6000 speed=0
0:45 her 0 5900
0:46 him 0 6000
0:50 her 0 5900
0:55 her 0 0
0:56 him 0 6000
1:30 her 0 0
1:31 him 0 6000
2:30 her 0 0
2:31 him 0 6000

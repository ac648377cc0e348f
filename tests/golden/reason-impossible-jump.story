# An impossible jump
orders: pair.toml

Doubted twice, said as unverified, then believed: nobody is locked out.
---
0:00 her 0 0 speed=0
0:00 him 0 6000 speed=0
0:30 her 0 0 speed=0
0:30 him 0 6000 speed=0
0:45 him 0 100
0:46 her 0 0
0:50 him 0 100
0:55 him 0 100
1:00 him 0 100
1:05 her 0 0

# SOS: her button
orders: pair.toml

An emergency at once, for five minutes at least, and everybody reports fast.
---
0:00 her 0 0 speed=0
0:00 him 0 6000 speed=0
0:30 her 0 0 speed=0
0:30 him 0 6000 speed=0
1:00 her 0 0 sos=true
1:30 her 0 0 sos=false
3:00 her 0 0
3:00 him 0 6000
5:00 her 0 0
5:00 him 0 6000
5:58 her 0 0
6:01 her 0 0
6:31 him 0 6000 sos=true
7:30 her 0 0
7:31 him 0 6000

# A mock provider
orders: pair.toml

Suspect for five minutes.
---
0:00 her 0 0 speed=0
0:00 him 0 6000 speed=0
0:30 her 0 0 speed=0
0:30 him 0 6000 speed=0
1:00 him 0 6000 mock=true
3:00 him 0 6000
3:01 her 0 0
5:59 him 0 6000
6:01 him 0 6000
6:30 her 0 0

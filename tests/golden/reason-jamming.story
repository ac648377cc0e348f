# Jamming
orders: pair.toml

Over one quiet minute after the last report of it; silence never ends it.
---
0:00 her 0 0 speed=0
0:00 him 0 6000 speed=0
0:30 her 0 0 speed=0
0:30 him 0 6000 speed=0
1:00 him 0 6000 jamming=true
1:30 him 0 6000
1:59 him 0 6000
2:00 him 0 6000
3:00 her 0 0 jamming=true
9:00 wait
9:30 her 0 0

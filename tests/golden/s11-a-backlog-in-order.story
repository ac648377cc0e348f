# S11. A backlog, oldest first
orders: pair.toml

The same fixes in the order of their making: each moves the track, none is now, and the breach is history. A second one, twenty minutes apart, is another.
---
0:00 her 0 0 speed=0
0:00 him 0 5000
4:00 her 0 0 speed=0
8:00 her 0 0 speed=0
12:00 her 0 0 speed=0
16:00 her 0 0 speed=0
20:00 her 0 0 speed=0
24:00 her 0 0 speed=0
28:00 her 0 0 speed=0
29:00 him 0 3000 late=1500
29:00 him 0 300 late=1440
29:01 him 0 200 late=1380
29:01 him 0 3000 late=1200
29:02 him 0 250 late=120
29:02 him 0 3000 late=61
29:03 him 0 5000
29:30 her 0 0 speed=0
31:00 wait

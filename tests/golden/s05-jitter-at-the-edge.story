# S5. Jitter of five metres at the edge
orders: pair.toml

Ten fixes about the edge ring at most once.
---
0:00 him 0 495 speed=0
0:01 her 0 0 speed=0
0:06 him 0 505 speed=0
0:07 her 0 0 speed=0
0:12 him 0 495 speed=0
0:13 her 0 0 speed=0
0:18 him 0 505 speed=0
0:19 her 0 0 speed=0
0:24 him 0 495 speed=0
0:25 her 0 0 speed=0
0:30 him 0 505 speed=0
0:31 her 0 0 speed=0
0:36 him 0 495 speed=0
0:37 her 0 0 speed=0
0:42 him 0 505 speed=0
0:43 her 0 0 speed=0
0:48 him 0 495 speed=0
0:49 her 0 0 speed=0
0:54 him 0 505 speed=0
0:55 her 0 0 speed=0

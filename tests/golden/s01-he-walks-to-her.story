# S1. He walks to her while she is still
orders: pair.toml

One warning on the way, one emergency when he is surely inside.
---
0:00 her 0 0
0:00 him 0 3000 speed=1.4 course=180
5:00 him 0 2580 speed=1.4 course=180
9:00 him 0 2240 speed=1.4 course=180
9:01 her 0 0
9:30 him 0 2200 speed=1.4 course=180
10:00 him 0 2150 speed=1.4 course=180
20:00 him 0 1310 speed=1.4 course=180
20:01 her 0 0
29:00 him 0 550 speed=1.4 course=180
29:01 her 0 0
29:30 him 0 510 speed=1.4 course=180
29:45 him 0 489 speed=1.4 course=180
30:00 him 0 468 speed=1.4 course=180
31:00 him 0 900 speed=10 course=0
31:01 her 0 0
31:15 him 0 1100 speed=10 course=0
32:00 him 0 1500 speed=10 course=0
32:05 her 0 0
33:00 him 0 2600 speed=10 course=0
33:05 him 0 2650 speed=10 course=0
33:10 her 0 0
34:00 wait

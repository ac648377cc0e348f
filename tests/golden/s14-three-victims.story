# S14. Three protected persons, one respondent
orders: three-victims.toml

He comes near to all three at once: each order speaks for itself, at the same moment.
---
0:00 brc 0 0 speed=0
0:00 brc-q 200 0 speed=0
0:00 brc-s 0 -200 speed=0
0:01 him 0 5000
1:00 brc 0 0 speed=0
1:00 brc-q 200 0 speed=0
1:00 brc-s 0 -200 speed=0
1:01 him 0 2000 speed=14 course=180
1:30 him 0 1600 speed=14 course=180
2:00 him 0 1200 speed=14 course=180
2:30 him 0 800 speed=14 course=180
2:55 him 0 450 speed=14 course=180
3:00 him 0 380 speed=14 course=180
3:05 him 0 200 speed=5 course=180

# S11. A backlog, newest first
orders: pair.toml

He was inside ten minutes ago, unseen; now he is five kilometres away. Nothing rings, the past is reported once.
---
0:00 her 0 0 speed=0
0:00 him 0 5000 seq=1
5:00 her 0 0 speed=0
10:00 her 0 0 speed=0
14:59 her 0 0 speed=0
15:00 him 0 5000 seq=10
15:01 him 0 3000 seq=9 late=60
15:01 him 0 100 seq=6 late=301
15:01 him 0 90 seq=5 late=361
15:02 him 0 3000 seq=3 late=600

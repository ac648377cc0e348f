# S3. The first fix ever is already inside a zone
orders: zone.toml

A fixed zone needs no fix of hers.
---
0:01 him 10 10
1:00 him 10 15
1:30 him 10 1500 speed=12 course=0
2:00 him 10 1900 speed=12 course=0
2:30 him 10 2900 speed=12 course=0
9:00 wait

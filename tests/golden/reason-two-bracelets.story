# She wears two
orders: two-bracelets.toml

Either shows where she is; the one that is nearer to him counts, and one that falls silent costs no sight.
---
0:00 her 0 0 speed=0
0:00 brc2 0 10 speed=0
0:01 him 0 4000 speed=0
1:00 him 0 4000 speed=0
1:01 brc2 0 10 speed=0
2:00 him 0 4000 speed=0
2:01 brc2 0 10 speed=0
4:00 brc2 0 10 speed=0
6:00 brc2 0 10 speed=0
6:01 him 0 4000 speed=0
7:00 brc2 0 3200 speed=12 course=0
7:01 him 0 4000 speed=0
7:30 brc2 0 3600

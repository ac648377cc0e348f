# S1. He comes by the streets, stays, and goes
orders: pair.toml

Fixes as streets give them, two of them by Wi-Fi. One warning five minutes before he is inside, one emergency with the fix that shows it, down again by two fixes outside, and calm by two beyond the ring. Drawn in docs/detection.md.
---
0:00 him -1901 2287 accuracy=12 speed=8.5 course=183
0:02 her 2 6 accuracy=10 speed=0
1:00 him -1897 1808 accuracy=6 speed=7.7 course=175
1:02 her -3 3 accuracy=10 speed=0
2:00 him -1894 1338 accuracy=8 speed=7.7 course=181
2:02 her 8 -2 accuracy=10 speed=0
2:32 her 4 -5 accuracy=10 speed=0
3:00 him -1894 859 accuracy=8 speed=7.8 course=185
3:20 him -1885 718 accuracy=20 speed=7.6 course=181
3:32 her -10 -3 accuracy=10 speed=0
3:40 him -1724 719 accuracy=8 speed=7.4 course=93
4:00 him -1569 706 accuracy=8 speed=8.5 course=90
4:20 him -1409 715 accuracy=8 speed=7.7 course=96
4:32 her -3 -1 accuracy=10 speed=0
4:40 him -1258 719 accuracy=20 speed=7.6 course=86
5:00 him -1102 715 accuracy=6 speed=8.1 course=91
5:20 him -935 710 accuracy=12 speed=7.8 course=92
5:32 her -1 5 accuracy=10 speed=0
5:40 him -785 706 accuracy=8 speed=7.5 course=96
6:00 him -598 695 accuracy=45 source=wifi
6:20 him -427 700 accuracy=20 speed=7.9 course=91
6:32 her 3 -1 accuracy=10 speed=0
6:40 him -339 680 accuracy=6 speed=3.6 course=185
6:50 him -344 635 accuracy=6 speed=3.7 course=178
7:00 him -343 601 accuracy=12 speed=3.5 course=181
7:10 him -345 568 accuracy=12 speed=3.7 course=175
7:20 him -355 535 accuracy=12 speed=3.3 course=177
7:30 him -354 505 accuracy=6 speed=3.3 course=175
7:32 her -1 2 accuracy=10 speed=0
7:40 him -353 465 accuracy=8 speed=3.5 course=183
7:50 him -347 431 accuracy=6 speed=3.5 course=177
8:00 him -345 390 accuracy=12 speed=3.5 course=175
8:10 him -346 356 accuracy=6 speed=3.4 course=186
8:20 him -354 318 accuracy=8 speed=3.3 course=179
8:30 him -325 299 accuracy=45 source=wifi
8:32 her -4 3 accuracy=10 speed=0
8:40 him -355 268 accuracy=8 speed=0
8:50 him -347 263 accuracy=8 speed=0
9:00 him -353 252 accuracy=20 speed=0
9:10 him -353 263 accuracy=12 speed=0
9:20 him -345 268 accuracy=8 speed=0
9:30 him -385 260 accuracy=8 speed=5.9 course=265
9:32 her -4 -1 accuracy=10 speed=0
9:40 him -453 259 accuracy=12 speed=6.0 course=265
9:50 him -512 249 accuracy=12 speed=6.2 course=268
10:00 him -565 250 accuracy=12 speed=6.4 course=273
10:10 him -630 247 accuracy=12 speed=5.6 course=271
10:20 him -689 259 accuracy=12 speed=5.8 course=270
10:30 him -774 268 accuracy=12 speed=9.3 course=274
10:32 her 2 3 accuracy=10 speed=0
10:50 him -945 262 accuracy=12 speed=9.5 course=269
11:10 him -1116 259 accuracy=12 speed=9.0 course=266
11:30 him -1293 256 accuracy=12 speed=9.2 course=273
11:32 her -3 0 accuracy=10 speed=0
11:50 him -1469 277 accuracy=20 speed=9.1 course=272
12:10 him -1662 283 accuracy=20 speed=9.5 course=267
12:30 him -1842 276 accuracy=6 speed=9.2 course=266
12:32 her 1 1 accuracy=10 speed=0
12:50 him -2024 267 accuracy=8 speed=9.0 course=267
13:10 him -2203 262 accuracy=6 speed=9.6 course=270
13:32 her 3 -5 accuracy=10 speed=0
14:10 him -2747 263 accuracy=6 speed=9.2 course=265

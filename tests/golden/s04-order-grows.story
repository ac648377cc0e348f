# S4. An order grows over a still respondent
orders: small.toml

Judged at once, without waiting for another ping.
---
0:00 her 0 0 speed=0
0:00 him 0 400 speed=0
0:30 him 0 400 speed=0
0:31 her 0 0 speed=0
0:40 order perimeter_m=500 warning_m=2200
1:00 him 0 400 speed=0
1:30 order perimeter_m=100 warning_m=120
2:00 him 0 400 speed=0
2:01 her 0 0 speed=0
2:30 him 0 400 speed=0

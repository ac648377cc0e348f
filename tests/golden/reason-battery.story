# A battery
orders: pair.toml

Judged by the hours that are left, cleared by charging, and low at ten percent whatever the forecast.
---
0:00 her 0 0 speed=0
0:00 him 0 6000 speed=0
0:30 her 0 0 speed=0
0:30 him 0 6000 speed=0
1:00 her 0 0 battery=24
11:00 her 0 0 battery=22
11:01 him 0 6000
21:00 her 0 0 battery=19
21:01 him 0 6000
31:00 her 0 0 battery=16
31:01 him 0 6000
32:00 her 0 0 battery=16 charging=true
33:00 her 0 0 battery=17 charging=false
33:01 him 0 6000 battery=18
34:00 him 0 6000 battery=9
35:00 him 0 6000 battery=24
36:00 him 0 6000 battery=26
36:01 her 0 0 battery=30

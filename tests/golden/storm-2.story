# Storm 2. Everything at once
orders: everything.toml

Nobody lives such a day: two people wander, and everything that can be wrong with devices is wrong. It holds all numbers of the core in place; read the others first.
---
0:15.0 her 6.9 -0.1 speed=0.0 accuracy=8 source=wifi mock=true
0:45.0 her -2.2 -3.6 speed=0.0 accuracy=150 moving=false
2:55.0 him -128.7 785.4 accuracy=40 source=lbs
2:55.4 her 25.0 88.8 speed=1.4 course=16 accuracy=12
3:00.4 her 20.9 86.5 speed=1.4 accuracy=12
3:15.4 her 17.7 -2.0 speed=6.0 accuracy=400 strap=closed
3:15.8 her 23.0 -1.5 speed=6.0 course=181 accuracy=12
3:20.8 her 33.4 -42.7 course=181 accuracy=8 source=lbs
3:25.8 her 18.4 -56.6 speed=6.0 course=181 accuracy=8 source=lbs jamming=true
3:40.8 her 26.9 -154.5 speed=6.0 course=181 accuracy=8 source=wifi
3:45.8 him -126.7 781.4 speed=0.0 accuracy=12 strap=closed
4:00.8 him -130.6 783.8 accuracy=8 strap=closed
4:05.8 her 22.8 -301.7 accuracy=40 source=lbs late=70
4:10.8 him -116.9 786.2 speed=0.0 accuracy=40 source=lbs jamming=true
4:40.8 her 13.8 -501.3 accuracy=150 source=wifi battery=11
4:41.2 her 3.8 -522.5 speed=6.0 accuracy=4 source=wifi
6:51.2 him -117.0 786.5 speed=0.0 accuracy=400 source=wifi
7:51.2 him -392.9 552.3 speed=6.0 accuracy=400 source=lbs
8:06.2 him -454.5 483.5 speed=6.0 course=229 accuracy=150 late=200
8:08.2 her -1972.0 -871.2 speed=6.0 course=181 accuracy=8
8:23.2 him -532.5 423.7 course=229 accuracy=40
10:33.2 him -513.9 349.2 speed=1.4 course=157 accuracy=150 source=wifi
10:38.2 her 7.3 -1236.3 speed=6.0 course=181 accuracy=400 battery=24 charging=false
11:38.2 him -484.1 276.1 speed=1.4 accuracy=40 strap=open
11:38.6 him 1380.6 265.3 speed=1.4 course=157 accuracy=8
11:43.6 him -478.7 263.6 speed=1.4 course=157 accuracy=150 late=200
12:43.6 her 338.5 -1381.1 accuracy=8 late=70
12:58.6 him 2411.3 190.8 accuracy=8 source=lbs
13:03.6 her 367.7 -1374.0 course=77 accuracy=8 moving=true
13:08.6 her 310.0 -1332.3 course=307 accuracy=8
13:38.6 her -32.6 -1074.9 speed=14.0 accuracy=400 source=wifi battery=6 charging=true
14:38.6 her -707.1 -579.5 speed=14.0 accuracy=4 strap=closed
15:08.6 him -401.5 110.4 speed=1.4 course=154 accuracy=40
15:38.6 him -375.1 84.3 speed=1.4 accuracy=400 jamming=true
15:40.6 him 1811.9 61.0 speed=6.0 course=206 accuracy=40 moving=true
15:45.6 her -1379.7 -79.3 accuracy=8
15:47.6 her -1378.2 -88.9 accuracy=150 source=lbs moving=false
16:47.6 him -549.3 -257.9 speed=6.0 course=206 accuracy=4 moving=true
16:48.0 her -1374.0 -86.7 accuracy=150 late=30
16:53.0 him -563.8 -286.3 course=206 accuracy=8 source=lbs charging=true
16:55.0 him -566.0 -300.7 course=206 accuracy=8
17:00.0 her -1387.0 -86.1 speed=0.0 accuracy=8 source=wifi
17:30.0 her -1370.5 -70.1 speed=0.0 accuracy=12 battery=30
17:35.0 her -1359.5 -148.9 speed=14.0 accuracy=8
17:37.0 him -674.9 -538.9 course=206 accuracy=40 seq=18 late=70
17:42.0 him -671.1 -522.0 speed=0.0 accuracy=150
17:57.0 him -683.6 -526.9 speed=0.0 accuracy=4 source=wifi
17:59.0 him -671.8 -520.2 speed=0.0 accuracy=40 charging=true
18:59.0 her -1089.8 -941.2 speed=14.0 accuracy=40 charging=true
19:59.0 him -674.3 -516.7 accuracy=8 source=wifi
20:59.0 him -685.1 -517.9 accuracy=150 source=lbs
21:04.0 her -1071.9 -939.7 accuracy=400 source=wifi battery=55 charging=false
22:04.0 him -682.4 -522.1 accuracy=12 strap=closed
22:19.0 him -680.6 -531.5 speed=0.0 accuracy=8 sos=true battery=38
22:49.0 him -684.0 -529.9 speed=0.0 accuracy=12 source=lbs
23:49.0 her -1084.9 -932.8 speed=0.0 accuracy=40 seq=25 late=300
24:04.0 her -4233.5 -936.8 accuracy=400
25:04.0 him -666.9 -525.0 speed=0.0 accuracy=8
25:04.4 her -1074.3 -924.1 accuracy=12 source=lbs clock=90
25:06.4 her -1066.6 -941.8 speed=0.0 accuracy=12
25:36.4 her -1075.9 -938.6 speed=0.0 accuracy=150
25:38.4 him -677.2 -530.8 speed=0.0 accuracy=40 source=lbs
25:43.4 him -678.5 -512.1 accuracy=400 tether=near
26:43.4 her -911.6 -624.0 speed=6.0 course=28 accuracy=12 source=wifi battery=60
26:43.8 him -678.5 -523.5 speed=0.0 accuracy=4 source=lbs battery=19
27:43.8 her -917.7 -616.1 speed=0.0 accuracy=8 strap=open
27:44.2 her -904.3 -620.5 speed=0.0 accuracy=4 moving=false
27:59.2 her -919.6 -612.9 speed=1.4 course=297 accuracy=8 source=wifi battery=18
28:14.2 him -680.6 -514.7 speed=0.0 accuracy=12 source=lbs battery=9
30:24.2 him -679.6 -535.5 speed=0.0 accuracy=8
32:34.2 her -991.8 -570.5 accuracy=8
32:34.6 him -687.2 -531.7 speed=0.0 accuracy=40
32:49.6 her -1018.1 -567.2 speed=1.4 course=297 accuracy=40
33:49.6 her -1102.5 -519.0 speed=1.4 course=297 accuracy=8 tether=near
34:49.6 him -1034.6 -521.6 speed=6.0 course=270 accuracy=40 source=wifi moving=false
34:54.6 her -1158.4 -497.9 course=297 accuracy=150 source=lbs
34:59.6 her -1177.8 -493.4 speed=1.4 accuracy=400
35:00.0 her -1180.0 -477.6 speed=1.4 course=297 accuracy=400 moving=false
35:30.0 her -1215.0 -461.4 course=297 accuracy=4 clock=7200
35:35.0 him -1316.2 -522.6 accuracy=150
36:35.0 him -1311.2 -522.5 speed=0.0 accuracy=150
36:40.0 him -1298.9 -511.7 course=58 accuracy=8 source=wifi
37:40.0 him -1224.8 -460.6 speed=1.4 accuracy=400 source=lbs
37:55.0 him -1211.9 -459.8 speed=1.4 accuracy=12
38:10.0 him -1220.5 -474.8 accuracy=12
38:10.4 him -1221.6 -460.3 accuracy=12 source=lbs moving=true
38:15.4 him -1206.0 -462.1 speed=0.0 accuracy=8 source=lbs
39:15.4 him -770.6 -407.5 course=49 accuracy=8 tether=near charging=true
40:15.4 her -1213.7 -461.9 accuracy=8 tether=near
40:30.4 her -1196.7 -459.1 course=82 accuracy=8 source=wifi battery=12
40:30.8 him -1147.1 -402.4 speed=0.0 accuracy=8 source=lbs
40:35.8 her -1181.9 -470.0 accuracy=150 source=lbs
40:40.8 her -1174.7 -461.8 speed=0.0 accuracy=40
40:42.8 her -1161.4 -470.3 speed=14.0 course=128 accuracy=4
41:12.8 him -1159.4 -416.4 accuracy=8
43:22.8 him -1157.8 -401.2 speed=0.0 accuracy=8
43:37.8 him -1163.0 -494.6 course=190 accuracy=8
44:37.8 him -1236.6 -861.4 course=190 accuracy=4 moving=true
44:42.8 him 764.9 -877.3 speed=6.0 accuracy=40 source=wifi moving=false
44:47.8 him -1252.2 -895.3 speed=6.0 accuracy=12 battery=22
44:52.8 him -1264.3 -884.6 speed=1.4 course=13 accuracy=12 battery=55
47:02.8 her -1165.2 -480.4 accuracy=8
47:03.2 her -1152.1 -480.5 speed=1.4 accuracy=8
49:13.2 him -1243.9 -813.9 speed=1.4 course=13 accuracy=8 tether=near late=200
50:13.2 her -1235.1 -543.9 speed=1.4 course=227 accuracy=8 charging=false
50:18.2 her -1234.7 -540.1 speed=1.4 course=227 accuracy=8
50:33.2 her nofix
51:03.2 her -1831.1 -500.4 speed=14.0 course=261 accuracy=400
52:03.2 him -1239.7 -811.8 speed=0.0 accuracy=12
52:03.6 him -1248.6 -803.3 speed=0.0 accuracy=8 mock=true strap=closed
93:00 wait

# Storm 4. Everything at once
orders: tag-first.toml

Nobody lives such a day: two people wander, and everything that can be wrong with devices is wrong. It holds all numbers of the core in place; read the others first.
---
1:00.0 her 87.1 -18.5 course=105 accuracy=8
1:02.0 her 88.7 -21.3 speed=1.4 course=105 accuracy=400 source=wifi
1:17.0 him -1970.7 1013.4 speed=0.0 accuracy=12
2:17.0 him -1963.7 1008.8 speed=0.0 accuracy=400 moving=false
2:32.0 her nofix late=70
2:32.4 her 155.5 -367.5 speed=6.0 accuracy=40
2:47.4 him -1969.3 1010.0 speed=0.0 accuracy=12 battery=29 charging=true
2:52.4 him -1952.8 1014.3 accuracy=4 source=wifi battery=48
2:54.4 him -1964.4 1014.2 speed=0.0 accuracy=12 jamming=true
2:59.4 him -1966.0 1012.8 speed=0.0 accuracy=40 battery=13
3:04.4 him -1916.7 969.6 speed=14.0 accuracy=150
3:06.4 her 2379.2 -391.7 speed=6.0 course=95 accuracy=150
3:21.4 him -1698.0 846.7 speed=14.0 course=123 accuracy=12
3:21.8 her 446.1 -399.8 course=95 accuracy=150 source=wifi
3:22.2 her 454.3 -399.9 course=95 accuracy=8
3:22.6 her 453.2 -395.2 speed=6.0 course=95 accuracy=400
3:24.6 him -1692.5 819.2 speed=6.0 course=120 accuracy=400 mock=true
3:29.6 her 501.8 -413.1 accuracy=150
4:29.6 her 506.6 -403.7 speed=0.0 accuracy=4 charging=false
4:34.6 her 500.0 -404.5 speed=0.0 accuracy=8 source=wifi
5:34.6 her 500.6 -401.5 accuracy=400
6:34.6 him -1379.1 659.0 course=120 accuracy=150 source=wifi sos=true
7:34.6 her 485.4 -418.6 speed=0.0 accuracy=8 clock=7200
7:35.0 her 504.4 -405.8 speed=0.0 accuracy=150 source=wifi mock=true tether=near jamming=true moving=true clock=-7200
8:35.0 her 498.8 -406.3 accuracy=400
9:05.0 him -1073.0 478.4 speed=6.0 accuracy=12
10:05.0 her 504.5 -411.6 speed=0.0 accuracy=8
10:20.0 him -759.5 295.7 speed=6.0 course=120 accuracy=8
10:20.4 him -740.1 280.3 speed=6.0 accuracy=12
10:25.4 her 410.2 -501.1 speed=6.0 accuracy=8 source=lbs battery=40
10:55.4 him -963.2 267.6 accuracy=12
11:55.4 him nofix
12:55.4 her 171.5 -763.0 speed=6.0 accuracy=8
13:00.4 him -1001.0 341.4 speed=1.4 course=330 accuracy=8 charging=false
13:05.4 her 166.4 -751.9 speed=1.4 course=323 accuracy=12 strap=open
13:07.4 her 162.4 -755.5 speed=1.4 accuracy=8 source=wifi
13:22.4 her 148.5 -729.6 speed=1.4 course=323 accuracy=150 moving=true
13:27.4 her 153.2 -727.7 speed=1.4 course=323 accuracy=400 strap=closed
13:42.4 her 142.8 -706.8 course=323 accuracy=150 strap=closed battery=53
14:42.4 her 74.5 -646.9 accuracy=8 battery=5 charging=true moving=false
16:52.4 her 29.8 -577.5 speed=1.4 course=323 accuracy=150
19:02.4 her -23.4 -504.9 course=323 accuracy=40 battery=28 clock=7200
19:17.4 her -33.2 -509.3 speed=1.4 accuracy=40
19:22.4 him -1045.6 419.0 speed=1.4 accuracy=400 source=lbs
21:32.4 her -36.4 -488.5 speed=0.0 accuracy=8
21:32.8 her -38.8 -500.7 speed=0.0 accuracy=40
22:32.8 him -1084.3 490.8 course=330 accuracy=40 mock=true charging=true
22:33.2 her -10.2 -572.8 course=168 accuracy=8
22:48.2 him -926.0 343.2 speed=14.0 course=135 accuracy=12
22:48.6 him -941.2 340.8 speed=14.0 course=135 accuracy=4 source=wifi
22:49.0 him -934.4 336.3 speed=0.0 accuracy=400
23:49.0 him -936.4 340.7 accuracy=8
24:04.0 her -380.8 -595.5 speed=6.0 course=268 accuracy=40
26:14.0 him -925.3 339.4 accuracy=400
27:14.0 her -360.7 -587.2 speed=0.0 accuracy=4 charging=true moving=true
27:19.0 him -918.0 341.0 speed=0.0 accuracy=150 strap=closed
27:49.0 her -368.6 -586.3 speed=0.0 accuracy=4 charging=true late=30
28:49.0 her -383.5 -583.7 speed=0.0 accuracy=8 late=30
29:04.0 her -2693.9 -584.5 speed=0.0 accuracy=12 source=wifi
29:06.0 him nofix
29:11.0 him -1602.1 274.3 speed=14.0 accuracy=40 source=lbs
29:16.0 him -857.4 213.4 speed=14.0 course=149 accuracy=8 source=wifi battery=29
31:26.0 him -817.5 139.9 accuracy=12 jamming=true
31:26.0 link down
31:29.0 link up
32:29.0 her -366.1 -581.7 speed=0.0 accuracy=150 charging=true
33:29.0 him -770.4 84.4 course=149 accuracy=400 source=lbs late=200
33:59.0 him -749.5 32.1 speed=1.4 course=149 accuracy=8 source=wifi
34:59.0 him -704.0 -24.4 speed=1.4 course=149 accuracy=400
35:59.0 him nofix sos=true
36:14.0 her -374.4 -576.8 speed=0.0 accuracy=12 seq=34 late=70
36:19.0 her -367.4 -591.0 speed=0.0 accuracy=12 age=20
36:19.4 him -645.0 -125.6 course=149 accuracy=4
37:19.4 him -599.9 -198.0 accuracy=8 battery=21 charging=true
37:24.4 her -379.6 -584.5 speed=0.0 accuracy=150
37:39.4 her -375.8 -583.9 speed=0.0 accuracy=8 source=wifi
37:41.4 her nofix
37:41.8 him -584.0 -228.3 speed=1.4 accuracy=40 source=wifi
38:41.8 him -532.6 -301.1 speed=1.4 course=149 accuracy=150 source=wifi
39:11.8 her nofix
40:11.8 him -507.5 -372.5 speed=1.4 course=149 accuracy=40 source=lbs strap=closed charging=false moving=false
41:11.8 him -447.5 -444.9 speed=1.4 accuracy=40 source=wifi
41:41.8 her -442.5 -743.2 speed=1.4 course=206 accuracy=8 source=wifi
41:46.8 him -430.3 -482.1 speed=1.4 accuracy=400 source=wifi battery=56
41:47.2 him -429.8 -480.4 accuracy=8 source=lbs
41:52.2 her -1475.4 -748.7 speed=1.4 course=206 accuracy=150
41:57.2 her -455.8 -753.4 speed=1.4 accuracy=8 source=lbs battery=44
42:02.2 him -429.8 -490.8 accuracy=8
42:04.2 her -463.2 -770.9 course=206 accuracy=8 source=wifi
42:04.6 him -426.6 -490.8 accuracy=40 source=lbs tether=lost battery=32
42:34.6 her -446.6 -727.2 speed=1.4 course=23 accuracy=8 moving=false
43:34.6 her -410.8 -646.4 speed=1.4 accuracy=400 moving=false
44:04.6 him nofix battery=47 late=70
44:09.6 her -392.9 -602.4 speed=1.4 accuracy=8
46:19.6 him -332.8 -1200.8 speed=6.0 course=172 accuracy=8
46:34.6 her -356.1 -523.9 accuracy=150
47:34.6 her -402.5 -598.5 course=206 accuracy=8 charging=false
47:35.0 her -398.2 -597.5 speed=1.4 accuracy=40 source=lbs tether=lost battery=53
47:40.0 her -257.4 -615.4 course=206 accuracy=150 battery=16
48:10.0 him -282.5 -1552.8 speed=6.0 accuracy=400
48:12.0 her -413.5 -633.8 speed=1.4 accuracy=8
48:42.0 her -451.2 -681.1 speed=1.4 accuracy=8
48:47.0 him -310.8 -1341.5 speed=6.0 accuracy=4 source=lbs
49:17.0 her -451.9 -724.1 speed=1.4 course=206 accuracy=8 strap=closed age=90
49:32.0 her -451.6 -732.9 speed=0.0 accuracy=8 strap=open battery=23
50:32.0 her -456.7 -729.0 speed=0.0 accuracy=8 battery=11 moving=false
51:32.0 him -330.7 -974.0 speed=6.0 course=355 accuracy=8
52:32.0 him -3253.8 -618.2 speed=6.0 accuracy=12 source=wifi
52:47.0 her -454.8 -719.8 speed=0.0 accuracy=40
53:02.0 him -384.0 -450.2 speed=6.0 accuracy=4 strap=cut battery=25
53:02.4 him -366.5 -439.8 speed=6.0 course=355 accuracy=40 moving=false
53:07.4 her -450.7 -731.3 speed=0.0 accuracy=8 tether=near
94:00 wait

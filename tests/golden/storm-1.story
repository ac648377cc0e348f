# Storm 1. Everything at once
orders: pair.toml

Nobody lives such a day: two people wander, and everything that can be wrong with devices is wrong. It holds all numbers of the core in place; read the others first.
---
1:00.0 him -241.4 296.9 speed=0.0 accuracy=8
1:00.4 her -8.4 -6.1 speed=0.0 accuracy=8 source=lbs strap=open
1:15.4 her 3.4 -4.9 accuracy=8 moving=false late=500
1:17.4 her -6.8 1.5 speed=0.0 accuracy=8
1:47.4 her -0.5 10.3 speed=0.0 accuracy=8
1:52.4 him -236.2 294.7 accuracy=8 source=lbs battery=21
4:02.4 him -233.3 303.8 speed=0.0 accuracy=8 clock=7200
4:17.4 her 6.0 -3.1 speed=0.0 accuracy=8 charging=true
5:17.4 her -9.2 5.3 speed=0.0 accuracy=150
6:17.4 him nofix
6:32.4 her 1.1 3.5 speed=0.0 accuracy=8
6:37.4 him 5293.4 297.8 speed=0.0 accuracy=8
6:52.4 him -239.5 299.2 speed=0.0 accuracy=12 seq=4 late=70
7:07.4 her nofix
7:12.4 her -7.4 4.6 speed=0.0 accuracy=4 moving=true
7:14.4 him -241.8 300.2 accuracy=8
7:19.4 him -224.5 272.6 speed=6.0 accuracy=8
9:29.4 her -5.8 4.8 speed=0.0 accuracy=8 source=wifi mock=true clock=7200
10:29.4 him 10.7 6.9 speed=6.0 course=141 accuracy=150 jamming=true moving=true
10:44.4 him 14.1 15.6 speed=1.4 course=38 accuracy=150
10:49.4 her 5.0 -3.8 speed=0.0 accuracy=8 battery=29
10:54.4 her -4.0 -0.4 speed=0.0 accuracy=40 moving=false
10:59.4 her -418.9 13.7 speed=0.0 accuracy=400 charging=true
11:14.4 him 41.4 42.0 speed=1.4 course=38 accuracy=150 source=wifi
11:29.4 him 56.9 54.1 speed=1.4 course=38 accuracy=400 mock=true
12:29.4 her 8.6 -0.0 accuracy=4 moving=false
13:29.4 him 90.0 118.5 course=38 accuracy=4 charging=false
13:44.4 him 118.9 157.0 course=38 accuracy=8 source=wifi charging=false moving=true
13:49.4 her 8.9 -3.7 accuracy=8 battery=33
14:19.4 him 130.2 178.0 course=38 accuracy=8 source=wifi
14:24.4 her -2.3 -3.2 speed=0.0 accuracy=12 strap=cut
14:29.4 him 4144.3 181.6 speed=1.4 accuracy=8
14:59.4 him 192.4 221.1 speed=1.4 course=38 accuracy=400 strap=closed
15:14.4 him 199.1 249.9 accuracy=12 moving=false late=500
15:19.4 him 208.4 237.4 speed=1.4 accuracy=12
15:34.4 her -2.9 7.3 accuracy=8 source=lbs
15:36.4 her 4.3 4.1 accuracy=400 source=wifi
15:41.4 him 174.8 229.6 speed=1.4 course=219 accuracy=8 strap=closed
15:46.4 him 182.2 226.6 speed=1.4 accuracy=400 charging=true
16:46.4 him 231.8 162.8 accuracy=400
17:01.4 her 4.9 5.0 speed=0.0 accuracy=8 battery=17 clock=-7200
18:01.4 him 272.8 87.6 speed=1.4 course=145 accuracy=12 age=90
18:31.4 him 410.4 224.8 course=41 accuracy=150 source=wifi
19:31.4 him 627.0 488.1 speed=6.0 accuracy=8 strap=closed seq=21 late=300
19:36.4 her 1.9 -4.1 speed=0.0 accuracy=40 tether=far
19:38.4 her -3.3 4.5 speed=6.0 accuracy=8 source=wifi
20:38.4 her -214.7 304.4 speed=6.0 course=325 accuracy=12
20:43.4 her -234.6 332.1 accuracy=8 late=500
21:13.4 her -339.4 480.2 speed=6.0 accuracy=8
21:43.4 him 639.4 483.9 speed=0.0 accuracy=150 source=lbs
22:43.4 her -540.4 772.6 speed=6.0 course=325 accuracy=40 source=wifi age=90
22:43.4 link down
22:46.4 link up
22:51.4 him 641.2 492.6 speed=0.0 accuracy=4
22:56.4 him 630.6 486.0 accuracy=8 source=wifi
23:01.4 him -598.8 496.2 speed=0.0 accuracy=8
23:06.4 her -821.7 613.8 speed=14.0 accuracy=4 source=wifi
23:11.4 her nofix late=200
24:11.4 her -1610.2 160.9 speed=14.0 course=240 accuracy=12 source=lbs charging=true
24:16.4 her -1669.0 122.5 course=240 accuracy=8 charging=false
26:26.4 him 285.4 442.3 course=261 accuracy=150
26:26.8 her -1395.8 359.1 speed=6.0 course=51 accuracy=8
26:56.8 her -1264.1 463.9 course=51 accuracy=150
27:11.8 him 20.3 392.0 speed=6.0 course=261 accuracy=8 jamming=true
27:26.8 her -1219.6 508.2 accuracy=400
27:31.8 her -1220.1 489.6 speed=1.4 accuracy=150
27:36.8 her nofix age=90
27:51.8 her -1199.0 470.4 course=153 accuracy=12
30:01.8 him nofix battery=36
30:03.8 her -1261.3 529.1 speed=1.4 course=321 accuracy=40 moving=true
30:33.8 him nofix late=500
31:33.8 her -1320.3 592.0 speed=1.4 course=321 accuracy=4
32:03.8 him -347.8 330.7 speed=0.0 accuracy=8 moving=false
32:18.8 him -342.6 331.1 speed=0.0 accuracy=40
32:23.8 her -1355.9 646.9 speed=1.4 course=321 accuracy=8 charging=true
33:23.8 her -1397.3 709.6 speed=1.4 course=321 accuracy=400 source=lbs
33:28.8 her -1401.2 713.9 speed=1.4 accuracy=12 source=wifi
33:28.8 link down
33:31.8 link up
33:46.8 her -1404.4 696.3 speed=1.4 course=174 accuracy=150 source=wifi
33:47.2 her -1401.4 693.2 speed=1.4 course=174 accuracy=12 strap=cut
34:47.2 her -1411.1 613.5 accuracy=4 source=wifi
35:02.2 her -1397.3 621.8 speed=0.0 accuracy=8 jamming=true
35:07.2 him -131.7 623.1 speed=6.0 accuracy=8 charging=false seq=33 late=130
35:37.2 her -1863.5 433.9 speed=14.0 course=248 accuracy=4 source=wifi battery=25
35:52.2 her -2044.1 353.4 speed=14.0 accuracy=400 seq=45 late=300
36:52.2 him 97.1 893.6 speed=6.0 accuracy=8
36:57.2 him 109.5 886.0 speed=1.4 course=256 accuracy=400
37:12.2 him 90.0 886.5 speed=1.4 accuracy=8 source=lbs strap=closed
37:27.2 him 62.0 886.5 speed=1.4 accuracy=12
37:29.2 him -2072.2 878.3 speed=1.4 accuracy=12 source=lbs
39:39.2 her 908.8 54.1 speed=14.0 course=248 accuracy=40 moving=true
40:09.2 him 112.1 810.7 speed=1.4 course=140 accuracy=150 source=lbs late=200
41:09.2 her -3608.3 -261.6 accuracy=8 moving=true age=20
41:24.2 him 172.3 762.4 course=140 accuracy=8 source=wifi battery=41
41:26.2 him 175.4 762.9 course=140 accuracy=12 source=wifi
42:26.2 her -4403.3 -570.3 course=248 accuracy=8 source=wifi moving=false
42:41.2 him 85.8 727.5 speed=1.4 course=254 accuracy=40 battery=31
42:46.2 him 82.6 716.0 course=254 accuracy=8
42:48.2 him 88.8 729.5 speed=1.4 course=254 accuracy=8
42:53.2 her -4748.9 -715.4 accuracy=8 battery=25
43:08.2 her -4946.0 -788.1 speed=14.0 accuracy=8
44:08.2 him 5.4 695.7 speed=1.4 accuracy=40 mock=true
44:13.2 him -5.6 702.2 speed=1.4 course=254 accuracy=150 source=wifi moving=true
45:13.2 him -83.0 687.1 speed=1.4 accuracy=4 source=lbs
45:18.2 him -76.0 672.9 accuracy=12 source=wifi
46:18.2 her -5016.3 -772.1 course=286 accuracy=8 source=wifi
47:18.2 her -5102.5 -753.3 speed=1.4 course=286 accuracy=40 charging=true
47:23.2 her -5108.8 -749.1 speed=1.4 accuracy=8
48:23.2 her -5180.4 -724.9 speed=1.4 course=286 accuracy=12 battery=36
48:38.2 her -5110.4 -675.5 speed=6.0 accuracy=150
49:08.2 her nofix
49:13.2 her -4958.1 -568.3 speed=1.4 accuracy=12 source=wifi
50:13.2 her -4927.9 -659.4 speed=1.4 course=162 accuracy=8
91:00 wait

# Storm 3. Everything at once
orders: everything.toml

Nobody lives such a day: two people wander, and everything that can be wrong with devices is wrong. It holds all numbers of the core in place; read the others first.
---
0:05.0 her 5.8 -6.3 speed=0.0 accuracy=12 jamming=true battery=60
0:35.0 her -0.5 11.7 accuracy=150 source=lbs
0:40.0 him -1208.5 927.6 speed=0.0 accuracy=400 clock=90
1:40.0 him -1131.5 883.5 speed=1.4 course=128 accuracy=150 source=lbs
2:40.0 her nofix
4:50.0 her 3.9 -7.7 speed=0.0 accuracy=150 charging=false
5:50.0 him -1151.5 875.0 speed=0.0 accuracy=8
5:50.4 her -2.3 6.1 speed=0.0 accuracy=150 clock=-7200
8:00.4 him -789.5 774.7 accuracy=8 source=lbs
9:00.4 her -8.3 -7.9 speed=0.0 accuracy=40 source=wifi moving=false
9:30.4 her 4.8 -8.2 accuracy=12 battery=6
9:45.4 him -746.2 707.8 accuracy=8 strap=cut jamming=true battery=36 seq=1 late=70
9:45.8 her 82.7 54.9 speed=6.0 course=55 accuracy=8
10:45.8 her 80.6 42.2 accuracy=8 battery=52
12:55.8 him -674.9 656.1 speed=1.4 course=134 accuracy=150 source=lbs late=500
13:55.8 her 58.1 48.8 speed=0.0 accuracy=12 battery=29
14:00.8 her 79.8 40.2 accuracy=8
14:15.8 him -1640.0 607.0 accuracy=12 battery=50
15:15.8 him -555.4 545.7 speed=1.4 accuracy=12 mock=true
15:30.8 her 3558.4 499.6 course=58 accuracy=8
15:35.8 him -435.2 535.8 speed=6.0 course=92 accuracy=8 source=wifi tether=lost
17:45.8 her 1494.1 956.5 speed=14.0 course=58 accuracy=8 source=wifi tether=near
17:47.8 him -78.3 520.3 speed=6.0 course=92 accuracy=4 source=lbs late=30
18:47.8 her 1350.4 1776.8 speed=14.0 course=350 accuracy=400 battery=38
19:17.8 her 1285.3 2182.9 speed=14.0 accuracy=8
19:47.8 her nofix charging=false
21:57.8 her 1068.2 3429.1 course=350 accuracy=150 strap=closed battery=28
24:07.8 him 277.8 514.2 accuracy=40 source=wifi
24:09.8 him 297.2 507.3 speed=6.0 course=92 accuracy=8 tether=far battery=8 moving=false
26:19.8 him 315.4 602.6 course=15 accuracy=150
26:20.2 her 925.7 4262.5 course=350 accuracy=150 source=wifi strap=cut
26:35.2 him 331.7 616.5 course=15 accuracy=8
26:50.2 him 325.9 637.1 speed=1.4 course=15 accuracy=12 source=lbs moving=false
27:20.2 him 345.2 677.5 accuracy=8 source=wifi
28:20.2 her 783.3 5091.0 course=350 accuracy=12 source=lbs battery=14
28:35.2 him 7733.9 682.7 accuracy=4
28:37.2 him -3051.0 684.0 accuracy=12
28:42.2 him 335.8 673.8 speed=0.0 accuracy=4
28:42.6 him nofix moving=true
28:44.6 him 357.5 678.8 speed=1.4 course=6 accuracy=12
29:44.6 her nofix
30:14.6 her 786.5 5091.9 speed=0.0 accuracy=400 source=lbs
30:29.6 him 358.4 762.6 speed=1.4 course=6 accuracy=150
30:34.6 her 787.0 5086.3 speed=0.0 accuracy=400
32:44.6 him -4607.2 848.0 speed=1.4 accuracy=150 moving=true
32:49.6 him 378.7 842.4 course=106 accuracy=40 source=lbs
33:04.6 him 476.6 804.8 speed=6.0 accuracy=150 source=wifi
33:05.0 her 771.7 5080.0 speed=0.0 accuracy=8 battery=43
33:35.0 her 604.7 5067.9 speed=6.0 course=263 accuracy=12 battery=42 late=30
33:37.0 her 602.3 5059.5 accuracy=150
33:37.4 her 592.5 5070.2 speed=1.4 accuracy=8
33:39.4 him 677.7 768.1 accuracy=8 charging=false
35:49.4 her 650.2 5135.9 speed=1.4 accuracy=8 source=lbs moving=false
36:04.4 her 655.9 5143.3 speed=1.4 course=39 accuracy=12
36:06.4 him 671.7 837.1 speed=1.4 accuracy=8
36:11.4 her 677.3 5158.2 speed=1.4 course=39 accuracy=8 source=wifi
36:26.4 her 686.7 5170.2 speed=1.4 course=39 accuracy=150 source=lbs
38:36.4 her 693.5 5177.2 speed=0.0 accuracy=8 battery=17
39:06.4 him 3491.8 929.4 speed=1.4 course=360 accuracy=150 source=wifi moving=true seq=25 late=70
41:16.4 him 678.7 1013.0 course=360 accuracy=400
41:46.4 her 1404.9 4750.2 speed=14.0 course=121 accuracy=400
42:16.4 her 1773.0 4529.6 course=121 accuracy=400 moving=false
44:26.4 her 2497.5 4107.8 speed=14.0 course=121 accuracy=400
45:26.4 her 2706.6 4415.8 speed=6.0 course=35 accuracy=4 source=lbs
45:31.4 her 2723.2 4425.9 speed=6.0 course=35 accuracy=8
46:01.4 her 2743.8 4389.4 speed=1.4 course=151 accuracy=8 source=wifi
46:06.4 her 2740.6 4360.6 speed=6.0 course=191 accuracy=4 late=500
46:06.8 him 669.6 1097.1 course=360 accuracy=150 late=30
46:11.8 her 2738.1 4327.3 speed=6.0 accuracy=8
46:13.8 her 2725.6 4323.5 speed=6.0 course=191 accuracy=150
47:13.8 him 667.0 1188.1 speed=1.4 course=360 accuracy=12
47:28.8 him 678.8 1200.1 speed=1.4 course=360 accuracy=400 source=lbs battery=46
47:58.8 him 676.5 1226.8 course=360 accuracy=4 source=lbs seq=30 late=130
47:59.2 him 675.4 1235.7 accuracy=8 moving=true
48:04.2 him 702.0 1259.3 speed=6.0 course=34 accuracy=4
48:19.2 her 2783.0 4376.1 speed=1.4 course=43 accuracy=8 battery=48 age=90
48:34.2 him 685.7 1270.7 speed=0.0 accuracy=8 charging=false
50:44.2 him 714.4 1264.0 speed=0.0 accuracy=12 source=wifi
51:44.2 her 2835.2 4447.5 speed=1.4 course=43 accuracy=12 source=lbs
51:59.2 him 687.2 1253.5 speed=0.0 accuracy=12 source=lbs
52:04.2 her 2830.0 4424.2 speed=1.4 course=211 accuracy=4 source=wifi
52:04.6 her nofix
53:04.6 him 697.8 1259.3 speed=0.0 accuracy=4
53:06.6 her 2827.3 4408.7 speed=0.0 accuracy=8
54:06.6 him 885.2 1562.4 course=34 accuracy=400 source=lbs
54:21.6 him 936.6 1636.0 speed=6.0 course=34 accuracy=4 jamming=true
54:26.6 her 2836.1 4417.5 speed=0.0 accuracy=150 source=wifi
54:41.6 him 1010.2 1732.5 accuracy=8 source=lbs age=20
54:56.6 him -765.9 1798.4 speed=6.0 course=34 accuracy=400 charging=true
55:11.6 him 1067.0 1821.5 speed=0.0 accuracy=8
55:16.6 him nofix battery=40 moving=false
55:21.6 her 2825.2 4412.3 accuracy=400 source=wifi moving=false late=70
56:21.6 him 1105.2 1879.4 accuracy=4 source=lbs
57:21.6 him 1163.3 1952.5 speed=1.4 accuracy=8 age=90
57:22.0 him 1154.0 1952.6 course=34 accuracy=12 battery=39
57:22.4 her 2762.5 4417.6 accuracy=4 mock=true tether=near
57:52.4 him 1175.8 1992.2 speed=1.4 accuracy=8 source=lbs
57:57.4 her 2754.7 4416.2 speed=0.0 accuracy=400
58:12.4 her nofix moving=false
58:12.8 her 2759.2 4412.3 speed=14.0 accuracy=4 source=wifi strap=closed moving=true
58:27.8 him 1199.2 2013.0 speed=1.4 course=33 accuracy=12 source=wifi
58:42.8 her 2982.2 4775.5 accuracy=8 battery=14
59:12.8 her 3200.3 5113.4 speed=14.0 accuracy=400
60:12.8 him 1392.9 2329.3 speed=6.0 accuracy=12
60:17.8 him 1419.6 2362.7 speed=6.0 accuracy=400
61:17.8 him 1612.7 2663.3 speed=6.0 course=33 accuracy=8 source=lbs
61:22.8 him 1632.4 2679.0 speed=6.0 accuracy=8 jamming=true moving=true
61:27.8 her 3302.3 5123.5 accuracy=8 strap=closed
61:32.8 him -680.7 2741.0 speed=6.0 accuracy=40
62:32.8 her 3378.3 5131.4 speed=1.4 course=86 accuracy=4 source=wifi charging=false
104:00 wait

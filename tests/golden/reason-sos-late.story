# SOS: pressed in a coverage hole
orders: pair.toml

It arrives behind newer pings and is told when it arrives; the same press again is not another one, and one of last week is not told.
---
0:00 her 0 0 speed=0
0:00 him 0 6000 speed=0
0:30 her 0 0 speed=0
0:30 him 0 6000 speed=0
9:00 her 0 0 seq=20
9:01 her 0 0 seq=12 late=300 sos=true
9:02 her 0 0 seq=11 late=330 sos=true
15:00 her 0 0 seq=30
15:01 him 0 6000
15:02 her 0 0 seq=12 late=661 sos=true
15:03 her 0 0 seq=9 late=90000 sos=true
15:30 her nofix seq=40 sos=true

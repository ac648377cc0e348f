"""What a number in a payload may be: physical and wide. Bounds keep nonsense out, they do not judge. PURE."""

PAYLOAD_BYTES_MAX = 4_096  # contract section 2
MS_MAX = 253_402_300_799_999  # 9999-12-31
COUNTER_MAX = (1 << 53) - 1  # exact in every JSON reader
LAT_DEG_MAX, LON_DEG_MAX = 90.0, 180.0
ACCURACY_M_MAX = 100_000.0  # the worst cell fix seen is 17 km; 0 is excluded
SPEED_MPS_MAX = 400.0  # an airliner in the jet stream; what is impossible on a road is the track's to judge
COURSE_DEG_MAX = 360.0
SATELLITES_MAX = 200  # all that fly today
HDOP_MAX = 1_000.0
SIGNAL_DBM_MIN, SIGNAL_DBM_MAX = -200.0, 50.0
NULL_ISLAND_DEG = 1e-7  # within a centimetre of (0, 0) is a receiver without a fix, not a place

"""Every number the core decides by: its unit is in its name, its reason and source stand beside it.

Sources: [D] = measured on real tracks and fresh simulated days, docs/detection.md; [F] = practice or law of the field,
docs/detection.md; [G] = geometry or arithmetic. Nothing here is read from a file: a change of policy is a release.
"""

# --- Time -----------------------------------------------------------------------------------------------------
BEAT_MS = 1_000  # deadlines live on whole seconds UTC, so that every batch split and every replay meets them alike (ADR-0013)
NEVER_MS = 1 << 62  # a deadline that does not exist; far beyond year 9999, far below the end of int64 [G]
CLOCK_SANE_FROM_MS = 1_577_836_800_000  # 2020-01-01: no device of ours was built before, so an earlier clock has been reset [G]
CLOCK_SKEW_MS_MAX = 60_000  # a clock more than this ahead of us cannot be latency; behind us it is a backlog or a wrong clock [D]
CLOCK_STEADY_RATIO = 0.5  # a skew that drifts slower than this share of its clock is a wrong clock; a backlog drifts by all of it [G]
CLOCK_HOLD_MS = 60_000  # a clock is called right again one minute after it was last wrong: two pings at the far interval [F]
FIX_AGE_SANE_MS_MAX = 30 * 86_400_000  # an older fix inside a fresh ping is a wrong date (GPS week roll-over is 19.6 years) [G]
HISTORY_AGE_MS = 60_000  # a fix that arrives later than this is history: it may show a past breach, never a present one [D]

# --- One device: measurement error ------------------------------------------------------------------------------
ACCURACY_RADIUS_PER_SIGMA = 1.515  # the 68 % radius of a round normal error is 1.515 sigma per axis [G]
ACCURACY_UNKNOWN_M = 30.0  # no accuracy given: between a phone's GPS (3-10 m) and Wi-Fi (33 m median) [D]
GPS_SIGMA_M_MIN = 5.0  # receivers claim 2 m; surveyed axis errors reach 6.2 m at p95 [D]
GPS_SIGMA_FACTOR = 1.6  # reported GPS accuracy is optimistic and its errors last minutes [D]
WIFI_SIGMA_M_MIN = 15.0  # a Wi-Fi place has a bias of its own, 28 m median [D]
WIFI_SIGMA_FACTOR = 1.5  # [D]
CELL_SIGMA_M_MIN = 200.0  # cell fixes: Rayleigh 520 m, and their accuracy field is a guess [D]
CELL_SIGMA_FACTOR = 1.2  # [D]
MEASUREMENT_KEPT_RATIO = 0.3  # errors are correlated for minutes: the filter never gets surer than 0.3 of one fix's variance [D]

# --- One device: motion -------------------------------------------------------------------------------------------
VELOCITY_TAU_S = 60.0  # surveyed cars are as far on after 10 s as their speed says; 20 s fell a fifth short (ADR-0032) [D]
DEAD_RECKONING_S_MAX = 20.0  # beyond one tau the last velocity says nothing [D]
SPREAD_AGE_S_MAX = 600.0  # the error of a silent device grows for ten minutes, then reachability alone speaks [D]
SPEED_SIGMA_MPS = 1.5  # error of a reported speed [D]
SPEED_SIGMA_RATIO = 0.15  # and its share of the speed [D]
REST_SPEED_MPS_MAX = 0.3  # receivers report up to this when they lie still [D]
REST_SPEED_SIGMA_MPS = 0.5  # error of "it lies still" [D]
REST_FIXES = 2  # two fixes in a row say at rest [D]
REST_SPREAD_MPS = 0.35  # velocity spread of a person at rest (turning in bed, the next room) [D]
MOVING_SPREAD_MPS_MIN = 0.8  # velocity spread of a slow walker [D]
MOVING_SPREAD_PER_MPS = 0.5  # faster people change their velocity more [D]
MOVING_SPREAD_MPS_MAX = 10.0  # a car braking from 20 m/s within tau [D]
FIRST_SPREAD_MPS = 1.5  # a walking person, until we know better [D]
FIRST_VELOCITY_VAR = 25.0  # (m/s)^2: the first fix without a speed could be a car in town [D]
JUMP_SPEED_MPS_MAX = 70.0  # 250 km/h: nothing on a road is faster, so such a jump is held back [D]
JUMP_SLACK_SIGMA = 3.0  # the errors of both fixes are allowed for before a jump is called impossible [D]
HELD_FIXES_MAX = 2  # a third in a row is believed: an unbounded rejection locked out fast cars for minutes [D]

DEPARTURE_M = 150.0  # a fix this far from the prediction is movement, not multipath (median 70 m): the filter must not lag behind it [D]
DEPARTURE_SIGMAS = 3.0  # and beyond what both errors explain: 99 % [G]
STRAY_REST_FIXES = 10  # only of one who has lain still for long: a device that always says 0 m/s must not be doubted as it walks up [D]
STRAY_GAP_MS_MAX = 30_000  # a fix this soon after the last, both saying "at rest", and far apart: reflected signals, not travel [D]
STRAY_MS_MAX = 60_000  # reflections last 15 to 60 s; what goes on for longer is believed, whatever the device says of its speed [D]

# --- One device: contact ------------------------------------------------------------------------------------------
GAP_FIRST_S = 60.0  # the far interval, until the device's own rhythm is known [F]
GAP_MEMORY_RATIO = 0.6  # weight of the past in the running report gap: three reports to follow a new interval [D]
GAP_S_MIN = 5.0  # the fastest interval we command [F]
GAP_S_MAX = 120.0  # a slower reporter must not earn a longer silence: twice the far interval [F]
GAP_LEARN_S_MAX = 300.0  # a longer hole is an outage, not a rhythm [D]
SILENCE_GAPS = 2.5  # silent after two and a half of its own gaps [D]
SILENCE_SLACK_S = 45.0  # plus the network's worst latency (20 s) and a lost packet [D]
OVERDUE_SLACK_S = 20.0  # later than its rhythm and the worst latency: now reach alone may end the calm [D]
UNHEARD_MS_MAX = 80_000  # the far interval and that slack: who was not heard for longer may have moved and lain down again [D]
SILENCE_S_MAX = 1_800.0  # silent for half an hour is "cannot see" wherever he was: 30 min at 120 km/h is a city and its surroundings [F]
REACH_AVENUE_MPS = 16.0  # an avenue with green lights; at 12 silenced cars had come before it was said (ADR 0042) [D]
REACH_AVENUE_S = 180.0  # three kilometres of it: then there are corners and lights (ADR 0021) [D]
REACH_CITY_MPS = 12.0  # a car across a city, straight line; she may drive as well [D]
REACH_REST_MPS = 3.0  # a protected person known to be at rest: on foot first ... [D]
REACH_REST_S = 180.0  # ... for three minutes; then she may have found a car: some were met first (ADR 0042) [D]
REACH_REST_SEEN_S = 480.0  # ... or for the longest usual outage, while he is seen to stay where he is (ADR 0021) [D]
REACH_OWN_SPEED_FACTOR = 1.3  # who was seen faster than a city allows (a motorway) may stay that fast [G]
REACH_MPS_MAX = 40.0  # 144 km/h: the fastest lawful road is 110 km/h [F]
REACH_SIGMAS = 2.0  # the last fix may have been wrong by two sigma [D]
UNFIT_SIGMA_M = 150.0  # a fix less sure than this cannot tell outside from inside a perimeter of a few hundred metres [D]

# --- A pair: breach and approach --------------------------------------------------------------------------------
BREACH_ON = 0.70  # P(inside) that raises at once [D]
BREACH_ON_TWICE = 0.65  # or this on two pings running [D]
BREACH_ON_PINGS = 2  # [D]
BREACH_OFF = 0.10  # clears only below this ... [D]
BREACH_OFF_PINGS = 2  # ... on two pings [D]
SWEPT_ON = 0.65  # P that the path between two fixes went through [D]
SWEPT_SPREAD_RATIO = 0.10  # a path bends: one tenth of its length is added to the error ... [D]
SWEPT_SPREAD_OF_SIZE_MAX = 0.5  # ... but never more than half the target's radius, or a 6 km step straight across would say nothing [G]
SWEPT_SURE_MS_MAX = 180_000  # three far intervals: between fixes further apart the straight line is a guess, said as "unverified" [D]
SWEPT_AGE_MS_MAX = 90_000  # a way through longer ago than this is history; said sooner it still helps [D]
SWEPT_GAP_MS_MAX = 600_000  # and after ten minutes not even that: reachability has spoken long before [D]
UNVERIFIED_HOLD_MS = 60_000  # a doubt lasts for a far interval at least: the next fix confirms it or not [F]
LOOK_AHEAD_S = 3.0  # the decision is about the moment the alert arrives, not the moment of the fix [D]
APPROACH_ON = 0.50  # P(inside the warning ring) [D]
APPROACH_OFF = 0.20  # [D] asymmetric for the same reason as BREACH_OFF
APPROACH_OFF_PINGS = 2  # [D]
CONTACT_S_ON = 120.0  # on course to be inside within two minutes: the time to leave a flat [D]
CONTACT_S_OFF = 240.0  # and quiet only when that is four minutes away [D]
CLOSING_MPS_MIN = 0.5  # slower than a stroll is drift of the fixes [D]
COURSE_AGE_MS_MAX = 60_000  # a course older than the far interval is not a course [D]
WARNING_EXTRA_M = 1_700.0  # default warning ring: 120 s at 14 m/s beyond the perimeter [D]

# --- A pair: nobody moves -----------------------------------------------------------------------------------------
ANCHOR_S_MIN = 600.0  # ten minutes at rest: reflections are over many times, and most of the wandering has been both ways [D]
ANCHOR_S_MAX = 21_600.0  # the mean is of the last six hours or so: a night, and a house moved is learned anew [F]
ANCHOR_ASTRAY_MS = 180_000  # three far intervals elsewhere: it rests there now; reflections last a minute at most [D]
ANCHOR_SIGMA_RATIO = 0.5  # of one fix's error: what does not average out is the place's own bias (28 m of Wi-Fi's 33) [D]

# --- A pair: how far he is, while an alarm stands -----------------------------------------------------------------
NUMBERS_MS_MIN = 15_000  # said again at most this often: the ring's interval, and nobody reads faster while walking away [F]
NUMBERS_M_MIN = 25.0  # and only if it has changed by more than a receiver's own error ... [G]
NUMBERS_SHARE_MIN = 0.1  # ... or by a tenth: 1,800 m instead of 1,900 m changes nothing that she would do [F]

# --- A pair: history ----------------------------------------------------------------------------------------------
PAST_ON = 0.70  # same certainty as a present breach [D]
PAST_EPISODE_MS = 600_000  # fixes within ten minutes of each other belong to one past breach [F]
HISTORY_FIXES = 16  # fixes kept a device to judge buffered fixes of the other party ...
HISTORY_STEP_MS = 30_000  # ... at least this far apart: eight minutes at the fastest, the longest usual outage [D]

# --- A pair: pressure, told to dispatch as history ------------------------------------------------------------------
PATTERN_AGAIN_MS = 86_400_000  # each pattern of an order is told once a day at most: it is a report, not an alarm [F]
PROBE_SPAN_MS = 86_400_000  # three within a day: the way to work and back is two [F]
PROBE_MS_MAX = 3_600_000  # who comes near and stays for longer lives, works or shops there [F]
PROBE_EDGE_M = 300.0  # "near the edge": where both devices report every five seconds [F]
CIRCLE_MS_MAX = 7_200_000  # once round in two hours: slower is a life around there [F]
CIRCLE_STEP_DEG_MAX = 90.0  # between two fixes: more, and nobody knows which way round he went [G]
FOLLOW_BEYOND_M = 500.0  # beyond the warning ring: "just outside of it" [F]
FOLLOWED = 3  # journeys of hers, from stop to stop: two people who share a way to work share one [F]
FOLLOW_HER_M = 500.0  # a journey: further than across the street [F]
FOLLOW_HIS_M = 250.0  # and he went along: half of that, since he need not end where she does [F]
FOLLOW_MS_MAX = 4 * 3_600_000  # a stop that long is where she lives or works [F]
STOP_MS = 180_000  # a stop: longer than a red light [F]

# --- Asking for pings ---------------------------------------------------------------------------------------------
INTERVAL_FAR_S = 60  # the world's usual interval; a battery lasts two days [F]
INTERVAL_RING_S = 15  # inside the warning ring; practice of paired systems [F]
INTERVAL_NEAR_S = 5  # contact is minutes away: 36 s at 50 km/h for 500 m leaves seven fixes [G]
NEAR_CONTACT_S = 180.0  # "minutes away" [F]
NEAR_DISTANCE_M = 300.0  # or this close to the edge, moving or not [F]
NEAR_HOLD_MS = 60_000  # the fast interval is kept for a minute after the last reason for it, or every turn of a street would change it [G]
COMMAND_AGAIN_MS = 60_000  # a command that is not obeyed is repeated this often: it may have been lost [F]
COMMAND_SLACK_RATIO = 1.6  # slower than this times the asked interval is "not obeyed" [D]
MOVING_MPS_MIN = 1.0  # walking: what a respondent's own path alone may ask for (privacy.respondent_interval = "own_path")

# --- Devices in trouble -------------------------------------------------------------------------------------------
SOS_HOLD_MS = 300_000  # a button pressed once stays pressed for five minutes at least: she may be unable to press again [F]
SOS_LATE_MS_MAX = 86_400_000  # a press that was buffered for up to a day is still told at once: nobody has heard of it yet [F]
JAMMING_HOLD_MS = 60_000  # one quiet minute before jamming is called over [F]
FLAP_HOLD_MS = 600_000  # what comes back within the hour lasts this much longer each time: a worn clasp opens with each step ... [F]
FLAP_HOLD_MS_MAX = 3_600_000  # ... up to an hour; and after an hour without a new one it is forgotten [F]
FROZEN_FIXES = 3  # on the move, yet so often at one place to the last digit: no receiver does that [D]
FROZEN_MPS_MIN = 1.0  # "moving" for that: a walk; slower than this receivers hold a place on purpose [D]
INVENTED_M_MIN, INVENTED_M_MAX = 5.0, 7.0  # programs that write positions draw their accuracy from here [D]
INVENTED_FIXES = 16  # so many in a row on the move: a receiver that jumps about in there by chance does not do it for so long [D]
INVENTED_STEP_M = 0.3  # and it changes by this much from fix to fix, as a lot does (0.67) and a receiver's does not [D]
MOCK_HOLD_MS = 300_000  # a mock provider that was on is suspect for five minutes [F]
BATTERY_LOW_PERCENT = 20.0  # below this the forecast counts [F]
BATTERY_EMPTY_PERCENT = 10.0  # below this it is trouble whatever the forecast [F]
BATTERY_OK_PERCENT = 25.0  # clear again: charged past the edge, not hovering on it [F]
BATTERY_HOURS_MIN = 3.0  # time to reach a charger [F]
BATTERY_DRAIN_PER_H_FIRST = 4.0  # percent an hour until the device's own drain is known: a day [F]
BATTERY_DRAIN_PER_H_MAX = 20.0  # empty in five hours: more is a gauge that has changed its mind [F]
BATTERY_BASE_MS = 900_000  # a drain is measured over this at least: gauges jump by some percent [F]
BATTERY_MEMORY_RATIO = 0.7  # weight of the past in the running drain [F]
APART_M = 300.0  # two devices of one person further apart than any house or error: somebody left one behind [F]
TOGETHER_M = 150.0  # together again [F]

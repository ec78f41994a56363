use super::*;
use crate::wire::header::FrameHeader;

const START: u64 = 1_700_000_000_000_000_000;

/// Frames of 5 ms, twenty counts each, stamped by the server with up to 0.2 ms of jitter.
fn stamped(frames: u64) -> Vec<FrameHeader> {
    (0..frames)
        .map(|frame| FrameHeader {
            frame_counter: (u32::MAX - 999).wrapping_add(frame as u32 * 20),
            timestamp: START + frame * 5_000_000 + frame * 7919 % 200 * 1000,
            ..FrameHeader::default()
        })
        .collect()
}

/// The same with a timing system that the server's clock is 1 ms behind.
fn timed(frames: u64) -> Vec<FrameHeader> {
    let mut headers = stamped(frames);
    for (frame, header) in (0u64..).zip(&mut headers) {
        let ns = 3_000_000 + frame * 5_000_000;
        let (second, ns) = (1_068_848_000 + ns / 1_000_000_000, ns % 1_000_000_000);
        header.counter_0 = (ns * 480_000 / 1_000_000_000) as u32;
        header.counter_2 = second << 32 | ns;
        header.timestamp += 4_000_000;
    }
    headers
}

struct Found {
    clock: Clock,
    times: Vec<u64>,
}

fn found(headers: &[FrameHeader]) -> Found {
    let mut scan = ClockScan::default();
    let mut before = None;
    let bytes: Vec<_> = headers.iter().map(FrameHeader::to_bytes).collect();
    let views = || (0u64..).zip(bytes.iter().map(|bytes| HeaderView::new(bytes).unwrap()));
    for (frame, header) in views() {
        scan.push(frame, header, before, false);
        let (counter, timestamp) = (header.frame_counter(), header.timestamp());
        before = Some(Marks { counter, timestamp, ..Marks::default() });
    }
    let clock = scan.clock(headers.len() as u64);
    let times = views().map(|(frame, header)| clock.time_ns(frame, header)).collect();
    Found { clock, times }
}

impl Found {
    fn basis(&self) -> TimeBasis {
        self.clock.basis(self.times.len() as u64)
    }

    fn trusted(&self) -> &[Range<u64>] {
        &self.clock.timing.trusted
    }

    fn faults(&self) -> Vec<TimingFault> {
        self.clock.timing.troubles.iter().map(|it| it.fault).collect()
    }

    /// Frames whose times go back or forth by more than `ns` against 5 ms a frame.
    fn leaps(&self, ns: i64) -> Vec<usize> {
        let off = |pair: &[u64]| pair[1].wrapping_sub(pair[0]).cast_signed() - 5_000_000;
        let pairs = self.times.windows(2).enumerate();
        pairs.filter(|(_, pair)| off(pair).abs() > ns).map(|(at, _)| at + 1).collect()
    }
}

#[test]
fn the_timing_system_gives_the_time_of_the_marker_plus_the_ticks() {
    for (seconds, ns, ticks) in
        [(0u64, 0u64, 0u32), (1_000_000_000, 250_000_123, 120_000), (5, 999_999_999, 0)]
    {
        let found = timing::time_ns(ticks, seconds << 32 | ns) as f64 * 1e-9;
        let since = f64::from(ticks) / 480_000.0;
        let expected = (seconds as f64 + ns as f64 * 1e-9 + 631_152_000.0 - since).round() + since;
        assert!((found - expected).abs() < 1e-6, "{found} is not {expected}");
    }
}

#[test]
fn jitter_of_the_server_is_taken_out_and_a_wrap_changes_nothing() {
    let found = found(&stamped(400));
    assert_eq!(found.basis(), TimeBasis::Linearised);
    assert_eq!(found.clock.server.epochs[0].turns, [(50, 1)]);
    for (frame, time) in (0..).zip(&found.times) {
        let straight = START + 100_000 + frame * 5_000_000;
        assert!(time.abs_diff(straight) < 20_000, "{time} is not near {straight}");
    }
    assert!((found.clock.ns_per_count(0).unwrap() - 250_000.0).abs() < 1.0);
}

#[test]
fn counters_that_agree_are_used_and_those_that_do_not_are_left_to_the_server() {
    let good = found(&timed(1200));
    assert_eq!((good.basis(), good.faults()), (TimeBasis::TimingSystem, vec![]));
    assert_eq!(good.times[0], START + 3_000_000);
    assert_eq!(good.leaps(3_000), [] as [usize; 0]);

    type Change = fn(u64, &mut FrameHeader);
    let cases: [(Change, TimingFault); 6] = [
        (|_, header| header.counter_2 = 1_068_848_000 << 32, TimingFault::Counter2Stands),
        (|_, header| header.counter_2 = 0, TimingFault::Counter2Stands),
        (|_, header| header.counter_0 = 77, TimingFault::Counter0Stands),
        (|_, header| header.counter_0 += 100_000, TimingFault::Apart),
        // More than the spread allows, frame by frame.
        (|frame, header| header.counter_0 += (frame % 2 * 700) as u32, TimingFault::Spread),
        (|_, header| (header.counter_0, header.counter_2) = (0, 0), TimingFault::Absent),
    ];
    for (change, fault) in cases {
        for from in [0u64, 600] {
            let mut headers = timed(1200);
            (from..).zip(&mut headers[from as usize..]).for_each(|(frame, it)| change(frame, it));
            let found = found(&headers);
            let expected = if from == 0 { vec![] } else { vec![0..from] };
            let near =
                |a: &Range<u64>, b: &Range<u64>| a.start == b.start && a.end.abs_diff(b.end) < 2;
            assert_eq!(found.trusted().len(), expected.len(), "{fault:?} from {from}");
            assert!(found.trusted().iter().zip(&expected).all(|(a, b)| near(a, b)), "{fault:?}");
            match (fault, from) {
                (TimingFault::Absent, 0) => assert_eq!(found.basis(), TimeBasis::Linearised),
                _ => assert_eq!(found.faults(), [fault], "{fault:?} from {from}"),
            }
            // The server's clock is at most 2 ms away: nothing leaps by more, in either stretch.
            assert_eq!(found.leaps(3_000_000), [] as [usize; 0], "{fault:?} from {from}");
        }
    }
}

#[test]
fn a_timing_system_that_is_switched_on_gives_no_times_before_that() {
    let mut headers = timed(1200);
    headers[..500].iter_mut().for_each(|it| (it.counter_0, it.counter_2) = (0, 0));
    let found = found(&headers);
    assert_eq!((found.trusted(), found.faults()), (&[500..1200][..], vec![TimingFault::Absent]));
    assert_eq!(found.basis(), TimeBasis::Mixed);
    assert_eq!(found.leaps(3_000_000), [] as [usize; 0]);
}

#[test]
fn a_marker_that_is_lost_is_said_and_a_second_that_is_lost_too() {
    let mut headers = timed(1200);
    for (frame, header) in headers.iter_mut().enumerate().skip(600) {
        header.counter_0 = 1440 + (frame as u32 - 600) * 2400;
    }
    let overdue = found(&headers);
    assert_eq!(overdue.clock.timing.overdue.count, 400);
    assert_eq!(overdue.leaps(3_000_000), [] as [usize; 0]);

    let mut headers = timed(1200);
    headers[700..].iter_mut().for_each(|it| it.counter_2 += 1 << 32);
    let jumped = found(&headers);
    assert_eq!(jumped.leaps(3_000_000), [700]);
    let [(frame, by)] = jumped.clock.timing.jumps[..] else { panic!("one jump") };
    assert!(frame == 700 && by.abs_diff(1_000_000_000) < 1_000_000, "{by}");
}

#[test]
fn a_clock_that_is_set_is_two_lines_and_a_step() {
    for by_ms in [37_000i64, -5_000, 500, -100, 25] {
        for at in [40usize, 1000, 1990] {
            let mut headers = stamped(2000);
            for header in &mut headers[at..] {
                header.timestamp = header.timestamp.saturating_add_signed(by_ms * 1_000_000);
            }
            let found = found(&headers);
            let [step] = found.clock.server.steps[..] else {
                panic!("{by_ms} ms at {at}: {:?}", found.clock.server.steps)
            };
            assert_eq!(step.frame, at as u64);
            assert!(step.by_ns.abs_diff(by_ms * 1_000_000) < 1_000_000, "{by_ms}: {step:?}");
            assert_eq!(found.clock.server.wrong.count, 0);
            for (time, header) in found.times.iter().zip(&headers) {
                assert!(time.abs_diff(header.timestamp) < 250_000, "{by_ms} ms at {at}");
            }
        }
    }
}

#[test]
fn wrong_timestamps_are_left_out_wherever_they_are() {
    for wrong in [0, u64::MAX, START - 1_000_000_000, START + 3600 * 1_000_000_000] {
        for at in [&[0usize][..], &[1, 2, 3], &[15], &[16], &[1000], &[500, 501, 700], &[1999]] {
            let whole = stamped(2000);
            let mut headers = whole.clone();
            at.iter().for_each(|frame| headers[*frame].timestamp = wrong);
            let found = found(&headers);
            assert_eq!(found.clock.server.steps, [], "{wrong} at {at:?}");
            for (time, header) in found.times.iter().zip(&whole) {
                assert!(time.abs_diff(header.timestamp) < 250_000, "{wrong} at {at:?}");
            }
            let server = &found.clock.server;
            let said: Vec<u64> = match wrong {
                0 => server.zero.frames.clone(),
                _ => server.wrong.frames.clone(),
            };
            assert_eq!(said, at.iter().map(|frame| *frame as u64).collect::<Vec<_>>());
        }
    }
}

#[test]
fn a_server_that_is_held_up_does_not_set_its_clock() {
    let mut headers = stamped(3000);
    // One second of frames comes at once.
    let late = headers[1199].timestamp;
    headers[1000..1200].iter_mut().for_each(|it| it.timestamp = late);
    let found = found(&headers);
    assert_eq!(found.clock.server.steps, []);
    assert_eq!(found.leaps(10_000), [] as [usize; 0]);
}

#[test]
fn a_steady_clock_is_no_unix_time() {
    let mut headers = stamped(300);
    headers.iter_mut().for_each(|it| it.timestamp -= START - 86_400_000_000_000);
    assert_eq!(found(&headers).basis(), TimeBasis::NotUnix);
    headers.iter_mut().for_each(|it| it.timestamp = 0);
    assert_eq!(found(&headers).basis(), TimeBasis::NotUnix);
    // From frame 150 on the server has a new version.
    let mut headers = stamped(300);
    headers[..150].iter_mut().for_each(|it| it.timestamp -= START - 86_400_000_000_000);
    let found = found(&headers);
    let stretches: Vec<_> =
        found.clock.stretches(300).into_iter().map(|it| (it.frames, it.basis)).collect();
    assert_eq!(stretches, [(0..150, TimeBasis::NotUnix), (150..300, TimeBasis::Linearised)]);
}

#[test]
fn frames_that_are_exchanged_do_not_begin_another_line() {
    let mut headers = stamped(500);
    headers.swap(48, 49);
    headers.swap(200, 201);
    headers.swap(300, 301);
    let found = found(&headers);
    assert_eq!((found.clock.server.epochs.len(), found.clock.server.wrong.count), (1, 0));
    for (time, header) in found.times.iter().zip(&headers) {
        assert!(time.abs_diff(header.timestamp) < 250_000);
    }
}

#[test]
fn a_counter_that_begins_anew_keeps_its_pace() {
    let mut headers = stamped(500);
    for (frame, header) in headers.iter_mut().enumerate().skip(498) {
        header.frame_counter = (frame as u32 - 498) * 20;
    }
    let found = found(&headers);
    assert_eq!(found.clock.server.epochs.len(), 2);
    assert_eq!(found.basis(), TimeBasis::Linearised);
    assert_eq!(found.leaps(250_000), [] as [usize; 0]);
}

#[test]
fn counting_that_begins_anew_at_every_frame_takes_a_bounded_list() {
    let headers: Vec<_> = (0..40_000u32)
        .map(|frame| FrameHeader {
            frame_counter: u32::MAX - frame,
            timestamp: START + u64::from(frame),
            ..FrameHeader::default()
        })
        .collect();
    let found = found(&headers);
    assert!(found.clock.server.too_many && found.clock.server.epochs.is_empty());
    assert_eq!((found.basis(), found.times[7]), (TimeBasis::Server, START + 7));
}

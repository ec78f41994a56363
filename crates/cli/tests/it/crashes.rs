//! The program is killed at random moments, and several of it work at once: what was answered is
//! whole, and everything else is absent, or a leftover that `verify` names.
//!
//! `WAVEKEEP_TORTURE_ROUNDS` says how often it is killed; `make torture` says 10,000.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fs;
use std::io::{self, BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;
use wavekeep_archive::{Archive, FindingKind, Head, Query, VerifyOptions};

/// Folders that come in one after the other. An archive has grown and is begun again after these.
const FOLDERS: usize = 12;
/// Events of a folder: enough for a kill to fall between them.
const EVENTS: usize = 8;

fn program() -> Command {
    Command::new(env!("CARGO_BIN_EXE_wavekeep"))
}

fn sample(name: &str) -> Vec<u8> {
    fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../samples").join(name)).unwrap()
}

/// The names of a folder's events; the first one says no unit.
fn names(folder: usize) -> Vec<String> {
    let named = (1..EVENTS).map(|n| format!("M{folder:03}LIY{n}.N00"));
    [format!("event-{folder}.bin")].into_iter().chain(named).collect()
}

/// Small events under names of their own, some with a report. The report of the event without a
/// unit comes with the next folder, and names it.
fn folder(place: &Path, folder: usize) -> PathBuf {
    let (event, report) = (sample("M529LIY6.N00"), sample("M529LN1C.QE0W.TXT"));
    // Its content says no unit either.
    let mut nameless = sample("M529LKIQ.7M0W");
    // The same bytes under two names would be one event: a byte behind the event differs.
    *nameless.last_mut().unwrap() ^= folder as u8;
    let here = place.join(folder.to_string());
    fs::create_dir(&here).unwrap();
    for (n, name) in names(folder).iter().enumerate() {
        fs::write(here.join(name), if n == 0 { &nameless } else { &event }).unwrap();
        if n % 3 == 1 {
            fs::write(here.join(format!("{name}.TXT")), &report).unwrap();
        }
    }
    if let Some(before) = folder.checked_sub(1) {
        fs::write(here.join(format!("event-{before}.bin.TXT")), &report).unwrap();
    }
    here
}

fn start(archive: &Path, command: &[&str], more: &[&Path]) -> Child {
    let mut program = program();
    program.args([command[0], "--json", "--archive"]).arg(archive);
    program.args(&command[1..]).args(more);
    program.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap()
}

fn import(archive: &Path, source: &Path) -> Child {
    start(archive, &["import", "--batch", "3", "--gnz"], &[source])
}

/// What was answered until the program ended: whole lines only.
fn answers(child: &mut Child) -> Vec<Value> {
    let out = BufReader::new(child.stdout.take().unwrap());
    let answers = out.lines().map_while(Result::ok);
    answers.filter_map(|line| serde_json::from_str(&line).ok()).collect()
}

/// Whether the program did what it was asked for. Some events have the report of another one, which
/// contradicts their samples: an import ends with 3 then.
fn is_done(child: &mut Child) -> bool {
    matches!(child.wait().unwrap().code(), Some(0 | 3))
}

fn finish(mut child: Child, context: &str) -> Vec<Value> {
    let answers = answers(&mut child);
    assert!(is_done(&mut child), "{context}");
    answers
}

/// What was answered of an event, by its number.
#[derive(Debug, Default)]
struct Answered {
    /// SHA-256 and file name of the source, and whether a report was paired.
    events: BTreeMap<i64, (String, String, bool)>,
    /// Notes that a review left, and the number of reviews.
    notes: BTreeMap<i64, String>,
    /// The head of the ledger at the last check: it only grows from there.
    head: RefCell<Option<Head>>,
}

impl Answered {
    fn hear(&mut self, answers: &[Value]) {
        for answer in answers {
            let Some(id) = answer["id"].as_i64() else { continue };
            if let Some(notes) = answer["review"]["notes"].as_str() {
                self.notes.insert(id, notes.to_owned());
            }
            if answer["fate"] == "event" || answer["fate"] == "report" {
                let text = |name: &str| answer[name].as_str().unwrap().to_owned();
                let is_paired = answer["report"]["status"] == "paired";
                let before = self.events.insert(id, (text("sha256"), text("filename"), is_paired));
                if let Some((sha256, _, was_paired)) = before {
                    assert_eq!(sha256, text("sha256"), "event {id} is another one now");
                    assert!(is_paired || !was_paired, "event {id} lost its report");
                }
            }
        }
    }

    /// Opens the archive as the next one would, and holds it against the answers.
    fn check(&self, root: &Path, source: &Path, context: &str) {
        if !root.is_dir() {
            assert!(self.events.is_empty(), "{context}");
            return;
        }
        let archive = Archive::open(root).unwrap_or_else(|error| panic!("{context}: {error}"));
        let found = archive.verify(VerifyOptions::default(), &|_, _| {}).unwrap();
        for finding in &found.findings {
            assert_eq!(finding.kind, FindingKind::Leftover, "{context}: {finding:?}");
        }
        assert_eq!(found.others, Vec::<PathBuf>::new(), "{context}");
        let mut head = self.head.borrow_mut();
        if let Some(head) = &*head {
            let since = archive.check_ledger(Some(head)).unwrap().since.unwrap();
            assert!(since.is_grown(), "{context}: {since:?}");
        }
        *head = Some(archive.head().unwrap());
        for (id, (sha256, filename, is_paired)) in &self.events {
            let row = archive.event(*id);
            let row = row.unwrap_or_else(|error| panic!("{context}: answered, but {error}"));
            assert_eq!((&row.filename, row.sha256.as_ref()), (filename, Some(sha256)), "{context}");
            let came = (0..FOLDERS).map(|n| source.join(n.to_string()).join(filename));
            let came = came.filter(|path| path.is_file()).map(|path| fs::read(path).unwrap());
            let stored = fs::read(archive.source_path(*id).unwrap()).unwrap();
            assert_eq!(vec![stored], came.collect::<Vec<_>>(), "{context}");
            assert!(row.has_report || !is_paired, "{context}: {filename} lost its report");
        }
        let events = archive.query(&Query::default().with_limit(Some(9999))).unwrap();
        let mut places: Vec<_> = events.events.iter().map(|event| &event.filename).collect();
        places.sort();
        places.dedup();
        assert_eq!(places.len(), events.events.len(), "{context}: an event is there twice");
        for (id, notes) in &self.notes {
            let log = archive.review_log(Some(*id), 9999).unwrap();
            let has = log.iter().any(|entry| entry.after["review"]["notes"] == notes.as_str());
            assert!(has, "{context}: what was said of event {id} is not in the log");
        }
    }
}

/// Chance that is the same each time.
struct Chance(u64);

impl Chance {
    fn below(&mut self, end: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 16) % end.max(1)
    }
}

/// A folder in memory where the system has one: what is killed is the program and not the disk, and
/// rounds are short.
fn memory_folder() -> TempDir {
    match Path::new("/dev/shm") {
        memory if memory.is_dir() => tempfile::tempdir_in(memory).unwrap(),
        _ => tempfile::tempdir().unwrap(),
    }
}

/// What is killed.
const KILLED: [&str; 4] = ["import", "review", "rebuild", "repair"];

fn begin(what: &str, root: &Path, source: &Path, folder: usize, round: usize) -> Child {
    let notes = format!("round {round}");
    match what {
        "import" => import(root, &source.join(folder.to_string())),
        "review" => start(
            root,
            &[
                "review",
                "--where",
                "kind=waveform",
                "--yes",
                "--reviewer",
                "kim",
                "--notes",
                &notes,
            ],
            &[],
        ),
        "rebuild" => start(root, &["rebuild", "--all", "--gnz"], &[]),
        _ => start(root, &["repair"], &[]),
    }
}

/// How many rounds were killed, and how many of them within the work.
#[derive(Debug, Default)]
struct Tally {
    rounds: AtomicUsize,
    within: AtomicUsize,
}

/// Rounds on an archive of one's own, which grows and is begun again.
fn lane(lane: u64, rounds: usize, source: &Path, tally: &Tally) {
    let mut chance = Chance(0x9e37_79b9_7f4a_7c15 ^ (lane + 1));
    let mut place = memory_folder();
    let mut answered = Answered::default();
    let (mut folder, mut had) = (0, 0_usize);
    // How long each takes here says between which moments to kill: at first, as long as an import that is
    // left alone.
    let scratch = memory_folder();
    let begun = Instant::now();
    finish(import(&scratch.path().join("archive"), &source.join("0")), "an import left alone");
    let mut longest = KILLED.map(|_| begun.elapsed());
    drop(scratch);
    for round in 0..rounds {
        let root = place.path().join("archive");
        let turn = match chance.below(10) {
            0 if root.is_dir() => 1,
            1 if root.is_dir() => 2,
            2 if root.is_dir() => 3,
            _ => 0,
        };
        let moment = Duration::from_micros(chance.below(longest[turn].as_micros() as u64));
        let context = format!("lane {lane}, round {round}, {} killed at {moment:?}", KILLED[turn]);
        let mut child = begin(KILLED[turn], &root, source, folder, round);
        let begun = Instant::now();
        thread::sleep(moment);
        let ended_itself = child.try_wait().unwrap().is_some();
        child.kill().unwrap();
        child.wait().unwrap();
        let answers = answers(&mut child);
        tally.rounds.fetch_add(1, Ordering::Relaxed);
        if ended_itself {
            // It was quicker than believed.
            longest[turn] = (longest[turn] * 9 / 10).max(Duration::from_millis(5));
        } else {
            longest[turn] = longest[turn].max(begun.elapsed()) * 21 / 20;
            tally.within.fetch_add(usize::from(!answers.is_empty()), Ordering::Relaxed);
        }
        answered.hear(&answers);
        answered.check(&root, source, &context);
        had += 1;
        // Now and then it is started again and completes; repair clears the rest away.
        if had.is_multiple_of(3) {
            answered.hear(&finish(import(&root, &source.join(folder.to_string())), &context));
            folder += 1;
        }
        if folder == FOLDERS {
            finish(start(&root, &["repair"], &[]), &context);
            answered.check(&root, source, &context);
            let archive = Archive::open(&root).unwrap();
            let found = archive.verify(VerifyOptions::default(), &|_, _| {}).unwrap();
            assert!(found.is_whole(), "{context}: {found:?}");
            assert_eq!(found.of as usize, FOLDERS * EVENTS, "{context}");
            // All but the last one's event without a unit have found theirs.
            let unknown = Query::default().with_serial(Some("UNKNOWN".into()));
            assert_eq!(archive.query(&unknown).unwrap().total, 1, "{context}");
            drop(archive);
            place = memory_folder();
            answered = Answered::default();
            folder = 0;
        }
        let done = tally.rounds.load(Ordering::Relaxed);
        if done.is_multiple_of(500) {
            let within = tally.within.load(Ordering::Relaxed);
            let _ = writeln!(io::stderr(), "{done} rounds, {within} of them within the work");
        }
    }
}

#[test]
fn what_was_answered_is_whole_whenever_the_program_is_killed() {
    let rounds = std::env::var("WAVEKEEP_TORTURE_ROUNDS").map_or(200, |n| n.parse().unwrap());
    let source = tempfile::tempdir().unwrap();
    for n in 0..FOLDERS {
        folder(source.path(), n);
    }
    let tally = Tally::default();
    thread::scope(|scope| {
        for turn in 0..2 {
            let (source, tally) = (source.path(), &tally);
            let rounds = rounds / 2 + turn % 2 * (rounds % 2);
            scope.spawn(move || lane(turn as u64, rounds, source, tally));
        }
    });
    let within = tally.within.into_inner();
    assert_eq!(tally.rounds.into_inner(), rounds);
    assert!(within > rounds / 20, "only {within} of {rounds} kills fell into the work");
}

#[test]
fn several_programs_import_and_review_at_once_and_nothing_is_lost() {
    let source = tempfile::tempdir().unwrap();
    let folders: Vec<PathBuf> = (0..6).map(|n| folder(source.path(), n)).collect();
    let place = tempfile::tempdir().unwrap();
    let root = place.path().join("archive");
    // The one goes up, the other one down; both have everything.
    let up: Vec<&Path> = folders.iter().map(PathBuf::as_path).collect();
    let down: Vec<&Path> = up.iter().rev().copied().collect();
    let command = ["import", "--batch", "2"];
    let mut importers = [start(&root, &command, &up), start(&root, &command, &down)];
    // Meanwhile two people review the same event, and a third derives again what is there.
    let review = |who: &str, turn: usize| {
        let notes = format!("turn {turn}");
        let done = program()
            .args(["review", "--json", "--archive"])
            .arg(&root)
            .args(["1", "--notes", &notes, "--reviewer", who])
            .stderr(Stdio::null())
            .output()
            .unwrap();
        done.status.success().then_some(notes)
    };
    let is_over = AtomicUsize::new(0);
    let (answered, said) = thread::scope(|scope| {
        let reviewers = ["kim", "sam"].map(|who| {
            let (review, is_over) = (&review, &is_over);
            scope.spawn(move || {
                let (mut said, mut turn) = (Vec::new(), 0);
                while is_over.load(Ordering::SeqCst) == 0 || said.is_empty() {
                    said.extend(review(who, turn).map(|notes| (who, notes)));
                    turn += 1;
                }
                said
            })
        });
        let rebuilder = scope.spawn(|| {
            while is_over.load(Ordering::SeqCst) == 0 {
                if root.join(".wavekeep/index.sqlite").is_file() {
                    let mut child = start(&root, &["rebuild", "--all"], &[]);
                    answers(&mut child);
                    child.wait().unwrap();
                }
                thread::sleep(Duration::from_millis(5));
            }
        });
        let [first, second] = &mut importers;
        let second = scope.spawn(|| answers(second));
        let answered = [answers(first), second.join().unwrap()];
        is_over.store(1, Ordering::SeqCst);
        rebuilder.join().unwrap();
        let said = reviewers.map(|reviewer| reviewer.join().unwrap());
        (answered, said.concat())
    });
    for importer in &mut importers {
        assert!(is_done(importer));
    }
    let of = |outcome: &str| {
        answered.iter().flatten().filter(|answer| answer["outcome"] == outcome).count()
    };
    let events = folders.len() * EVENTS;
    assert_eq!(of("new"), events, "each event is new once");
    let all = answered.iter().flatten().filter(|answer| answer["fate"] == "event").count();
    assert_eq!(all, 2 * events);
    let mut heard = Answered::default();
    for answers in &answered {
        for answer in answers {
            assert_ne!(answer["outcome"], "conflict", "{answer}");
        }
        // Of two programs nobody knows which answer was the later one: the report is asked below.
        let mut one = Answered::default();
        one.hear(answers);
        one.check(&root, source.path(), "several at once");
        heard.events.extend(one.events);
    }
    let archive = Archive::open(&root).unwrap();
    assert_eq!(archive.query(&Query::default()).unwrap().total as usize, events);
    assert_eq!(heard.events.len(), events);
    let log = archive.review_log(None, usize::MAX).unwrap();
    let mut numbers: Vec<i64> = log.iter().map(|entry| entry.number).collect();
    numbers.reverse();
    assert_eq!(numbers, (1..=said.len() as i64).collect::<Vec<_>>());
    for (who, notes) in &said {
        let mut of = log.iter().filter(|entry| entry.who == *who);
        let has = of.any(|entry| entry.after["review"]["notes"] == notes.as_str());
        assert!(has, "what {who} said is lost: {notes}");
    }
    let last = &log[0].after["review"]["notes"];
    assert_eq!(archive.event(1).unwrap().review_notes.as_deref(), last.as_str());
}
